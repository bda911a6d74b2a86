import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { gatherEvidence } from '../../../scripts/diagnosis/evidence.ts'
import { readSnapshot } from '../../../scripts/diagnosis/snapshot/read-snapshot.ts'
import { compareValues } from '../../../scripts/diagnosis/values/compare-values.ts'
import type { Comparison } from '../../../scripts/diagnosis/values/compared.ts'
import { openCluster } from '../../../scripts/lib/cluster/kubectl.ts'
import type { Identity } from '../../../scripts/lib/sops/age.ts'
import { encoded, encrypt, key, map, secret, whole, withData } from '../../helpers/flux/encrypted-objects.ts'
import { type FluxCase, withCases } from '../../helpers/flux/run-cases.ts'
import type { Flux } from '../../helpers/flux/sandbox.ts'
import { makeKey } from '../../helpers/keys.ts'

/** Each object as `KIND NAME STATUS`, with why where it is not readable. In a text `NAME` stands for the name of the case. */
type Case = [title: string, files: Record<string, string>, objects: string[], spec?: string, objects?: string]

const block = '  decryption: {provider: sops, secretRef: {name: NAME}}\n'
const one = (text: string) => ({ 's.yaml': text })
const listing = (more: string, file = 's.yaml') => `resources: [${file}]\n${more}`
const generator = (list: string, more = '') =>
  `${more}secretGenerator: [{name: NAME, namespace: default, ${list}}]\n`
const binary = whole('clear', 'x.bin')
const yamlFile = whole(
  '# a comment\nuser: admin\nnested: {list: [1, two, true, null, 1.5]}\npassword: "12"\n',
)
const ini = whole('[main]\npassword = clear\n', 'x.ini')
const dotenv = whole('token=a b#c "d"\nother=line\\nline\n', 'x.env')
const json = whole('{"a": {"b": "clear", "c": [1, "x"]}}', 'x.json')
const withVariables = secret('NAME', `"\${fixed}-\${unset:=other}-$\${kept}"`)
const inFromSecret = secret('NAME', `https://\${user}:\${password}@db/\${fixed}`)
const variables = (metadata: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${metadata}, namespace: flux-system}\nstringData: {user: me, password: Pa55-word}\n`
const prefixer =
  'apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: x}\nprefix: other-\nfieldSpecs: [{kind: Secret, path: metadata/name}]\n'

const cases: Case[] = [
  ['stringData', one(encrypt(secret('NAME'))), ['Secret NAME same']],
  ['data', one(encrypt(withData('NAME'))), ['Secret NAME same']],
  [
    'stringData over data',
    one(encrypt(`${withData('NAME', encoded('first'))}stringData:\n  token: second\n  more: x\n`)),
    ['Secret NAME same'],
  ],
  ['a ConfigMap', one(encrypt(map('NAME'))), ['ConfigMap NAME same']],
  [
    'several documents, one of them plain in an encrypted file',
    one(encrypt(`${secret('NAME-first')}---\n${secret('NAME', 'other')}`)),
    ['Secret NAME same', 'Secret NAME-first same'],
  ],
  [
    'files that were encrypted each by itself, put into one',
    one(`${encrypt(secret('NAME-first'))}---\n${encrypt(secret('NAME'))}`),
    ['Secret NAME same', 'Secret NAME-first same'],
  ],
  ['a whole file', one(whole(secret('values-whole'))), ['Secret values-whole same']],
  [
    'a JSON file',
    {
      'kustomization.yaml': 'resources: [s.json]\n',
      's.json': encrypt(
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'NAME', namespace: 'default' },
          stringData: { token: 'clear' },
        }),
        { name: 's.json' },
      ),
    },
    ['Secret NAME same'],
  ],
  [
    'a generator with a hash',
    { 'kustomization.yaml': generator('files: [token=t.bin]'), 't.bin': binary },
    ['Secret NAME-HASH same'],
  ],
  [
    'a generator without a hash, behind a prefix and a suffix',
    {
      'kustomization.yaml': generator(
        'files: [t.bin], options: {disableNameSuffixHash: true}',
        'namePrefix: a-\nnameSuffix: -z\n',
      ),
      't.bin': binary,
    },
    ['Secret a-NAME-z same'],
  ],
  [
    'files of each format in a generator',
    {
      'kustomization.yaml': generator(
        'files: [c.yaml, c.ini, c.env, c.json, x.dockerconfigjson=c.json, raw=c.yaml]',
      ),
      'c.yaml': yamlFile,
      'c.ini': ini,
      'c.env': dotenv,
      'c.json': json,
    },
    ['Secret NAME-HASH not readable (not-followed)'],
  ],
  [
    'YAML, INI, dotenv and JSON in a generator',
    {
      'kustomization.yaml': generator('files: [c.yaml, c.ini, c.env, c.json, x.dockerconfigjson=c.json]'),
      'c.yaml': yamlFile,
      'c.ini': ini,
      'c.env': dotenv,
      'c.json': json,
    },
    ['Secret NAME-HASH same'],
  ],
  [
    'an env file',
    { 'kustomization.yaml': generator('envs: [c.env], literals: [plain=x]'), 'c.env': dotenv },
    ['Secret NAME-HASH same'],
  ],
  [
    'namespace, prefix and suffix of two kustomizations',
    {
      'kustomization.yaml': 'namespace: flux-system\nnamePrefix: b-\nresources: [base]\n',
      'base/kustomization.yaml': listing('namePrefix: a-\nnameSuffix: -z\nnamespace: default\n'),
      'base/s.yaml': encrypt(secret('NAME')),
    },
    ['Secret b-a-NAME-z same'],
  ],
  [
    'one file in two overlays',
    {
      'kustomization.yaml': 'resources: [one, two]\n',
      'one/kustomization.yaml': 'resources: [../base]\nnamePrefix: one-\n',
      'two/kustomization.yaml': 'resources: [../base]\nnamePrefix: two-\n',
      'base/kustomization.yaml': listing(''),
      'base/s.yaml': encrypt(secret('NAME')),
    },
    ['Secret one-NAME same', 'Secret two-NAME same'],
  ],
  [
    'what the Kustomization sets',
    one(encrypt(secret('NAME'))),
    ['Secret a-NAME-z same'],
    `${block}  targetNamespace: flux-system\n  namePrefix: a-\n  nameSuffix: -z\n`,
  ],
  [
    'an encrypted patch',
    {
      'kustomization.yaml': listing('patches: [{path: p.yaml}]\nnamePrefix: a-\n'),
      's.yaml': `${secret('NAME', 'not yet')}  plain: x\n`,
      'p.yaml': encrypt(secret('NAME')),
    },
    ['Secret a-NAME same'],
  ],
  [
    'an encrypted patch with a target',
    {
      'kustomization.yaml': listing('patches: [{path: p.yaml, target: {kind: Secret, name: NAME}}]\n'),
      's.yaml': secret('NAME', 'not yet'),
      'p.yaml': encrypt(secret('any')),
    },
    ['Secret NAME same'],
  ],
  [
    'an encrypted patch whose target is a pattern',
    {
      'kustomization.yaml': listing('patches: [{path: p.yaml, target: {kind: Secret, name: NA.*}}]\n'),
      's.yaml': secret('NAME', 'not yet'),
      'p.yaml': encrypt(secret('any')),
    },
    ['object NAME/p.yaml not readable (not-followed)'],
  ],
  [
    'patchesStrategicMerge',
    {
      'kustomization.yaml': listing('patchesStrategicMerge: [p.yaml]\n'),
      's.yaml': secret('NAME', 'not yet'),
      'p.yaml': encrypt(secret('NAME')),
    },
    ['Secret NAME same'],
  ],
  ['a SOPS file in data', one(withData('NAME', encoded(binary))), ['Secret NAME same']],
  [
    'a YAML file of SOPS in data, beside a plain value',
    one(
      `apiVersion: v1\nkind: Secret\nmetadata: {name: NAME, namespace: default}\ndata:\n  c.yaml: ${encoded(yamlFile)}\n  plain: ${encoded('x')}\n  bin: ${encoded(binary)}\n`,
    ),
    ['Secret NAME same'],
  ],
  [
    'a wrong MAC',
    one(encrypt(secret('NAME')).replace(/^( +)namespace:.*/m, '$&\n$1labels: {a: b}')),
    ['Secret NAME same'],
  ],
  ['an empty MAC', one(encrypt(secret('NAME')).replace(/^( +mac:) .*$/m, '$1 ""')), ['Secret NAME same']],
  [
    'variables',
    one(encrypt(withVariables)),
    ['Secret NAME same'],
    `${block}  postBuild: {substitute: {fixed: value}}\n`,
  ],
  [
    'variables, switched off',
    one(encrypt(secret('NAME', `"\${fixed}"`, 'substitute: disabled'))),
    ['Secret NAME same'],
    `${block}  postBuild: {substitute: {fixed: value}}\n`,
  ],
  [
    'variables of a Secret',
    one(encrypt(inFromSecret)),
    ['Secret NAME same'],
    `${block}  postBuild: {substitute: {fixed: value}, substituteFrom: [{kind: Secret, name: NAME-variables}]}\n`,
    variables('NAME-variables'),
  ],
  [
    'a variable in a form that is not followed',
    one(encrypt(secret('NAME', `"\${fixed^^}"`))),
    ['Secret NAME not readable (not-followed)'],
    `${block}  postBuild: {substitute: {fixed: value}}\n`,
  ],
  [
    'a variable in the name',
    one(encrypt(secret(`NAME-\${fixed}`))),
    ['Secret NAME-value same'],
    `${block}  postBuild: {substitute: {fixed: value}}\n`,
  ],
  [
    'a transformer that is not followed',
    {
      'kustomization.yaml': listing('transformers: [t.yaml]\n'),
      's.yaml': encrypt(secret('NAME')),
      't.yaml': prefixer,
    },
    ['Secret NAME not readable (not-followed)'],
  ],
  [
    'a generator that another one changes',
    {
      'kustomization.yaml':
        'resources: [base]\nsecretGenerator: [{name: NAME, namespace: default, behavior: merge, literals: [token=new]}]\n',
      'base/kustomization.yaml': generator('files: [token=t.bin, other=t.bin]'),
      'base/t.bin': binary,
    },
    ['Secret NAME-HASH not readable (not-followed)'],
  ],
  [
    'a generator that another one adds to',
    {
      'kustomization.yaml':
        'resources: [base]\nsecretGenerator: [{name: NAME, namespace: default, behavior: merge, literals: [new=new]}]\n',
      'base/kustomization.yaml': generator('files: [token=t.bin]'),
      'base/t.bin': binary,
    },
    ['Secret NAME-HASH same'],
  ],
  ['no MAC', one(encrypt(secret('NAME')).replace(/^ +mac: .*\n/m, '')), ['Secret NAME ciphertext']],
  [
    'an env file of configMapGenerator',
    {
      'kustomization.yaml':
        'configMapGenerator: [{name: NAME, namespace: default, envs: [c.env], files: [t.bin]}]\n',
      'c.env': dotenv,
      't.bin': binary,
    },
    ['ConfigMap NAME-HASH ciphertext'],
  ],
  [
    'files of configMapGenerator that a secretGenerator names too',
    {
      'kustomization.yaml': `${generator('files: [t.bin], envs: [c.env]')}configMapGenerator: [{name: NAME, namespace: default, envs: [c.env], files: [t.bin]}]\n`,
      'c.env': dotenv,
      't.bin': binary,
    },
    ['ConfigMap NAME-HASH same', 'Secret NAME-HASH same'],
  ],
  [
    'a SOPS file in stringData of a Secret that is not encrypted',
    one(secret('NAME', `|\n${binary.replace(/^/gm, '    ')}`)),
    ['Secret NAME ciphertext'],
  ],
  [
    'a rule that selects by comments',
    one(encrypt(secret('NAME', 'clear # secret'), { rule: { encrypted_comment_regex: 'secret$' } })),
    ['Secret NAME ciphertext'],
  ],
  [
    'the annotation decrypt: disabled',
    one(encrypt(secret('NAME', 'clear', 'decrypt: disabled'))),
    ['Secret NAME ciphertext'],
  ],
  ['no decryption', one(encrypt(secret('NAME'))), ['Secret NAME ciphertext'], ''],
  ['no decryption of a ConfigMap', one(encrypt(map('NAME'))), ['ConfigMap NAME ciphertext'], ''],
  [
    'a plain Secret and another kind beside an encrypted one',
    {
      's.yaml': encrypt(secret('NAME')),
      'plain.yaml': secret('NAME-plain', 'x'),
      'r.yaml': encrypt(
        'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: NAME, namespace: default}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n',
        { rule: { encrypted_regex: '^verbs$' } },
      ),
    },
    ['Secret NAME same'],
  ],
]

const named = (index: number) => `values-${index}`
const fluxCases = cases.map(([, files, , spec = block, objects], index): FluxCase => {
  const filled = (text: string) => text.replaceAll('NAME', named(index))
  return {
    name: named(index),
    files: () => Object.fromEntries(Object.entries(files).map(([path, text]) => [path, filled(text)])),
    keys: { 'age.agekey': key.text },
    spec: filled(spec),
    ...(objects !== undefined && { objects: `${filled(objects)}` }),
  }
})

/** How the cluster of a sandbox compares with the clone of `flux`. */
async function compareFlux({ clone: root, env }: Flux, identities: readonly Identity[]): Promise<Comparison> {
  const { signal } = new AbortController()
  const cluster = openCluster(undefined, { env, signal, note: () => {} })
  try {
    const snapshot = await readSnapshot(cluster, undefined)
    const evidence = gatherEvidence(snapshot, { root, env, signal }, identities, { env, signal })
    return await compareValues(evidence, identities)
  } finally {
    await cluster.close()
  }
}

function shown({ objects }: Comparison, name: string): string[] {
  return objects
    .filter(({ kustomization }) => kustomization === `flux-system/${name}`)
    .map(({ kind, name: called, status, why }) => {
      const hidden = called.replace(/-[a-z\d]{10}$/, '-HASH').replaceAll(name, 'NAME')
      return `${kind} ${hidden} ${status}${why ? ` (${why.code})` : ''}`
    })
    .toSorted()
}

/** What can be read in the format of a key, and is not what was there. */
function anotherFor(name: string): string {
  if (/json$|yaml$/.test(name)) return '{"another": "one"}'
  return name.endsWith('.ini') ? '[another]\none = x\n' : 'another=one'
}

/** Puts another value under each key that was the same. */
async function overwrite({ sandbox }: Flux, { objects }: Comparison): Promise<void> {
  const items = objects
    .filter(({ status }) => status === 'same')
    .map(({ kind, namespace, name, values }) => ({
      apiVersion: 'v1',
      kind,
      metadata: { namespace, name },
      data: Object.fromEntries(values.map(({ key: name }) => [name, encoded(anotherFor(name))])),
    }))
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  await sandbox.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], list)
}

test('what the applied revision holds is what the cluster has, in whatever form it is encrypted', () =>
  withCases(fluxCases, async (flux, kustomizations) => {
    const failing = kustomizations.flatMap(({ metadata, status }) =>
      (status?.conditions ?? [])
        .filter(({ type, status: is }) => type === 'Ready' && is !== 'True')
        .map(({ message }) => `${metadata.name}: ${message}`),
    )
    assert.equal(failing, [])
    const comparison = await compareFlux(flux, [key])
    const found = cases.map(([title], index) => `${title}: ${shown(comparison, named(index)).join(', ')}`)
    assert.equal(
      found,
      cases.map(([title, , objects]) => `${title}: ${objects.toSorted().join(', ')}`),
    )
    await overwrite(flux, comparison)
    const changed = await compareFlux(flux, [key])
    const withAll = changed.objects.map(({ name, status, keys, values, why }) =>
      status === 'different' && keys.length === values.length ? name : why?.code,
    )
    const expected = comparison.objects.map(({ name, status, why }) => (status === 'same' ? name : why?.code))
    const isOther = (_: unknown, index: number) => withAll[index] !== expected[index]
    // of a generator that another one adds to, a difference can be what that adds
    assert.equal(withAll.filter(isOther), ['not-followed'])
    const stranger = await compareFlux(flux, [makeKey()])
    const opened = stranger.objects.filter(({ status }) => status === 'same')
    assert.equal(opened, [])
  }))

test.run()
