import { type DocumentOptions, parseAllDocuments, type ToStringOptions } from 'yaml'
import { encryptAs, type Key } from '../keys.ts'

const secret = `apiVersion: v1
kind: Secret
metadata:
  name: app
  # which team it is of
  annotations:
    since: 2024-01-01
    mode: 0644
    note: "yes"
type: Opaque
stringData:
  # the one of the database
  password: hello
  text: |
    several
    lines
  port: "8080"
`
const values = `replicas: 3
ratio: 1.5
on: true
list:
  # first
  - one
  - name: two
    token: t
empty: ""
`

type Options = ToStringOptions & DocumentOptions

/** How tools and people write YAML, by name. */
const styles: Readonly<Record<string, Options>> = {
  'two blanks': { indent: 2 },
  'two blanks, flush lists': { indent: 2, indentSeq: false },
  'six blanks': { indent: 6 },
  'double quotes': { indent: 2, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' },
  'quoted keys': { indent: 2, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_DOUBLE' },
  'single quotes': {
    indent: 2,
    defaultStringType: 'QUOTE_SINGLE',
    defaultKeyType: 'PLAIN',
    singleQuote: true,
  },
  'no blocks': { indent: 4, blockQuote: false },
  'folded blocks': { indent: 2, blockQuote: 'folded' },
  'flow style': { indent: 2, collectionStyle: 'flow' },
}

const rewrite = (text: string, options: Options) =>
  parseAllDocuments(text, { version: '1.2' })
    .map((document) => document.toString({ lineWidth: 0, ...options }))
    .join('')

/** What people do to a text. */
const touches: Readonly<Record<string, (text: string) => string>> = {
  'as sops writes it': (text) => text,
  'blank lines': (text) =>
    text.replace(/^(sops|stringData|list):/gm, '\n$1:').replace(/^ +lastmodified/m, '\n$&'),
  'a document start and an end': (text) => `---\n${text}...\n`,
  'carriage returns': (text) => text.replaceAll('\n', '\r\n'),
  'no line end': (text) => text.trimEnd(),
  'metadata first': (text) => {
    const at = text.indexOf('sops:')
    return text.slice(at) + text.slice(0, at)
  },
  'stanzas last': (text) => text.replace(/( {4}age:\n(?: {8}.*\n)+)((?: {4}\S.*\n)+)/, '$2$1').trimEnd(),
  'the recipient first': (text) =>
    text.replace(/- (enc: \|\n(?: {12}.*\n)+) {10}(recipient: .*)\n/g, '- $2\n          $1'),
  'comments at the stanzas': (text) =>
    text
      .replace(/^ +age:$/m, '$& # who can read it')
      .replace(/^( +)- enc: \|/gm, '$1# a colleague\n$1- enc: |')
      .replace(/^( +recipient: .*)$/gm, '$1 # of a colleague'),
  'an empty line behind a stanza': (text) => text.replace(/^( +-----END.*)$/gm, '$1\n'),
  'fields of older versions': (text) =>
    text
      .replace(/^sops:\n/m, 'sops:\n    kms: []\n    gcp_kms: []\n    hc_vault: []\n')
      .replace(/version: .*/g, 'version: 3.8.1'),
  'numbers and dates as people write them': (text) =>
    text.replaceAll('mode: 420', 'mode: 0644').replaceAll('2024-01-01T00:00:00Z', '2024-01-01'),
  'trailing blanks': (text) => text.replace(/^(sops:|stringData:)$/gm, '$1  '),
}

/** A SOPS file, and the name that tells its format. */
export interface Layout {
  title: string
  file: string
  text: string
}

/** SOPS files as they are laid out by hand and by tools, which the real sops has encrypted to some recipients. */
export function layoutsFor(recipients: readonly Key[]): Layout[] {
  const age = ['--age', recipients.map(({ recipient }) => recipient).join()]
  const manifest = encryptAs('x.yaml', secret, ...age, '--encrypted-regex', '^(data|stringData)$')
  const several = encryptAs(
    'x.yaml',
    `${secret}---\n${secret.replace('app', 'web')}`,
    ...age,
    '--encrypted-regex',
    '^(data|stringData)$',
  )
  const all = encryptAs('x.yaml', values, ...age)
  const json = encryptAs('x.json', JSON.stringify({ a: { b: ['x', 1], c: 'y' } }), ...age)
  const sources = { manifest, 'several documents': several, values: all }
  const yaml = Object.entries(sources).flatMap(([of, text]) => [
    ...Object.entries(touches).flatMap(([title, touch]) =>
      of === 'several documents' && /metadata first|an end$/.test(title)
        ? []
        : [{ title: `${of}: ${title}`, text: touch(text) }],
    ),
    ...Object.entries(styles).map(([title, style]) => ({
      title: `${of}: ${title}`,
      text: rewrite(text, style),
    })),
  ])
  const others = {
    'JSON.json': json,
    'JSON with two blanks.json': `${JSON.stringify(JSON.parse(json), undefined, 2)}\n`,
    'JSON on a line.json': JSON.stringify(JSON.parse(json)),
    'JSON in YAML.yaml': `${JSON.stringify(JSON.parse(json), undefined, 2)}\n`,
    'dotenv.env': encryptAs('x.env', '# note\nA=1\nB=two words\n', ...age),
    'INI.ini': encryptAs('x.ini', '; note\n[a]\nb = 1\n\n[c]\nd = two words\n', ...age),
    'binary.pem': encryptAs('x.pem', '-----BEGIN\nabc\n', ...age),
    'YAML without its ending': manifest,
  }
  return [
    ...yaml.map(({ title, text }) => ({ title, text, file: `${title.replace(/\W+/g, '-')}.yaml` })),
    ...Object.entries(others).map(([file, text]) => ({ title: file, file: file.replaceAll(' ', '-'), text })),
  ]
}
