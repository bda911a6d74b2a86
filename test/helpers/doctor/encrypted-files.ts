import { encoded, encrypt, key, map, secret, whole, withData } from '../flux/encrypted-objects.ts'
import { makeKey } from '../keys.ts'
import type { FileCase } from './built-files.ts'

/** What stands in the values of these and of the files that cannot be built, and must stand in no finding. */
export const planted = ['plover', 'plugh', '86428642', '8642.25']

const edited =
  (edit: (text: string) => string, make = (name: string) => secret(name, 'plover')) =>
  (name: string) => ({ 's.yaml': edit(encrypt(make(name))) })
const data = (name: string) => withData(name, encoded('plover'))
const without = (field: string) => (text: string) =>
  text.replace(new RegExp(`^( +)${field}:.*\\n(?:\\1[ -].*\\n)*`, 'm'), '')
const typed =
  (value: string, make = secret) =>
  (name: string) => ({ 's.yaml': encrypt(make(name, value)) })
const numberInData = (name: string) => data(name).replace(/token: .*/, 'token: 86428642')
const generated = (list: string, file: string, text: string) => (name: string) => ({
  'kustomization.yaml': `secretGenerator:\n  - name: ${name}\n    namespace: default\n    ${list}\n`,
  [file]: text,
})
const patched = (base: (name: string) => string, patch: (name: string) => string) => (name: string) => ({
  'kustomization.yaml': 'resources: [s.yaml]\npatches:\n  - path: p.yaml\n',
  's.yaml': base(name),
  'p.yaml': patch(name),
})
const encryptedSecret = (name: string) => encrypt(secret(name, 'plover'))
const withAdded = (text: string) => text.replace('stringData:\n', '$&    added: plugh\n')
const conflicting = (text: string) =>
  text.replace(/^( +token:.*\n)/m, '<<<<<<< HEAD\n$1=======\n$1>>>>>>> other\n')
/** An encrypted Secret as the only resource of a kustomization file, edited. */
const listed =
  (edit: (text: string) => string, more = '') =>
  (name: string) => ({
    'kustomization.yaml': `${more}resources: [s.yaml]\n`,
    's.yaml': edit(encryptedSecret(name)),
  })
const plainPatch = (name: string) => secret(name, 'plugh')
const jsonPatch = (name: string) => ({
  'kustomization.yaml': `resources: [s.yaml]\npatches:\n  - target: {kind: Secret}\n    patch: '[{"op": "replace", "path": "/stringData/token", "value": "plugh"}]'\n`,
  's.yaml': encryptedSecret(name),
})
const wholeUnder = (field: string, namespace: boolean) => (name: string) => ({
  'kustomization.yaml': `resources: [s.yaml]\n${field}\n`,
  's.yaml': whole(
    namespace ? secret(name, 'plover') : secret(name, 'plover').replace('  namespace: default\n', ''),
  ),
})
const wholeAlone = (name: string) => ({ 's.yaml': whole(secret(name, 'plover')) })

/** A Secret that sops has encrypted in the commit before, and what was done to it then. */
const sinceCommit = (edit: (text: string) => string) => {
  const texts = new Map<string, string>()
  const before = (name: string) => {
    const text = texts.get(name) ?? encryptedSecret(name)
    texts.set(name, text)
    return { 's.yaml': text }
  }
  return { before, files: (name: string) => ({ 's.yaml': edit(before(name)['s.yaml']) }) }
}
const damaged = (text: string) =>
  text.replace(
    /(token: ENC\[AES256_GCM,data:)(.)/,
    (_, start, first) => `${start}${first === 'A' ? 'B' : 'A'}`,
  )
const source = (name: string) =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: ${name}\n  namespace: default\nspec:\n  interval: 1h\n  suspend: true\n  url: https://example.com/x\n`

const sourceText = whole('other: plugh\ntoken: plover\n')

/** The causes that lie in encrypted files, each with its nearest innocent neighbour. */
export const encryptedFileCases: readonly FileCase[] = [
  {
    name: 'plain-added',
    files: edited(withAdded),
    code: 'plain-value',
    line: 'added:',
  },
  {
    name: 'number-added',
    files: edited((text) => text.replace('stringData:\n', 'stringData:\n    added: 86428642\n')),
    code: 'plain-value',
    line: 'added:',
  },
  {
    name: 'empty-added',
    files: edited((text) => text.replace('stringData:\n', 'stringData:\n    added: ""\n')),
  },
  {
    name: 'label-added',
    files: edited((text) => text.replace(/^( +)namespace:.*/m, '$&\n$1labels: {a: b}')),
  },
  {
    name: 'key-renamed',
    lineWithKey: 'renamed:',
    files: edited((text) => text.replace('    token:', '    renamed:')),
    code: 'value-not-authentic',
    withKey: 'value-broken',
    line: 'renamed:',
  },
  {
    name: 'one-of-two-renamed',
    lineWithKey: 'renamed:',
    files: edited(
      (text) => text.replace('    token:', '    renamed:'),
      (name) => `${secret(name, 'plover')}  other: plugh\n`,
    ),
    code: 'value-not-authentic',
    withKey: 'value-broken',
    line: 'stringData:',
  },
  {
    name: 'field-renamed',
    files: edited((text) => text.replace('stringData:', 'data:')),
    code: 'value-not-authentic',
    withKey: 'value-moved',
    line: 'token:',
  },
  {
    name: 'byte-changed',
    files: edited(damaged),
    code: 'value-not-authentic',
    withKey: 'value-broken',
    line: 'token:',
  },
  { name: 'mac-removed', files: edited(without('mac'), data), code: 'mac-missing', line: 'sops:' },
  { name: 'mac-empty', files: edited((text) => text.replace(/^( +mac:) .*$/m, '$1 ""')) },
  {
    name: 'date-removed',
    files: edited(without('lastmodified')),
    code: 'metadata-unreadable',
    line: 'sops:',
    message: /`lastmodified`/,
  },
  { name: 'age-removed', files: edited(without('age')), code: 'metadata-unreadable', line: 'sops:' },
  {
    name: 'number',
    files: typed('86428642'),
    code: 'not-a-string',
    line: 'token:',
    message: /stringData\.token/,
  },
  { name: 'quoted-number', files: typed('"86428642"') },
  { name: 'boolean', files: typed('true'), code: 'not-a-string', line: 'token:' },
  { name: 'float', files: typed('8642.25'), code: 'not-a-string', line: 'token:' },
  { name: 'mapping', files: typed('{plover: plugh}'), code: 'not-a-string', line: 'token:' },
  {
    name: 'number-in-data',
    files: edited((text) => text, numberInData),
    code: 'not-a-string',
    line: 'token:',
    message: /`data\.token`/,
  },
  { name: 'no-base64', files: typed('plover!', withData), code: 'data-not-base64', line: 'token:' },
  { name: 'base64', files: edited((text) => text, data) },
  {
    name: 'disabled',
    files: edited(
      (text) => text,
      (name) =>
        data(name).replace(
          '  namespace: default\n',
          '$&  annotations: {kustomize.toolkit.fluxcd.io/decrypt: disabled}\n',
        ),
    ),
    code: 'decryption-disabled',
    line: 'decrypt: disabled',
  },
  {
    name: 'yaml-as-env',
    files: generated('envs: [x.yaml]', 'x.yaml', whole('token: plover\n')),
    code: 'format-mismatch',
    file: 'kustomization.yaml',
    line: 'x.yaml',
  },
  {
    name: 'key-without-ending',
    files: generated('files: [config=x.yaml]', 'x.yaml', whole('a: plover\n')),
    code: 'format-mismatch',
    file: 'kustomization.yaml',
    line: 'x.yaml',
  },
  {
    name: 'key-with-ending',
    files: generated('files: [config.yaml=x.yaml]', 'x.yaml', whole('a: plover\n')),
  },
  {
    name: 'both-encrypted',
    files: patched(encryptedSecret, encryptedSecret),
    code: 'ciphertext-changed',
    message: /both-encrypted\/p\.yaml/,
  },
  {
    name: 'plain-patch',
    files: patched(encryptedSecret, plainPatch),
    code: 'ciphertext-changed',
    message: /plain-patch\/p\.yaml/,
  },
  {
    // kustomize quotes what it cannot merge, decrypted
    name: 'patch-of-another-kind',
    files: patched(plainPatch, (name) =>
      encrypt(secret(name, '').replace(/stringData:[\s\S]*/, 'stringData: plover\n')),
    ),
    code: 'build',
    message: /node contents: <redacted>$/m,
  },
  { name: 'encrypted-patch', files: patched(plainPatch, encryptedSecret) },
  { name: 'json-patch', files: jsonPatch, code: 'ciphertext-changed' },
  {
    name: 'two-groups',
    files: (name) => ({ 's.yaml': encrypt(secret(name, 'plover'), { to: [[key], [makeKey()]] }) }),
    code: 'key-groups',
  },
  { name: 'whole-namespace', files: wholeUnder('namespace: default', false), code: 'ciphertext-changed' },
  { name: 'whole-label', files: wholeUnder('commonLabels: {a: b}', true), code: 'ciphertext-changed' },
  {
    name: 'whole-target',
    files: wholeAlone,
    spec: '  targetNamespace: default\n',
    code: 'ciphertext-changed',
  },
  { name: 'whole', files: wholeAlone },
  { name: 'whole-no-decryption', files: wholeAlone, noDecryption: true, code: 'built-without-decryption' },
  {
    name: 'no-decryption',
    files: edited((text) => text, data),
    noDecryption: true,
    code: 'built-without-decryption',
  },
  {
    name: 'conflict',
    files: edited(conflicting),
    code: 'merge-conflict',
    line: '<<<<<<<',
  },
  {
    name: 'conflict-listed',
    files: listed(conflicting),
    code: 'merge-conflict',
    line: '<<<<<<<',
  },
  {
    name: 'too-large',
    files: generated('files: [token=x.bin]', 'x.bin', whole('plover', 'x.bin') + ' '.repeat(5 * 1024 * 1024)),
    code: 'file-too-large',
    file: 'x.bin',
  },
  {
    name: 'prefixed',
    files: listed(withAdded, 'namePrefix: a-\n'),
    code: 'plain-value',
    line: 'added:',
  },
  {
    name: 'source-edited',
    files: generated(
      'files: [token.yaml=x.yaml]',
      'x.yaml',
      whole('a: plover\n').replace('a:', 'b: plugh\na:'),
    ),
    code: 'plain-value',
    file: 'x.yaml',
    line: 'b:',
  },
  {
    name: 'source-no-date',
    files: generated('files: [token.yaml=x.yaml]', 'x.yaml', without('lastmodified')(whole('a: plover\n'))),
    code: 'metadata-unreadable',
    file: 'x.yaml',
  },
  {
    name: 'one-of-two-no-base64',
    lineWithKey: 'other:',
    files: edited(
      (text) => text,
      (name) => `${data(name)}  other: plover!\n`,
    ),
    code: 'not-base64',
    withKey: 'data-not-base64',
    line: 'data:',
  },
  {
    name: 'merged',
    files: (name) => ({
      'kustomization.yaml': 'resources: [s.yaml]\npatchesStrategicMerge:\n  - p.yaml\n',
      's.yaml': `${secret(name, 'plugh')}  other: plugh\n`,
      'p.yaml': encryptedSecret(name),
    }),
    code: 'merge-not-decrypted',
    file: 'kustomization.yaml',
    line: 'p.yaml',
  },
  {
    name: 'moved',
    ...sinceCommit((text) => text.replace('    token:', '    renamed:')),
    code: 'value-moved',
    line: 'renamed:',
    message: /stringData\.renamed was encrypted as stringData\.token/,
  },
  { name: 'damaged', ...sinceCommit(damaged), code: 'value-broken', line: 'token:' },
  { name: 'comment-changed', ...sinceCommit((text) => `# a note\n${text}`) },
  {
    name: 'number-in-patch',
    files: patched(
      (name) => withData(name),
      (name) => encrypt(secret(name, '86428642')),
    ),
    code: 'not-a-string',
    file: 'p.yaml',
    line: 'token:',
  },
  {
    name: 'large-plain',
    files: generated('files: [token=x.bin]', 'x.bin', 'plover'.repeat(1024 * 1024)),
    code: 'file-too-large',
    file: 'x.bin',
  },
  {
    name: 'directory-as-source',
    files: (name) => ({
      'kustomization.yaml': `secretGenerator:\n  - name: ${name}\n    files:\n      - below\n`,
      'below/x.txt': 'plover',
    }),
    code: 'source-refused',
    file: 'kustomization.yaml',
    line: 'below',
  },
  {
    name: 'custom-no-mac',
    files: (name) => ({
      's.yaml': without('mac')(encrypt(source(name), { rule: { encrypted_regex: '^url$' } })),
    }),
    code: 'mac-missing',
    line: 'sops:',
  },
  {
    name: 'custom',
    files: (name) => ({ 's.yaml': encrypt(source(name), { rule: { encrypted_regex: '^url$' } }) }),
  },
  {
    name: 'list',
    files: (name) => ({
      's.yaml': encrypt(
        `apiVersion: v1\nkind: List\nitems:\n  - ${data(name).trimEnd().replaceAll('\n', '\n    ')}\n`,
      ),
    }),
    code: 'list-encrypted',
    line: 'kind: List',
  },
  {
    name: 'by-comments',
    files: (name) => ({
      's.yaml': encrypt(secret(name, 'plover').replace(/^(apiVersion|kind|metadata):/gm, '# public\n$1:'), {
        rule: { unencrypted_comment_regex: 'public$' },
      }),
    }),
    code: 'comment-selector',
  },
  {
    name: 'two-documents',
    files: (name) => ({ 's.yaml': encrypt(`${secret(`${name}-first`)}---\n${secret(name, 'plover')}`) }),
  },
  {
    name: 'concatenated',
    files: (name) => ({ 's.yaml': `${encrypt(secret(`${name}-first`))}---\n${encryptedSecret(name)}` }),
  },
  {
    name: 'second-document',
    files: (name) => ({
      's.yaml': encrypt(`${secret(`${name}-first`)}---\n${secret(name, 'plover')}`).replace(
        /(second-document\n[\s\S]*?stringData:\n)/,
        '$1    added: plugh\n',
      ),
    }),
    code: 'plain-value',
    line: 'added:',
  },
  {
    name: 'second-number',
    files: (name) => ({ 's.yaml': encrypt(`${secret(`${name}-first`)}---\n${secret(name, '86428642')}`) }),
    code: 'not-a-string',
    line: ',type:int]',
  },
  { name: 'config-map', files: (name) => ({ 's.yaml': encrypt(map(name)) }) },
  {
    name: 'base-elsewhere',
    files: (name) => ({
      'kustomization.yaml': 'resources: [../plain-added-base]\nnamespace: default\n',
      'x.txt': name,
    }),
    code: 'plain-value',
    file: '../plain-added-base/s.yaml',
  },
  {
    name: 'plain-added-base',
    files: listed(withAdded),
    code: 'plain-value',
    line: 'added:',
  },
  {
    name: 'source-damaged',
    before: (name) => generated('files: [token.yaml=x.yaml]', 'x.yaml', sourceText)(name),
    files: (name) => generated('files: [token.yaml=x.yaml]', 'x.yaml', damaged(sourceText))(name),
    code: 'value-broken',
    file: 'x.yaml',
    line: 'token:',
  },
]
