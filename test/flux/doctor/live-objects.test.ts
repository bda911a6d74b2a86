import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Finding, worded } from '../../../scripts/findings/finding.ts'
import type { Kustomization } from '../../../scripts/lib/cluster/flux-objects.ts'
import { type DiagnosedCase, diagnoseFlux, ofCases } from '../../helpers/flux/diagnose-cases.ts'
import { encoded, encrypt, key, map, secret, whole, withData } from '../../helpers/flux/encrypted-objects.ts'
import { type FluxCase, withCases } from '../../helpers/flux/run-cases.ts'
import type { Flux } from '../../helpers/flux/sandbox.ts'
import { until } from '../../helpers/processes.ts'

/** What is in a path, by its file; in a text `NAME` stands for the name of the case. */
type Files = Record<string, string>

/** What is in the path of a case, the code of the headline, what of it must be read, and lines of its spec. */
type LiveCase = [
  name: string,
  files: Files,
  code: string | undefined,
  says?: readonly string[],
  spec?: string,
]

const value = 'the-value-of-a-secret'
const block = (name: string) => `  decryption: {provider: sops, secretRef: {name: ${name}}}\n`
const generated = (list: string, files: Files, kind = 'secretGenerator'): Files => ({
  'kustomization.yaml': `generatorOptions: {disableNameSuffixHash: true}\n${kind}: [{name: NAME, namespace: default, ${list}}]\n`,
  ...files,
})
const env = whole(`token=${value}\n`, 'x.env')
const without = (text: string, pattern: RegExp) => text.replace(pattern, '')
const encryptedSecret = encrypt(secret('NAME', value))
const file = (text: string): Files => ({ 's.yaml': text })
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: default}
spec:
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec:
      containers:
        - {name: x, image: x, env: [{name: TOKEN, value: ${value}}]}
`
const plain = (kind: string, field: string, text: string) =>
  `apiVersion: v1\nkind: ${kind}\nmetadata: {name: NAME, namespace: default}\n${field}:\n  token: |\n${text.replace(/^/gm, '    ')}\n`
const listed = `apiVersion: v1\nkind: List\nitems:\n${secret('NAME', value).replace(/^(.)/gm, '    $1').replace('    apiVersion', '  - apiVersion')}`
const sopsText = whole(`token: ${value}\n`)

const cases: LiveCase[] = [
  [
    'live-string',
    file(encryptedSecret),
    'built-without-decryption',
    ['secret default/live-string holds ciphertext', '(data.token)', 'live-string/s.yaml'],
    '',
  ],
  ['live-refused', file(encrypt(withData('NAME'))), 'built-without-decryption', [], ''],
  [
    'live-map',
    file(encrypt(map('NAME'))),
    'built-without-decryption',
    ['configmap default/live-map', 'data.token'],
    '',
  ],
  [
    'live-deployment',
    file(encrypt(deployment, { rule: { encrypted_regex: '^value$' } })),
    'built-without-decryption',
    ['deployment default/live-deployment', 'spec.template.spec.containers[0].env[0].value'],
    '',
  ],
  [
    'live-env',
    generated('envs: [x.env]', { 'x.env': env }),
    'built-without-decryption',
    ['live-env/x.env'],
    '',
  ],
  ['live-mac', file(without(encryptedSecret, /^ +mac: .*\n/m)), 'mac-missing', ['secret default/live-mac']],
  ['live-block', file(without(encryptedSecret, /^sops:\n[\s\S]*/m)), 'ciphertext-without-metadata'],
  [
    'live-disabled',
    file(encrypt(secret('NAME', value, 'decrypt: disabled'))),
    'decryption-disabled',
    ['secret default/live-disabled'],
  ],
  [
    'live-disabled-map',
    file(
      encrypt(
        map('NAME').replace(
          'namespace: default',
          'namespace: default\n  annotations: {kustomize.toolkit.fluxcd.io/decrypt: disabled}',
        ),
      ),
    ),
    'decryption-disabled',
    ['configmap default/live-disabled-map'],
  ],
  [
    'live-minified',
    generated('files: [token=x.json]', {
      'x.json': JSON.stringify(JSON.parse(whole(`{"token": "${value}"}`, 'x.json'))),
    }),
    'minified-json',
  ],
  [
    'live-generated',
    generated('envs: [x.env]', { 'x.env': env }, 'configMapGenerator'),
    'never-decrypted',
    ['live-generated/x.env in configMapGenerator.envs', 'configmap default/live-generated'],
  ],
  ['live-single', generated('env: x.env', { 'x.env': env }), 'never-decrypted', ['secretGenerator.env']],
  [
    'live-comments',
    file(encrypt(secret('NAME', `${value} # secret`), { rule: { encrypted_comment_regex: 'secret$' } })),
    'comment-selector',
    ['encrypted_comment_regex'],
  ],
  [
    'live-copied',
    {
      'kustomization.yaml':
        'resources: [s.yaml, m.yaml]\nreplacements: [{source: {kind: Secret, fieldPath: stringData.token}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.token]}]}]\n',
      's.yaml': encryptedSecret,
      'm.yaml': map('NAME'),
    },
    'ciphertext-applied',
    ['configmap default/live-copied holds ciphertext'],
  ],
  ['live-text', file(plain('Secret', 'stringData', sopsText)), 'sops-file-in-text'],
  ['live-list', file(encrypt(listed)), 'list-encrypted'],
  ['live-right', file(encryptedSecret), undefined],
  ['live-empty', file(encrypt(secret('NAME', '""'))), undefined, [], ''],
  ['live-inside', file(withData('NAME', encoded(whole(value, 'x.bin')))), undefined],
  [
    'live-prose',
    file(
      plain(
        'Secret',
        'stringData',
        `a value of sops looks like ENC[AES256_GCM,data:…] or, in full, ${encryptedSecret.match(/ENC\[.*?type:str\]/)?.[0]} in a file\n`,
      ),
    ),
    undefined,
    [],
    '',
  ],
  [
    'live-foreign',
    file(plain('ConfigMap', 'data', 'ENC[PKCS7,MIIBygYJKoZIhvcNAQcDoII=]\nAgBy8hCF8f3q0l9y\n')),
    undefined,
    [],
    '',
  ],
]

const kustomization = (name: string, path: string, more: string) =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: ${name}, namespace: flux-system}\nspec:\n  interval: 1h\n  path: ${path}\n  sourceRef: {kind: GitRepository, name: flux-system}\n${more}`

/** Cases of more than one Kustomization, or of more than one commit. */
const special: FluxCase[] = [
  {
    // its path has no kustomization file and takes in that of another one, which decrypts
    name: 'live-over',
    files: () => ({ 'below/s.yaml': encrypt(secret('live-below', value)), 'm.yaml': map('live-over') }),
    keys: { 'age.agekey': key.secret },
    spec: '',
    objects: kustomization('live-below', './live-over/below', `  prune: true\n${block('live-over')}`),
  },
  {
    name: 'live-twice',
    files: () => ({ 'm.yaml': map('live-twice') }),
    spec: '',
    objects: kustomization('live-again', './live-twice', '  prune: true\n'),
  },
  {
    name: 'live-vars',
    files: () => ({
      's.yaml': encrypt(map('live-vars').replace('namespace: default', 'namespace: flux-system')),
    }),
    spec: '',
  },
  {
    name: 'live-uses',
    files: () => ({ 'm.yaml': map('live-uses').replace('clear', `"url://x:\${token}@host"`) }),
    spec: '  dependsOn: [{name: live-vars}]\n  postBuild: {substituteFrom: [{kind: ConfigMap, name: live-vars}]}\n',
  },
  {
    name: 'live-kept',
    files: () => ({ 'm.yaml': map('live-kept'), 'o.yaml': map('live-kept-other') }),
    spec: '',
    objects: kustomization('live-kept', './live-kept', '  prune: false\n'),
  },
  {
    name: 'live-marked',
    files: () => ({
      'm.yaml': map('live-marked').replace(
        'namespace: default',
        'namespace: default\n  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}',
      ),
      'o.yaml': map('live-marked-other'),
    }),
    spec: '',
  },
  { name: 'live-deleted', files: () => ({ 's.yaml': secret('live-deleted', value) }), spec: '' },
  // its object loses the label of Flux
  { name: 'live-bare', files: () => ({ 's.yaml': secret('live-bare', value) }), spec: '' },
]

/** A ConfigMap as a Kustomization has applied it, or where `manager` is another one, as somebody has copied it. */
const labelled = (name: string, owner: string, manager = 'kustomize-controller') => ({
  manager,
  text: map(name).replace(
    'namespace: default',
    `namespace: default\n  labels: {kustomize.toolkit.fluxcd.io/name: ${owner}, kustomize.toolkit.fluxcd.io/namespace: ${
      owner === 'remote' ? 'remote-flux' : 'flux-system'
    }}`,
  ),
})

const usual = cases.map(
  ([name, files, , , spec = block(name)]): FluxCase => ({
    name,
    files: () =>
      Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll('NAME', name)])),
    keys: { 'age.agekey': key.secret },
    spec,
  }),
)
const all = [...usual, ...special]

/** Waits until Flux has nothing more to do at a commit. */
async function settled({ sandbox }: Flux, commit: string): Promise<void> {
  await until('the commit is applied', async () => {
    const { items } = JSON.parse(
      await sandbox.kubectl(['get', 'kustomizations', '-n', 'flux-system', '-o', 'json']),
    )
    return items.every(({ metadata, status }: Kustomization) => {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready')
      const isWaiting = ready?.reason === 'DependencyNotReady'
      const isThere = status?.lastAttemptedRevision?.endsWith(commit) ?? false
      return metadata.name === 'flux-system' || (isThere && ready?.status !== 'Unknown' && !isWaiting)
    })
  })
}

/** A user who may list Kustomizations and ConfigMaps. */
const reader = 'live-reader'
const role = (kind: string, more: object) =>
  JSON.stringify({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name: reader }, ...more })
const rights = [
  role('ClusterRole', {
    rules: [
      { apiGroups: ['kustomize.toolkit.fluxcd.io'], resources: ['kustomizations'], verbs: ['list'] },
      { apiGroups: [''], resources: ['configmaps'], verbs: ['list'] },
    ],
  }),
  role('ClusterRoleBinding', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: reader },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: reader }],
  }),
].join('\n---\n')

let running:
  | Promise<{ seen: Map<string, DiagnosedCase>; owners: string[]; words: string; limited: Finding[] }>
  | undefined

/** What the doctor says of all cases when somebody has taken files and objects away. */
function diagnosed() {
  running ??= withCases(all, async (flux) => {
    const { kubectl } = flux.sandbox
    const inDefault = ['-n', 'default']
    try {
      await flux.git('rm', '--quiet', 'live-kept/m.yaml', 'live-marked/m.yaml')
      const commit = await flux.push()
      await flux.applied('flux-system', commit)
      await settled(flux, commit)
      await kubectl(['delete', ...inDefault, 'secret', 'live-deleted'])
      await kubectl(['label', ...inDefault, 'secret', 'live-bare', 'kustomize.toolkit.fluxcd.io/name-'])
      for (const { text, manager } of [
        labelled('live-orphan', 'live-nobody'),
        labelled('live-remote', 'remote'),
        labelled('live-copy', 'live-right', 'kubectl'),
      ])
        await kubectl(['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'], text)
      const { diagnoses, snapshot } = await diagnoseFlux(flux)
      const findings = diagnoses.map(({ finding }) => ({ ...finding, ...worded(finding) }))
      await kubectl(['apply', '--server-side', '-f', '-'], rights)
      const limited = await diagnoseFlux({
        ...flux,
        env: { ...flux.env, KUBECONFIG: flux.sandbox.kubeconfigFor(reader) },
      })
      return {
        limited: limited.diagnoses.map(({ finding }) => finding),
        seen: ofCases(all, diagnoses, snapshot),
        owners: findings
          .filter(({ code }) => code === 'owner-gone')
          .map(({ message, fix }) => `${message}\n${fix}`),
        words: JSON.stringify(diagnoses) + JSON.stringify(findings),
      }
    } finally {
      await kubectl(['delete', '--ignore-not-found', '-f', '-'], rights)
      const left = [
        'live-orphan',
        'live-remote',
        'live-copy',
        'live-kept',
        'live-kept-other',
        'live-marked',
        'live-bare',
      ]
      await kubectl(['delete', ...inDefault, 'configmap,secret', '--ignore-not-found', ...left])
    }
  })
  return running
}

for (const [name, files, code, says = []] of cases)
  test(`${name}: ${code ?? 'nothing'}`, async () => {
    const { seen } = await diagnosed()
    const { headline: first, message } = seen.get(name)!
    // that no key Secret here has the label is not what this is about
    const headline = first?.code === 'no-watch-label' ? undefined : first
    assert.is(headline?.code, code, JSON.stringify(headline))
    for (const one of says) assert.match(message, one)
    if (headline?.file !== undefined)
      assert.ok(
        Object.keys(files).some((path) => headline.file === `${name}/${path}`),
        headline.file,
      )
  })

test('two Kustomizations that have applied one Secret are both named, with the missing kustomization file', async () => {
  const { seen } = await diagnosed()
  const { headline, message, fix } = seen.get('live-over')!
  assert.is(headline?.code, 'second-owner', JSON.stringify(headline))
  assert.is(headline?.object, 'secret default/live-below')
  assert.match(message, 'is applied by flux-system/live-below and by flux-system/live-over')
  assert.match(message, /flux-system\/live-(over|below) has (written the ciphertext into it|applied it last)/)
  assert.match(
    message,
    'has the path live-over and no kustomization file there, so it takes in everything below, without decryption',
  )
  assert.match(fix, 'commit a kustomization.yaml in live-over')
})

test('what two Kustomizations apply and nobody encrypts is only a warning', async () => {
  const { seen } = await diagnosed()
  const { headline, message } = seen.get('live-twice')!
  assert.is(headline?.code, 'built-twice', JSON.stringify(headline))
  assert.match(message, /configmap default\/live-twice.*\(it has the same path\)/)
})

test('ciphertext that is substituted into others is named with those', async () => {
  const { seen } = await diagnosed()
  assert.is(seen.get('live-vars')?.headline?.code, 'built-without-decryption')
  const { headline, message, fix, diagnoses } = seen.get('live-uses')!
  assert.is(headline?.code, 'ciphertext-substituted', JSON.stringify(diagnoses))
  assert.is(headline?.object, 'configmap flux-system/live-vars')
  assert.match(
    message,
    'flux-system/live-uses substitutes from it in postBuild: into configmap default/live-uses',
  )
  assert.match(fix, '`flux reconcile kustomization -n flux-system live-uses`')
  assert.is(diagnoses.length, 1)
})

test('objects whose file is gone while they are kept have the command that deletes them', async () => {
  const { seen } = await diagnosed()
  for (const [name, why] of [
    ['live-kept', 'spec.prune is false'],
    ['live-marked', 'prune: disabled keeps it'],
  ] as const) {
    const { headline, message, fix } = seen.get(name)!
    assert.is(headline?.code, 'left-behind', JSON.stringify(headline))
    assert.match(message, `has applied configmap default/${name} and no longer declares that; `)
    assert.match(message, why)
    assert.match(fix, `\`kubectl delete -n default configmap/${name}\``)
  }
})

test('objects of a Kustomization that is gone; not those of another cluster, nor copies', async () => {
  const { owners } = await diagnosed()
  assert.is(owners.length, 1, owners.join('\n'))
  assert.match(owners[0]!, 'applied configmap default/live-orphan')
  assert.match(owners[0]!, '`kubectl delete -n default configmap/live-orphan`')
})

test('a Secret that somebody has deleted; not one that has lost its label', async () => {
  const { seen } = await diagnosed()
  const { headline, message, fix } = seen.get('live-deleted')!
  assert.is(headline?.code, 'object-missing', JSON.stringify(headline))
  assert.is(headline?.object, 'secret default/live-deleted')
  assert.match(
    message,
    'is in the inventory of kustomization flux-system/live-deleted, and not in the cluster',
  )
  assert.match(fix, '`flux reconcile kustomization live-deleted --namespace flux-system`')
  assert.is(seen.get('live-bare')?.headline, undefined)
})

test('who may not list Secrets is told so, and sees the ciphertext in ConfigMaps', async () => {
  const { limited } = await diagnosed()
  const unseen = limited.flatMap(({ code, facts }) => (code === 'kind-unseen' ? `${facts.plural}` : []))
  for (const one of ['secrets', 'deployments']) assert.ok(unseen.includes(one), unseen.join())
  assert.ok(limited.some(({ effect }) => effect?.includes('configmap default/live-map')))
  assert.not.ok(limited.some(({ code }) => code === 'object-missing'))
})

test('no finding holds a value, nor the ciphertext of one', async () => {
  const { words } = await diagnosed()
  assert.not.match(words, value)
  assert.not.match(words, encoded(value).replace(/=+$/, ''))
  assert.not.match(words, 'ENC[AES256_GCM,data:')
})

test.run()
