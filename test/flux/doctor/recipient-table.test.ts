import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { linesOfRecipients, tabulateRecipients } from '../../../scripts/diagnosis/keys/recipient-table.ts'
import { clusterKeyFindings } from '../../../scripts/findings/catalogue/cluster/keys.ts'
import { keySecretFindings } from '../../../scripts/findings/catalogue/key-secret.ts'
import { worded } from '../../../scripts/findings/finding.ts'
import { diagnoseFlux, withEvidence } from '../../helpers/flux/diagnose-cases.ts'
import { encrypt, key, secret } from '../../helpers/flux/encrypted-objects.ts'
import { withCases } from '../../helpers/flux/run-cases.ts'
import { makeKey } from '../../helpers/keys.ts'

const [backup, old] = [makeKey(), makeKey()]
const both = { to: [[key, backup]] }

/** Without rights on Secrets. */
const readers = (name: string) => [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name },
    rules: [
      {
        apiGroups: ['kustomize.toolkit.fluxcd.io', 'source.toolkit.fluxcd.io', 'apps', ''],
        resources: ['kustomizations', 'gitrepositories', 'deployments', 'configmaps', 'namespaces'],
        verbs: ['get', 'list'],
      },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
  },
]

test('files, rules and Secrets of each recipient stand side by side', () => {
  const block = (name: string) => `  decryption: {provider: sops, secretRef: {name: ${name}}}\n`
  const rules = `creation_rules:\n  - {path_regex: x, age: "${key.recipient},${backup.recipient}"}\n  - age: ${key.recipient}\n`
  const cases = [
    {
      name: 'one',
      files: () => ({ 'a.yaml': encrypt(secret('a'), both), 'b.yaml': encrypt(secret('b')) }),
      keys: { 'age.agekey': `${key.secret}\n${old.secret}` },
      spec: block('one'),
    },
    {
      name: 'two',
      files: () => ({ 'c.yaml': encrypt(secret('c'), both) }),
      keys: { 'age.agekey': key.text },
      spec: block('two'),
    },
    { name: 'lost', files: () => ({ 'd.yaml': encrypt(secret('d')) }), keys: undefined, spec: block('lost') },
    {
      name: 'foreign',
      files: () => ({ 'e.yaml': encrypt(secret('e')) }),
      keys: { 'age.agekey': old.text },
      spec: block('foreign'),
    },
    {
      name: 'rules',
      files: () => ({ '.sops.yaml': rules, 'kustomization.yaml': 'resources: []\n' }),
      spec: '',
    },
  ]
  return withCases(cases, async (flux) => {
    const table = await withEvidence(flux, tabulateRecipients)
    assert.equal(table, [
      // what has applied nothing yet counts with what it has tried: d.yaml and e.yaml
      {
        recipient: key.recipient,
        files: 5,
        rules: 2,
        secrets: ['flux-system/one', 'flux-system/two'],
      },
      { recipient: backup.recipient, files: 2, rules: 1, secrets: [] },
      { recipient: old.recipient, files: 0, rules: 0, secrets: ['flux-system/foreign', 'flux-system/one'] },
    ])
    const lines = linesOfRecipients(table)
    assert.equal(lines.slice(0, 4), [
      `  ${key.recipient}`,
      '    5 files, 2 rules; held by flux-system/one, flux-system/two',
      `  ${backup.recipient}`,
      '    2 files, 1 rule; holder unknown',
    ])
    for (const line of lines) assert.ok(line.length <= 80, line)
    const outside = linesOfRecipients(await withEvidence(flux, tabulateRecipients, { isOutside: true }))
    assert.ok(
      outside.includes('    files not seen, rules not seen; held by flux-system/one, flux-system/two'),
    )

    // who may not read Secrets is told so once, and is told of none that it is missing
    const { sandbox } = flux
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: readers('reader') })
    await sandbox.kubectl(['apply', '--server-side', '-f', '-'], list)
    try {
      const reader = { ...flux, env: { ...flux.env, KUBECONFIG: sandbox.kubeconfigFor('reader') } }
      const { diagnoses } = await diagnoseFlux(reader)
      const families: Record<string, unknown> = { ...keySecretFindings, ...clusterKeyFindings }
      const codes = diagnoses
        .map(({ finding }) => finding.code)
        .filter((code) => code in families || code === 'kind-unseen')
      // beside that it is what Flux says itself
      assert.equal(codes.toSorted(), ['key-secret-missing', 'kind-unseen', 'wrong-key'])
      const wrong = diagnoses.find(({ finding }) => finding.code === 'wrong-key')!.finding
      assert.is(wrong.object, 'kustomization flux-system/foreign')
      assert.is(wrong.file, 'foreign/e.yaml')
      assert.match(worded(wrong).message, 'you may not read secret flux-system/foreign')
      const [first] = await withEvidence(reader, tabulateRecipients)
      assert.is(first?.secrets, undefined)
      assert.match(linesOfRecipients([first!])[1]!, 'Secrets not read')
    } finally {
      await sandbox.kubectl(['delete', '-f', '-'], list)
    }
  })
})

test('a line has 80 columns, however many hold an identity', () => {
  const secrets = Array.from({ length: 30 }, (_, index) => `tenant-with-a-name-${index}/sops-age`)
  const [, line] = linesOfRecipients([{ recipient: key.recipient, files: 1, rules: 0, secrets }])
  assert.is(line, '    1 file, 0 rules; held by tenant-with-a-name-0/sops-age and 29 more')
})

test.run()
