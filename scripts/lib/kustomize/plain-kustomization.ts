type Entry = string | Record<string, string>

/** A word that is written without quotes and that every YAML parser takes for a text. */
const word = /^(?!(?:null|true|false)$)(?:\.{1,2}\/)*[a-z_][\w./-]*$/i

/**
 * Reads a kustomization file that says nothing but words, lists of paths and lists of `- path: …`, each in a line of its own.
 * Most are like that and need no parser, which in a large repository would take longer than all else.
 * @returns its value as the parser would give it; `undefined` for a file with anything else in it
 */
export function readPlainKustomization(text: string): Record<string, string | Entry[]> | undefined {
  const value: Record<string, string | Entry[]> = {}
  let list: Entry[] | undefined
  let indentation = ''
  for (const line of text.replace(/^---\n/, '').split('\n')) {
    if (/^ *(?:#.*)?$/.test(line)) continue
    const [, key, rest] = /^([a-z]+):(?: (.*))?$/i.exec(line) ?? []
    const [, indent = '', name, entry] = /^( *)- (?:([a-z]+): )?(.*)$/i.exec(line) ?? []
    if (key !== undefined && !Object.hasOwn(value, key)) {
      if (rest !== undefined && !word.test(rest)) return undefined
      list = rest === undefined ? [] : undefined
      value[key] = rest ?? list!
    } else if (entry !== undefined && list && word.test(entry)) {
      if (list.length === 0) indentation = indent
      if (indent !== indentation) return undefined
      list.push(name === undefined ? entry : { [name]: entry })
    } else return undefined
  }
  const values = Object.values(value)
  return values.length > 0 && values.every((one) => one.length > 0) ? value : undefined
}
