import { readTree } from '../../../lib/sops/reader/read-tree.ts'
import type { TreeBranch } from '../../../lib/sops/reader/tree.ts'
import { Unsure } from '../../../lib/sops/reader/unsure.ts'
import { otherKeys } from '../../../lib/sops/recipients.ts'
import { lineEnd } from '../../../lib/yaml/lines.ts'
import type { SopsText, Stanza, StanzaList, TextLeaf } from './sops-text.ts'

/** A line of a stanza (sops v3.13.3 stores/flatten.go): what is before its index in the list, the index, its name, its value. */
const stanzaLine =
  /^(\s*(?:sops_)?(?:key_groups__list_(\d+)__map_)?age__list_)(\d+)(__map_(recipient|enc)\s*[=:][ \t]*)(.*?)(\r?)$/

/**
 * Opens a text of dotenv or INI, in which a stanza is two lines.
 * @returns `undefined` where it has no metadata of sops
 */
export function openLines(text: string, format: 'dotenv' | 'ini'): SopsText | undefined {
  const start = format === 'ini' ? text.search(/^\[sops\]\s*$/m) : text.search(/^sops_/m)
  return start < 0 ? undefined : new LineText(text, format)
}

class LineText implements SopsText {
  readonly format: 'dotenv' | 'ini'
  readonly text: string
  readonly lists: readonly StanzaList[]

  constructor(text: string, format: 'dotenv' | 'ini') {
    this.text = text
    this.format = format
    this.lists = this.#readLists()
  }

  #readLists(): StanzaList[] {
    const found = new Map<string, { group: string | undefined; stanzas: Stanza[] }>()
    for (const { prefix, group, index, name, value } of this.#stanzaLines()) {
      const list = found.get(prefix) ?? { group, stanzas: [] }
      found.set(prefix, list)
      const stanza = list.stanzas[index] ?? { recipient: '', enc: '' }
      list.stanzas[index] = { ...stanza, [name]: value.replaceAll('\\n', '\n') }
    }
    return [...found.values()].map(({ group, stanzas }) => {
      const path = group === undefined ? ['age'] : ['key_groups', Number(group), 'age']
      const inGroup = group === undefined ? '' : `key_groups__list_${group}__map_`
      const kinds = new RegExp(`^\\s*(?:sops_)?${inGroup}(?:${otherKeys.join('|')})__list_`, 'm')
      return { document: 0, path, stanzas, hasOthers: kinds.test(this.text) }
    })
  }

  /** The lines of stanzas, with their number in the text. */
  #stanzaLines() {
    return this.text.split('\n').flatMap((line, at) => {
      const [, prefix, group, index, middle, name, value, end] = stanzaLine.exec(line) ?? []
      if (prefix === undefined || middle === undefined || value === undefined) return []
      const isRecipient = name === 'recipient'
      return {
        ...{ at, prefix, group, index: Number(index), middle, value, end: end ?? '' },
        name: isRecipient ? ('recipient' as const) : ('enc' as const),
      }
    })
  }

  #linesOf({ path }: StanzaList) {
    const group = path.length > 1 ? `${path[1]}` : undefined
    return this.#stanzaLines().filter((line) => line.group === group)
  }

  /** At the end of the list, so that no other line changes. */
  inserted(list: StanzaList, beside: string, stanza: Stanza): string {
    const own = this.#linesOf(list)
    const model = list.stanzas.findIndex(({ recipient }) => recipient === beside)
    const added = own
      .filter(({ index }) => index === model)
      .map(({ prefix, middle, name, end }) => {
        const value = stanza[name].replaceAll('\n', '\\n')
        return `${prefix}${list.stanzas.length}${middle}${value}${end}`
      })
    return this.text
      .split('\n')
      .toSpliced((own.at(-1)?.at ?? 0) + 1, 0, ...added)
      .join('\n')
  }

  /** Those behind it move up: a list without one of its indices is none to sops. */
  removed(list: StanzaList, recipient: string): string {
    const gone = list.stanzas.findIndex((stanza) => stanza.recipient === recipient)
    const lines: (string | undefined)[] = this.text.split('\n')
    for (const { at, prefix, index, middle, value, end } of this.#linesOf(list)) {
      if (index === gone) lines[at] = undefined
      else if (index > gone) lines[at] = `${prefix}${index - 1}${middle}${value}${end}`
    }
    return lines.filter((line) => line !== undefined).join('\n')
  }

  leaves(): TextLeaf[] | undefined {
    try {
      return readTree(this.text, this.format).flatMap((branch) => this.#leavesOf(branch, []))
    } catch (error) {
      if (error instanceof Unsure) return undefined
      throw error
    }
  }

  #leavesOf({ items }: TreeBranch, above: readonly string[]): TextLeaf[] {
    return items.flatMap((item) => {
      if (item.kind === 'comment' || item.value.kind === 'list') return []
      const path = [...above, item.key]
      if (item.value.kind === 'branch') return this.#leavesOf(item.value, path)
      const start = item.value.offset
      const end = start + this.text.slice(start, lineEnd(this.text, start)).trimEnd().length
      const isMetadata = this.format === 'ini' ? path[0] === 'sops' : item.key.startsWith('sops_')
      const value = this.text.slice(start, end)
      return [
        { path: JSON.stringify(path), isMetadata, value, start, end, isLoose: false, rewritten: (to) => to },
      ]
    })
  }

  values(): unknown {
    return this.text.split('\n').filter((line) => !stanzaLine.test(line))
  }
}
