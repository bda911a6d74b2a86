import { makeKey } from '../keys.ts'
import { encoded, encrypt, key, map, secret, whole, withData } from './encrypted-objects.ts'

type Files = Record<string, string>

/** What becomes of a case: the value in the cluster, ciphertext in it, or the code that `sops:verify` gives to the message. */
export type Shown = { value: string } | { ciphertext: true } | { code: string; message?: RegExp }

/**
 * What is in the path of a Kustomization `name`, what comes of it, and lines of `spec` in place of the decryption block. The
 * object that is looked at is called `name` too, and its value is under `token`.
 */
type FileCase = [title: string, files: (name: string) => Files, shows: Shown, spec?: string]

const other = makeKey()
const third = makeKey()
const postQuantum = makeKey('-pq')

/** A plugin identity that age can read, for a plugin that nobody has. It is no secret. */
const pluginIdentity = 'AGE-PLUGIN-NONE-1UUQXN8'

/** A kustomization file with a generator, and its file `token…`. */
function generated(kind: string, list: string, file: string, text: string): (name: string) => Files {
  const options = 'generatorOptions:\n  disableNameSuffixHash: true\n'
  return (name) => ({
    'kustomization.yaml': `${options}${kind}:\n  - name: ${name}\n    namespace: default\n    ${list}\n`,
    [file]: text,
  })
}

/** An object, and a patch that the kustomization file names in a field. */
const patched = (field: string, base: (text: string) => string) => (name: string) => ({
  'kustomization.yaml': `resources: [base.yaml]\n${field}\n`,
  'base.yaml': base(secret(name, 'not yet')),
  'patch.yaml': encrypt(secret(name)),
})

/** An encrypted Secret whose value is `clear`, and what is done to its text afterwards. */
const edited =
  (edit = (text: string) => text, to = [[key]]) =>
  (name: string) => ({ 'secret.yaml': edit(encrypt(secret(name), { to })) })
const file = (make: (name: string) => string) => (name: string) => ({ 'file.yaml': make(name) })

const block = '  decryption: {provider: sops, secretRef: {name: NAME}}\n'
const clear = { value: 'clear' }
const ciphertext = { ciphertext: true } as const
const fails = (code: string, message?: RegExp): Shown => ({ code, ...(message && { message }) })
const age = (...lines: string[]) => ({ 'age.agekey': `${lines.join('\n')}\n` })
const plain = (text: string) => text

/** What the key Secret holds; `undefined` where there is none. */
const keySecrets: [title: string, keys: Files | undefined, shows: Shown][] = [
  ['the key Secret is missing', undefined, fails('key-secret-missing')],
  ['a data key age.key', { 'age.key': key.secret }, fails('no-identity')],
  ['a data key age.AGEKEY', { 'age.AGEKEY': key.secret }, fails('no-identity')],
  ['only comments', age('# none'), fails('no-identity')],
  ['the public key', age(key.recipient), fails('key-unusable')],
  ['a blank before the identity', age(` ${key.secret}`), fails('key-unusable')],
  ['a blank behind the identity', age(`${key.secret} `), fails('key-unusable')],
  ['a line of blanks', age('  ', key.secret), fails('key-unusable')],
  ['an identity in small letters', age(key.secret.toLowerCase()), fails('key-unusable')],
  ['a truncated identity', age(key.secret.slice(0, -1)), fails('key-unusable')],
  [
    'a bad line in another entry',
    { 'good.agekey': key.secret, 'bad.agekey': 'x' },
    fails('entry-unusable', /'bad\.agekey'/),
  ],
  ['a key that is not a recipient', age(other.secret), fails('wrong-key')],
  ['two keys that are not recipients', age(other.secret, third.secret), fails('wrong-key')],
  ['a plugin identity and a wrong one', age(pluginIdentity, other.secret), fails('plugin-identity')],
  ['a plugin identity and the right one', age(pluginIdentity, key.secret), clear],
  ['lines that end with CRLF', { 'age.agekey': `# key\r\n${key.secret}\r\n` }, clear],
  ['two identities in one entry', age('# old', other.secret, '', '# new', key.secret), clear],
  ['two entries', { 'a.agekey': other.secret, 'b.agekey': key.secret }, clear],
]

/** What is decrypted with the right key. */
const decrypted: FileCase[] = [
  ['a ConfigMap', file((name) => encrypt(map(name))), clear],
  [
    'several documents in one file',
    file((name) => encrypt(`${secret(`${name}-first`)}---\n${secret(name)}`)),
    clear,
  ],
  ['a whole file, names as well', file((name) => whole(secret(name))), clear],
  [
    'a file of secretGenerator',
    generated('secretGenerator', 'files: [token=token.bin]', 'token.bin', whole('clear', 'x.bin')),
    clear,
  ],
  [
    'a YAML file of secretGenerator under a name that says another format',
    generated('secretGenerator', 'files: [token=token.yaml]', 'token.yaml', whole('data: clear\n', 'x.yaml')),
    clear,
  ],
  [
    'an env file of secretGenerator',
    generated('secretGenerator', 'envs: [token.env]', 'token.env', whole('token=clear\n', 'x.env')),
    clear,
  ],
  ['a patch of patches[].path', patched('patches:\n  - path: patch.yaml', plain), clear],
  ['a patch of patchesStrategicMerge', patched('patchesStrategicMerge: [patch.yaml]', plain), clear],
  [
    'an encrypted patch on an encrypted object',
    patched('patches:\n  - path: patch.yaml', encrypt),
    fails('plaintext-in-encrypted-file'),
  ],
  [
    'a SOPS file in data of a Secret that is not encrypted',
    file((name) => withData(name, encoded(whole('clear', 'x.bin')))),
    clear,
  ],
  [
    'another value than the MAC says',
    edited((text) => text.replace(/^( +)namespace:.*/m, '$&\n$1labels: {a: b}')),
    clear,
  ],
  ['an empty MAC', edited((text) => text.replace(/^( +mac:) .*$/m, '$1 ""')), clear],
]

const withoutMac = (text: string) => text.replace(/^ +mac: .*\n/m, '')

/** What is applied as it is although the Kustomization decrypts. */
const notDecrypted: FileCase[] = [
  ['no MAC', edited(withoutMac), ciphertext],
  ['no sops block', edited((text) => text.replace(/^sops:[\s\S]*/m, '')), ciphertext],
  [
    'no MAC, under data',
    file((name) => withoutMac(encrypt(withData(name)))),
    fails('built-without-decryption'),
  ],
  [
    'the annotation decrypt: disabled',
    file((name) => encrypt(secret(name, 'clear', 'decrypt: disabled'))),
    ciphertext,
  ],
  [
    'a file of secretGenerator as JSON on one line',
    generated(
      'secretGenerator',
      'files: [token=token.json]',
      'token.json',
      JSON.stringify(JSON.parse(whole('{"a": "b"}', 'x.json'))),
    ),
    ciphertext,
  ],
  [
    'an env file of configMapGenerator',
    generated('configMapGenerator', 'envs: [token.env]', 'token.env', whole('token=clear\n', 'x.env')),
    ciphertext,
  ],
  [
    'a SOPS file in stringData of a Secret that is not encrypted',
    file((name) => secret(name, `|\n${whole('clear', 'x.bin').replace(/^/gm, '    ')}`)),
    ciphertext,
  ],
  [
    'a rule that selects by comments',
    file((name) => encrypt(secret(name, 'clear # secret'), { rule: { encrypted_comment_regex: 'secret$' } })),
    ciphertext,
  ],
]

/** What becomes of ciphertext in a Kustomization without a decryption block, and with one that names no Secret. */
const withoutKey: FileCase[] = [
  ['no secretRef', edited(), fails('no-key-secret'), '  decryption: {provider: sops}\n'],
  ['no decryption: stringData', edited(), ciphertext, ''],
  [
    'no decryption: data',
    file((name) => encrypt(withData(name))),
    fails('built-without-decryption', /is SOPS encrypted/),
    '',
  ],
  ['no decryption: a ConfigMap', file((name) => encrypt(map(name))), ciphertext, ''],
  [
    'no decryption: a file of secretGenerator',
    generated('secretGenerator', 'files: [token=token.bin]', 'token.bin', whole('clear', 'x.bin')),
    ciphertext,
    '',
  ],
  [
    'no decryption: a custom resource',
    file((name) =>
      encrypt(
        `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: ${name}\n  namespace: default\nspec:\n  interval: 1h\n  url: https://example.com/x\n`,
        { rule: { encrypted_regex: '^url$' } },
      ),
    ),
    fails('built-without-decryption', /\.sops: field not declared in schema/),
    '',
  ],
]

const substitute = `${block}  postBuild: {substitute: {other: x}}\n`

/** What can be wrong, with the right key. */
const wrong: FileCase[] = [
  [
    'one key for two key groups',
    edited(plain, [[key], [other]]),
    fails('key-groups', /Shamir threshold of 2/),
  ],
  [
    'a value that was added by hand',
    edited((text) => text.replace('stringData:\n', 'stringData:\n    added: by hand\n')),
    fails('plaintext-in-encrypted-file', /Input string <redacted> does not match/),
  ],
  [
    'a key that was renamed',
    edited((text) => text.replace('    token:', '    renamed:')),
    fails('value-not-authentic'),
  ],
  [
    'a number in stringData',
    file((name) => encrypt(secret(name, '12345'))),
    fails('not-a-string', /Value:12345/),
  ],
  [
    'a date in stringData',
    file((name) => encrypt(secret(name, '2026-01-01'))),
    { value: '2026-01-01T00:00:00Z' },
  ],
  [
    'an env file that is YAML',
    generated('secretGenerator', 'envs: [token.yaml]', 'token.yaml', whole('token: clear\n')),
    fails('data-key-refused', /data\[token: clear\]/),
  ],
  ['no base64 under data', file((name) => encrypt(withData(name, '!'))), fails('not-base64')],
  [
    'a variable that is not set',
    file((name) => encrypt(secret(name, `"\${NOT_SET}"`))),
    fails('variable-not-set'),
    substitute,
  ],
  [
    'a variable where substitution is disabled',
    file((name) => encrypt(secret(name, `"\${NOT_SET}"`, 'substitute: disabled'))),
    { value: `\${NOT_SET}` },
    substitute,
  ],
  [
    'a namespace that does not exist',
    edited((text) => text.replace('namespace: default', 'namespace: nowhere')),
    fails('namespace-missing'),
  ],
  ['a path that is not in the repository', () => ({}), fails('path-missing')],
  [
    'a resource that is not there',
    () => ({ 'kustomization.yaml': 'resources: [gone.yaml]\n' }),
    fails('listed-missing'),
  ],
  [
    'a whole file, and a namespace of the kustomization',
    (name) => ({
      'kustomization.yaml': 'namespace: default\nresources: [secret.yaml]\n',
      'secret.yaml': whole(secret(name).replace('  namespace: default\n', '')),
    }),
    fails('whole-manifest-changed'),
  ],
  [
    'a dependency that is not there',
    edited(),
    fails('dependency'),
    `${block}  dependsOn: [{name: nowhere}]\n`,
  ],
]

/** What `docs/decryption.md` says, as Flux Kustomizations that show it. Each has a name for itself, its key Secret and its objects. */
export const decryptionCases = [
  ...keySecrets.map(([title, keys, shows]) => ({ title, keys, shows, files: edited(), spec: block })),
  {
    title: 'a post-quantum identity',
    keys: age(postQuantum.secret),
    shows: clear,
    files: edited(plain, [[postQuantum]]),
    spec: block,
  },
  ...[...decrypted, ...notDecrypted, ...withoutKey, ...wrong].map(([title, files, shows, spec = block]) => ({
    title,
    keys: age(key.secret),
    shows,
    files,
    spec,
  })),
].map((one, index) => ({ ...one, name: `case-${index}`, spec: one.spec.replace('NAME', `case-${index}`) }))
