import * as fc from 'fast-check'
import { parseAllDocuments, stringify } from 'yaml'

/** A change that people, editors and tools make to a file. `at` in [0, 1) says where. */
export interface Mutation {
  name: keyof typeof mutations
  at: number
}

const lines = (text: string, change: (lines: string[], index: number) => string[], at: number) => {
  const all = text.split('\n')
  return change(all, Math.floor(at * all.length)).join('\n')
}

/** The documents written anew; as it was where it does not parse. */
const rewritten = (text: string, write: (value: unknown) => string) => {
  const documents = [...parseAllDocuments(text, { merge: true, logLevel: 'error' })]
  if (documents.some(({ errors }) => errors.length > 0)) return text
  try {
    return documents.map((document) => write(document.toJS())).join('---\n')
  } catch {
    return text
  }
}

const withSpec = (text: string, write: (spec: unknown) => string) =>
  rewritten(text, (value) => {
    if (typeof value !== 'object' || value === null || !('spec' in value)) return stringify(value)
    const { spec, ...rest } = value
    return `${stringify(rest)}spec: ${write(spec)}\n`
  })

const mutations = {
  crlf: (text: string) => text.replace(/\r?\n/g, '\r\n'),
  'one crlf': (text: string, at: number) =>
    lines(text, (all, index) => all.with(index, `${all[index]}\r`), at),
  bom: (text: string) => `\uFEFF${text}`,
  'no final newline': (text: string) => text.replace(/\s+$/, ''),
  'blank lines at the end': (text: string) => `${text}\n\n`,
  comment: (text: string, at: number) =>
    lines(text, (all, index) => all.toSpliced(index, 0, `${' '.repeat(Math.floor(at * 97) % 9)}# a: b`), at),
  'comment behind': (text: string, at: number) =>
    lines(text, (all, index) => all.with(index, `${all[index]}  # x`), at),
  'blank line': (text: string, at: number) => lines(text, (all, index) => all.toSpliced(index, 0, ''), at),
  'trailing blanks': (text: string, at: number) =>
    lines(text, (all, index) => all.with(index, `${all[index]}  `), at),
  'wide indentation': (text: string) => text.replace(/^ +/gm, (blanks) => blanks + blanks),
  'narrow indentation': (text: string) =>
    text.replace(/^(?: {2})+/gm, (blanks) => ' '.repeat(blanks.length / 2)),
  'a tab': (text: string, at: number) =>
    lines(text, (all, index) => all.with(index, all[index]!.replace(' ', '\t')), at),
  'flow spec': (text: string) =>
    withSpec(text, (spec) => stringify(spec, { collectionStyle: 'flow', lineWidth: 0 }).trim()),
  'flow spec, a line for each key': (text: string) =>
    withSpec(text, (spec) => stringify(spec, { collectionStyle: 'flow', lineWidth: 20 }).trim()),
  json: (text: string) => rewritten(text, (value) => `${JSON.stringify(value, null, 2)}\n`),
  'minified json': (text: string) => rewritten(text, (value) => `${JSON.stringify(value)}\n`),
  'block text at the end': (text: string, at: number) =>
    withSpec(
      text,
      (spec) =>
        `\n${stringify({ ...(spec as object), z: 'a\nb\n\n'.slice(0, 1 + at * 4) }, { blockQuote: 'literal' }).replace(/^/gm, '  ')}`,
    ),
  list: (text: string) =>
    rewritten(text, (value) => stringify({ apiVersion: 'v1', kind: 'List', items: [value, value] })),
  anchor: (text: string) => text.replace(/^spec:/m, 'spec: &x'),
  'alias of the spec': (text: string) => `${text.replace(/^spec:/m, 'spec: &x').trimEnd()}\nother: *x\n`,
  'quoted key': (text: string) => text.replace(/^spec:/m, '"spec":'),
  'document marks': (text: string) => `--- \n${text.trimEnd()}\n---\n# end\n---\n`,
  'end mark': (text: string) => `${text.trimEnd()}\n...\n`,
  twice: (text: string) => `${text.trimEnd()}\n---\n${text}`,
  sops: (text: string) => `${text.trimEnd()}\nsops:\n  mac: ENC[x]\n`,
  template: (text: string, at: number) =>
    lines(text, (all, index) => all.toSpliced(index, 0, '{{- if .x }}'), at),
  'a line less': (text: string, at: number) => lines(text, (all, index) => all.toSpliced(index, 1), at),
  'a line twice': (text: string, at: number) =>
    lines(text, (all, index) => all.toSpliced(index, 0, all[index]!), at),
  'cut off': (text: string, at: number) => text.slice(0, Math.floor(at * text.length)),
  'a character more': (text: string, at: number) => {
    const index = Math.floor(at * text.length)
    return text.slice(0, index) + ':#"\'{}[]&*!|>-%@`\u0085'[Math.floor(at * 1e4) % 18] + text.slice(index)
  },
}

/** The names of all mutations. */
export const mutationNames = Object.keys(mutations) as Mutation['name'][]

/** Up to three mutations. */
export const someMutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    name: fc.constantFrom(...mutationNames),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  }),
  { minLength: 1, maxLength: 3 },
)

export function mutate(text: string, list: readonly Mutation[]): string {
  return list.reduce((result, { name, at }) => mutations[name](result, at), text)
}
