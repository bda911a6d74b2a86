import * as fc from 'fast-check'
import type { SelectorName, SopsFormat } from '../../../scripts/lib/sops/reader/reading.ts'

/** A file in the clear, and how it is to be encrypted. */
export interface PlainFile {
  format: SopsFormat
  text: Buffer
  selector: SelectorName
  selected: string
  macOnly: boolean
  /** Indices of keys. */
  groups: number[][]
  threshold: number
}

type Tree = { [key: string]: Value }
type Value = string | number | boolean | null | Raw | Value[] | Tree
/** Written as it is. */
class Raw {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const names = [
  ...['data', 'stringData', 'metadata', 'name', 'password', 'token', 'a', 'b', 'c'],
  ...[
    'x_unencrypted',
    'y_secret',
    'with space',
    'with:colon',
    'ünicode',
    '12',
    'true',
    'null',
    "quo'te",
    '#no',
  ],
]
const texts = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'hello',
      'x',
      'a b',
      'v1',
      'Secret',
      '10.0.0.1',
      '5m',
      '8080:80',
      '1.2.3',
      '-',
    ),
  },
  fc.constantFrom(
    '',
    ' ',
    ' lead',
    'trail ',
    'true',
    '12',
    '1.5',
    'null',
    '~',
    '2024-01-01',
    'ENC[',
    '<<',
    '*a',
    '&a',
  ),
  fc.constantFrom(
    'a\nb',
    'a\nb\n',
    '\n',
    'a\n\n\nb',
    '  a\n b\n',
    'tab\there',
    'a: b',
    'a #b',
    '#a',
    '"q"',
    "it's",
    'a\\nb',
    '{',
    '[x',
    '%',
    '@',
    '`',
  ),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ maxLength: 200 }),
)
const numbers = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 1.5, -1, 1e21, 1e19, 1e-7, 0.1, 123456789012),
)
const raws = fc.constantFrom(
  ...['012', '1_000', '0x1F', '1e3', '.5', '.inf', '+1', '-0', '0o7', '1.50', '9223372036854775807', '1.'],
  ...[
    '2024-01-01',
    '2024-01-01T10:00:00Z',
    'yes',
    'on',
    '~',
    '',
    'True',
    '1:30',
    '0b11',
    '-.5',
    '3.0',
    '1.0e+3',
  ],
)
const leaves = (raw: boolean) =>
  fc.oneof<fc.Arbitrary<Value>[]>(
    { weight: 6, arbitrary: texts } as never,
    numbers,
    fc.boolean(),
    fc.constant(null),
    ...(raw ? [raws.map((text) => new Raw(text))] : []),
  )

const treeOf = (raw: boolean): fc.Arbitrary<Tree> => {
  const { tree } = fc.letrec<{ tree: Tree; value: Value }>((tie) => ({
    value: fc.oneof(
      { weight: 5, arbitrary: leaves(raw) },
      { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
      { weight: 2, arbitrary: tie('tree') },
    ),
    tree: fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 4 }),
  }))
  return tree.filter((found) => Object.keys(found).length > 0)
}

const comments = fc.constantFrom(
  '',
  '',
  '',
  '',
  '# note',
  '# keep: plain',
  '#',
  '# sops:enc',
  '# ünï',
  '\n',
  '# a\n# b',
  '# foot\n',
)

/** YAML as people write it: block style, with comments and empty lines by chance. */
function writeYaml(tree: Tree, comment: () => string): string {
  const lines = (value: Value, indent: string): string => {
    if (Array.isArray(value) && value.length > 0)
      return `\n${value.map((item) => `${above(indent)}${indent}-${inside(item, `${indent}  `)}`).join('')}`
    if (value instanceof Raw) return ` ${value.text}${behind()}\n`
    if (typeof value === 'object' && value !== null && Object.keys(value).length > 0)
      return `\n${mapping(value as Tree, indent)}`
    return ` ${JSON.stringify(value)}${behind()}\n`
  }
  const inside = (item: Value, indent: string) => lines(item, indent)
  const mapping = (value: Tree, indent: string) =>
    Object.entries(value)
      .map(([key, inner]) => `${above(indent)}${indent}${JSON.stringify(key)}:${lines(inner, `${indent}  `)}`)
      .join('')
  const above = (indent: string) => {
    const text = comment()
    return text && `${text.replace(/^(?=#)/gm, indent)}\n`
  }
  const behind = () => {
    const text = comment()
    return /^#.*$/.test(text) ? ` ${text}` : ''
  }
  return mapping(tree, '')
}

const yaml = fc
  .tuple(
    fc.array(treeOf(true), { minLength: 1, maxLength: 3 }),
    fc.array(comments, { minLength: 8, maxLength: 40 }),
    fc.nat(3),
  )
  .map(([trees, pool, withComments]) => {
    let at = 0
    const comment = () => (withComments > 1 ? pool[at++ % pool.length]! : '')
    return trees.map((tree) => writeYaml(tree, comment)).join('---\n')
  })
const json = treeOf(false).map((tree) => JSON.stringify(tree, undefined, 2))
const dotenv = fc
  .array(
    fc.oneof(
      fc
        .tuple(fc.constantFrom('A', 'B', 'DATA', 'x_unencrypted', 'y_secret'), texts)
        .map(([key, value]) => `${key}=${value.replaceAll('\n', '\\n')}`),
      comments,
    ),
    { minLength: 1 },
  )
  .map((lines) => `${lines.map((line) => line.replace(/\n(?!#)/g, '')).join('\n')}\n`)
const iniLine = fc.tuple(fc.constantFrom('a', 'b', 'data', 'x_unencrypted', 'y_secret'), texts)
const ini = fc
  .array(
    fc.tuple(
      fc.constantFrom('data', 'other', 'a.b', 'z_unencrypted'),
      fc.uniqueArray(iniLine, { selector: ([key]) => key }),
      comments,
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((sections) =>
    sections
      .map(
        ([name, lines, comment]) =>
          `${comment}\n[${name}]\n${lines.map(([key, value]) => `${comment}\n${key} = ${value.replaceAll('\n', ' ')}\n`).join('')}`,
      )
      .join('\n'),
  )

const ofFormat: Record<SopsFormat, fc.Arbitrary<Buffer>> = {
  yaml: yaml.map((text) => Buffer.from(text)),
  json: json.map((text) => Buffer.from(text)),
  dotenv: dotenv.map((text) => Buffer.from(text)),
  ini: ini.map((text) => Buffer.from(text)),
  binary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
}

const selectors = fc.constantFrom<[SelectorName, string]>(
  ...Array(4).fill(['unencrypted_suffix', '_unencrypted']),
  ['unencrypted_suffix', 'a'],
  ['encrypted_suffix', '_secret'],
  ['encrypted_regex', '^(data|stringData)$'],
  ['encrypted_regex', '^(data|stringData)$'],
  ['encrypted_regex', '(?i)pass|^[ab]$'],
  ['unencrypted_regex', '^(metadata|name|a)$'],
  ['unencrypted_comment_regex', 'plain'],
  ['encrypted_comment_regex', 'sops:enc'],
)

/** Key 0 is ours, 1 as well, 2 is post-quantum and ours, 3 and 4 are of others. */
const groups = fc.constantFrom<[number[][], number]>(
  ...Array(6).fill([[[0]], 0]),
  [[[0, 1]], 0],
  [[[3, 0]], 0],
  [[[2]], 0],
  [[[3]], 0],
  [[[0], [1]], 2],
  [[[0], [3], [1]], 2],
  [[[3], [4, 0], [1]], 3],
  [[[3, 1], [0], [0, 4]], 2],
)

export const plainFiles: fc.Arbitrary<PlainFile> = fc
  .tuple(
    fc.constantFrom<SopsFormat>('yaml', 'yaml', 'yaml', 'yaml', 'json', 'dotenv', 'ini', 'binary'),
    selectors,
    fc.nat(3),
    groups,
  )
  .chain(([format, [selector, selected], macOnly, [keys, threshold]]) =>
    ofFormat[format].map((text) => ({
      format,
      text,
      selector,
      selected,
      macOnly: macOnly === 0,
      groups: keys,
      threshold,
    })),
  )
