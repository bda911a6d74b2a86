import type { Edit } from '../../../lib/yaml/document-edit.ts'
import type { Rotation } from '../rotation.ts'
import { insertRecipientItem, removeRecipientItem } from './list-items.ts'
import { insertToken, removeToken, tokensOf } from './recipient-tokens.ts'
import type { RecipientSite, RuleDocument } from './rule-sites.ts'

/** Where a recipient is written in rules. */
function sitesWith(text: string, { rules }: RuleDocument, recipient: string): RecipientSite[] {
  return rules
    .flatMap(({ sites }) => sites)
    .filter(({ scalar }) => tokensOf(text, scalar).some((token) => token.recipient === recipient))
}

/**
 * The edits that put a recipient behind another one: as an item of its own where that is one, or else into the same text; at the
 * anchor where an alias brings it.
 * @returns the place that it is not known how to edit, where there is one
 */
export function additions(
  text: string,
  document: RuleDocument,
  { old, next }: Rotation,
): Edit[] | RecipientSite {
  const edits = new Map<unknown, Edit>()
  for (const rule of document.rules) {
    // where every group with the old one has the new one, nothing is to do
    if (rule.groups.every(({ age }) => !age.includes(old) || age.includes(next))) continue
    for (const site of sitesWith(text, { ...document, rules: [rule] }, old)) {
      const tokens = tokensOf(text, site.scalar)
      const token = tokens.find(({ recipient }) => recipient === old)
      const isOwnItem = site.list && site.item === site.scalar && tokens.length === 1 && !site.scalar.anchor
      const isPlainInFlow = site.scalar.type === 'PLAIN' && document.isInFlow(site.scalar)
      const asItem = isOwnItem || isPlainInFlow ? insertRecipientItem(text, site, next) : undefined
      if (!token || (isPlainInFlow && !asItem && site.list)) return site
      if (asItem) edits.set(site.item, asItem)
      else if (isPlainInFlow)
        edits.set(site.scalar, quoted(text, site, insertToken(text, tokens, token, next)))
      else edits.set(site.scalar, insertToken(text, tokens, token, next))
    }
  }
  return [...edits.values()]
}

/** A comma ends a plain text within braces. */
function quoted(text: string, { scalar }: RecipientSite, { offset, insert }: Edit): Edit {
  const [start = 0, end = 0] = scalar.range ?? []
  const changed = text.slice(start, offset) + insert + text.slice(offset, end)
  return { offset: start, remove: end - start, insert: JSON.stringify(changed) }
}

/** The edits that take a recipient out of all rules. @returns as `additions` */
export function removals(text: string, document: RuleDocument, recipient: string): Edit[] | RecipientSite {
  const edits = new Map<unknown, Edit[]>()
  const sites = sitesWith(text, document, recipient)
  for (const site of sites) {
    const tokens = tokensOf(text, site.scalar)
    if (tokens.some((token) => token.recipient !== recipient))
      edits.set(site.scalar, removeToken(tokens, recipient))
    else {
      const removed = site.list ? removeRecipientItem(text, site) : emptied(text, site)
      if (!removed) return site
      edits.set(site.item, [removed])
    }
  }
  const isGone = (item: unknown) => sites.some((site) => site.item === item && edits.has(item))
  for (const { list, pair } of sites) {
    if (!list || list.flow || !list.items.every(isGone)) continue
    const [, end = 0] = (pair.key as { range?: readonly number[] } | null)?.range ?? []
    const [colon = ''] = /^\s*:/.exec(text.slice(end)) ?? []
    edits.set(list, [{ offset: end + colon.length, remove: 0, insert: ' []' }])
  }
  return [...edits.values()].flat()
}

/** A text with nothing in it, in the place of one that is not an item of a list. */
function emptied(text: string, { item }: RecipientSite): Edit {
  const [start = 0, end = 0] = item.range ?? []
  const written = text.slice(start, end).replace(/\s+$/, '')
  return { offset: start, remove: written.length, insert: "''" }
}
