import type { Code } from '../../../scripts/findings/catalogue.ts'
import { encoded, encrypt, key, secret } from '../flux/encrypted-objects.ts'
import type { FluxCase } from '../flux/run-cases.ts'
import { makeKey } from '../keys.ts'

/** What the doctor is to say of a case: the code of its headline, and what is in its words; `undefined`: nothing that is wrong. */
export interface KeyCase extends FluxCase {
  code: Code | undefined
  /** Of its message and of what is to be done. */
  says: readonly (string | RegExp)[]
  /** The notes besides the one on the watch label. */
  notes: readonly Code[]
}

/** A key that no Secret of a case holds where nothing else is said. */
export const stranger = makeKey()
/** A wrong key. */
export const other = makeKey()
const third = makeKey()
const fresh = makeKey()
const postQuantum = makeKey('-pq')
const plugin = 'AGE-PLUGIN-NONE-1UUQXN8'
const sshKey = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n'

/** What no finding may hold. */
export const secretTexts = [key, stranger, other, third, fresh, postQuantum].flatMap(({ secret: text }) => [
  text,
  text.slice(0, 40),
])

const inCluster = (kind: string, namespace: string, name: string, body: string, metadata = '') =>
  `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: ${namespace}${metadata}}\n${body}`
const keySecret = (namespace: string, name: string, text: string, metadata = '') =>
  inCluster('Secret', namespace, name, `stringData: ${JSON.stringify({ 'age.agekey': text })}\n`, metadata)
const block = (name: string) => `  decryption: {provider: sops, secretRef: {name: ${name}}}\n`

/** Changes of the usual case, where a file is encrypted to `key`. */
type Change = Partial<Omit<KeyCase, 'name'>> & { to?: (typeof key)[][] }

const age = (...lines: string[]) => ({ 'age.agekey': lines.join('\n') })
const unusable = (text: string, reason: string): Change => ({
  keys: { 'age.agekey': text },
  code: 'key-unusable',
  says: [`(${reason})`, 'mise run flux:sops-key --name'],
})
/** A path with a file that this key alone opens, beside what is usual. */
const bringing = (namespace: string, name: string, to: typeof key) => () => ({
  'key.yaml': encrypt(keySecret(namespace, name, to.text), { to: [[to]] }),
})

const changes: Record<string, Change> = {
  // A1, A11: it is not there
  missing: { code: 'key-secret-missing', says: ['mise run flux:sops-key --name missing`'] },
  'elsewhere-fits': {
    objects: keySecret('default', 'elsewhere-fits', key.text),
    code: 'key-secret-elsewhere',
    says: [
      'namespace default',
      `kubectl get secret elsewhere-fits -n default -o go-template='{{index .data "age.agekey" | base64decode}}' | mise run flux:sops-key --key-file - --name elsewhere-fits\``,
    ],
  },
  'elsewhere-of-others': {
    objects: keySecret('default', 'elsewhere-of-others', other.text),
    code: 'key-secret-missing',
  },
  'own-path': {
    files: bringing('flux-system', 'own-path', key),
    code: 'key-secret-in-own-path',
    says: ['kustomization flux-system/own-path from own-path/key.yaml'],
  },

  // A2, A6: there is no identity in it
  suffix: {
    keys: { 'age.key': key.text },
    code: 'key-wrong-suffix',
    says: ['data key age.key,', '{{index .data "age.key" | base64decode}}'],
  },
  'capital-suffix': { keys: { 'age.AGEKEY': key.text }, code: 'key-wrong-suffix', says: ['age.AGEKEY,'] },
  'suffix-of-junk': { keys: { 'age.key': 'x' }, code: 'no-identity', says: ['it has: age.key'] },
  comments: { keys: age('# created', '# public key'), code: 'no-identity', says: ['age.agekey holds none'] },
  empty: { keys: { 'age.agekey': '' }, code: 'no-identity', says: ['age.agekey holds none'] },
  'no-data': { keys: {}, code: 'no-identity', says: ['it has: none'] },

  // A3, A4, A7, A14, A17: one line of it cannot be read
  'public-key': unusable(key.recipient, 'line 1 is a public key (a recipient), not an identity'),
  'blank-before': unusable(` ${key.secret}`, 'line 1 has a blank at its start'),
  'tab-before': unusable(`# key\n\t${key.secret}`, 'line 2 has a blank at its start'),
  'blank-behind': unusable(`${key.secret} `, 'line 1 has a blank at its end'),
  'line-of-blanks': unusable(`${key.secret}\n  \n`, 'line 2 holds nothing but blanks'),
  'blank-comment': unusable(` # key\n${key.secret}`, 'line 1 has a blank at its start'),
  truncated: unusable(
    `# key\n\n${key.secret.slice(0, -3)}`,
    'line 3 is truncated or misspelt: its checksum is wrong',
  ),
  typo: unusable(
    `${other.secret}\n${key.secret.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q'))}`,
    'line 2 is truncated or misspelt: its checksum is wrong',
  ),
  'small-letters': unusable(key.secret.toLowerCase(), 'line 1 is an identity not written in capital letters'),
  mark: unusable(`\uFEFF${key.secret}`, 'line 1 starts with a byte order mark'),
  quotes: unusable(`"${key.secret}"`, 'line 1 starts with a quote'),
  variable: unusable(`SOPS_AGE_KEY=${key.secret}`, 'line 1 has a name in front of the identity'),
  twice: unusable(encoded(key.text), 'line 1 is base64 of an age key, which was encoded once too often'),
  'utf-16': {
    objects: inCluster(
      'Secret',
      'flux-system',
      'utf-16',
      `data: {age.agekey: ${Buffer.from(`\uFEFF${key.text}`, 'utf16le').toString('base64')}}\n`,
    ),
    code: 'key-unusable',
    says: ['(line 1 is UTF-16, as PowerShell writes it)'],
  },
  'plugin-misspelt': unusable(`${plugin}Q`, 'line 1 is truncated or misspelt: its checksum is wrong'),
  ssh: {
    keys: { ...age(key.secret), 'ssh.agekey': sshKey },
    code: 'entry-unusable',
    says: [
      'cannot read ssh.agekey of the key Secret (line 1 is an SSH private key,',
      `kubectl patch secret ssh -n flux-system --type=json -p '[{"op":"remove","path":"/data/ssh.agekey"}]'`,
    ],
  },
  'junk-pgp': {
    keys: { ...age(key.secret), 'x.asc': 'junk' },
    code: 'entry-unusable',
    says: ['cannot read x.asc of the key Secret (it is no OpenPGP key)'],
  },

  // A5, A7d, A8, A9, A12, A13: nothing is wrong
  right: { keys: { 'age.agekey': key.text } },
  crlf: { keys: age(`# key\r\n${key.secret}\r\n`) },
  'no-newline': { keys: age(key.secret) },
  'two-identities': { keys: age(other.secret, key.secret), notes: ['identity-idle'] },
  'two-entries': {
    keys: { ...age(key.secret), 'new.agekey': fresh.secret },
    files: (name) => ({
      's.yaml': encrypt(secret(name)),
      // a rotation has begun
      'keys/.sops.yaml': `creation_rules: [{age: ${fresh.recipient}}]\n`,
      'keys/kustomization.yaml': 'resources: []\n',
    }),
  },
  'post-quantum': { to: [[postQuantum]], keys: { 'age.agekey': postQuantum.text } },
  'never-decrypted': {
    keys: age(key.secret),
    files: (name) => ({
      'kustomization.yaml': `resources: [s.yaml]\nconfigMapGenerator: [{name: ${name}, namespace: default, files: [token.yaml]}]\n`,
      's.yaml': encrypt(secret(name)),
      'token.yaml': encrypt('data: clear\n', { to: [[stranger]] }),
    }),
  },
  'not-to-be-decrypted': {
    keys: age(key.secret),
    files: (name) => ({
      's.yaml': encrypt(secret(name, 'clear', 'decrypt: disabled'), { to: [[stranger]] }),
    }),
    notes: ['identity-idle'],
  },
  'plugin-beside': { keys: age(plugin, key.secret), notes: ['plugin-line'] },

  // A10, A12c, A13b: the key is another one
  'wrong-key': {
    to: [[stranger]],
    keys: age(other.secret),
    code: 'wrong-key',
    says: [
      `encrypted to ${stranger.recipient}, and secret flux-system/wrong-key has the key of ${other.recipient}`,
      '`mise run flux:sops-key --name wrong-key` with a key',
    ],
    notes: ['identity-idle'],
  },
  'two-wrong-keys': {
    to: [[stranger]],
    keys: age(other.secret, third.secret),
    code: 'wrong-key',
    says: [`the key of ${other.recipient}, ${third.recipient}`],
    notes: ['identity-idle', 'identity-idle'],
  },
  'post-quantum-wrong': {
    to: [[stranger]],
    keys: age(postQuantum.secret),
    code: 'wrong-key',
    says: [/has the key of age1pq1\S{13}…\S{8}$/m],
    notes: ['identity-idle'],
  },
  'plugin-hides': {
    to: [[stranger]],
    keys: age(plugin, other.secret),
    code: 'wrong-key',
    says: ['beside that of a plugin, which Flux complains of (age.agekey line 1)'],
    notes: ['plugin-line', 'identity-idle'],
  },
  'in-other-entry': {
    keys: { ...age(other.secret), 'key.txt': key.text },
    code: 'wrong-key-elsewhere',
    says: ['its data key key.txt opens it', 'index .data "key.txt"'],
    notes: ['identity-idle'],
  },
  'in-other-namespace': {
    keys: age(other.secret),
    to: [[third]],
    objects: keySecret('default', 'in-other-namespace', third.text),
    code: 'wrong-key-elsewhere',
    says: [
      'secret default/in-other-namespace (age.agekey) opens it',
      'kubectl get secret in-other-namespace -n default -o',
    ],
    notes: ['identity-idle'],
  },
  groups: {
    to: [[key], [stranger]],
    keys: age(key.secret),
    code: 'key-groups',
    says: ['opens 1 of 2 key groups', `groups/s.yaml asks for all: group 2 is for ${stranger.recipient}`],
  },
  'in-generator': {
    keys: age(other.secret),
    files: (name) => ({
      'kustomization.yaml': `secretGenerator: [{name: ${name}, namespace: default, files: [token.yaml]}]\n`,
      'token.yaml': encrypt('data: clear\n', { to: [[stranger]] }),
    }),
    code: 'wrong-key',
    says: ['in-generator/token.yaml is encrypted to'],
    notes: ['identity-idle'],
  },

  // the platform brings the key of a tenant, which only the tenant opens
  platform: {
    keys: age(key.secret),
    files: (name) => ({ 's.yaml': encrypt(secret(name)), ...bringing('flux-system', 'tenant', third)() }),
    code: 'key-secret-locked-in',
    says: [
      `cannot open platform/key.yaml, which brings secret flux-system/tenant: the file is encrypted to ${third.recipient}, and secret flux-system/platform has the key of ${key.recipient}`,
      'sops updatekeys platform/key.yaml',
      'flux:sops-key --name tenant`',
    ],
  },
  tenant: {
    to: [[third]],
    code: 'key-secret-locked-in',
    says: ['which brings secret flux-system/tenant'],
  },

  // A15: neither the Kustomization nor the controller names a key
  'no-secret': { spec: '  decryption: {provider: sops}\n', code: 'no-key-secret' },

  // what Ready does not say
  'last-applied': {
    objects: keySecret(
      'flux-system',
      'last-applied',
      key.text,
      `, annotations: {kubectl.kubernetes.io/last-applied-configuration: '${JSON.stringify({ data: { 'age.agekey': encoded(key.text) } })}'}`,
    ),
    code: 'last-applied-copy',
    says: [
      '`kubectl annotate secret last-applied -n flux-system kubectl.kubernetes.io/last-applied-configuration-`',
    ],
  },
  copied: {
    objects: keySecret(
      'flux-system',
      'copied',
      key.text,
      `, annotations: {reflector.v1.k8s.emberstack.com/reflects: default/copied}`,
    ),
    notes: ['key-secret-kept'],
  },
}

/** Each cause in a key and its nearest innocent case. */
export const keyCases: readonly KeyCase[] = Object.entries(changes).map(([name, { to, ...change }]) => ({
  name,
  files: () => ({ 's.yaml': encrypt(secret(name), to && { to }) }),
  spec: block(name),
  code: undefined,
  says: [],
  notes: [],
  ...change,
}))
