import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkLive } from '../../../scripts/diagnosis/checks/live/check-live.ts'
import type { Diagnosis } from '../../../scripts/diagnosis/diagnosis.ts'
import { gatherEvidence } from '../../../scripts/diagnosis/evidence.ts'
import type { Snapshot } from '../../../scripts/diagnosis/snapshot/snapshot.ts'
import { worded } from '../../../scripts/findings/finding.ts'
import { idOf, type Kustomization } from '../../../scripts/lib/cluster/flux-objects.ts'
import type { KubeObject, Secret } from '../../../scripts/lib/cluster/kube-objects.ts'
import { snapshotWith } from '../../helpers/diagnosis/snapshot.ts'
import { encoded, encrypt, secret } from '../../helpers/flux/encrypted-objects.ts'

const [token = ''] = /ENC\[AES256_GCM.*?type:str\]/.exec(encrypt(secret('x'))) ?? []

/** A Kustomization that is ready, and has applied Secrets of the namespace `default`. */
function ready(name: string, secrets: readonly string[], spec: object = {}): Kustomization {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace: 'flux-system', generation: 1 },
    spec: {
      prune: true,
      path: `./${name}`,
      sourceRef: { kind: 'GitRepository', name: 'flux-system' },
      ...spec,
    },
    status: {
      observedGeneration: 1,
      conditions: [{ type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded', message: '' }],
      inventory: { entries: secrets.map((one) => ({ id: `default_${one}__Secret`, v: 'v1' })) },
    },
  }
}

function appliedSecret(name: string, writer: string, text: string, managed = 'kustomize-controller'): Secret {
  const [namespace = '', owner = ''] = writer.split('/')
  const labels = {
    'kustomize.toolkit.fluxcd.io/name': owner,
    'kustomize.toolkit.fluxcd.io/namespace': namespace,
  }
  const managedFields = [{ manager: managed, operation: 'Apply' as const }]
  const metadata = { name, namespace: 'default', labels, managedFields }
  return { apiVersion: 'v1', kind: 'Secret', metadata, data: { token: encoded(text) } }
}

/** What is found in a cluster, outside of a repository. */
async function found(
  kustomizations: readonly Kustomization[],
  secrets: readonly Secret[],
  more: Partial<Snapshot> = {},
  others: readonly { group: string; kind: string; object: KubeObject }[] = [],
): Promise<Diagnosis[]> {
  const snapshot: Snapshot = {
    ...snapshotWith(kustomizations, { sources: [] }),
    secrets: new Map(secrets.map((one) => [idOf(one), one])),
    namespaces: new Set(['flux-system', 'default']),
    applied: async () => ({ others, notRead: [] }),
    ...more,
  }
  return checkLive(
    gatherEvidence(snapshot, undefined, undefined, { env: {}, signal: new AbortController().signal }),
  )
}
const codes = (diagnoses: readonly Diagnosis[]) => diagnoses.map(({ finding }) => finding.code)

test('of a Kustomization that applies elsewhere only that is said', async () => {
  const elsewhere = { kubeConfig: { secretRef: { name: 'x' } } }
  const all = [ready('here', ['a']), ready('there', ['a'], elsewhere)]
  const diagnoses = await found(all, [appliedSecret('a', 'flux-system/here', 'x')])
  assert.equal(codes(diagnoses), ['applies-elsewhere'])
  assert.equal(diagnoses[0]?.stops, ['flux-system/there'])
})

test('two that apply to the same other cluster have several owners there', async () => {
  const elsewhere = { kubeConfig: { secretRef: { name: 'x' } } }
  const all = [ready('one', ['a'], elsewhere), ready('two', ['a'], elsewhere)]
  assert.equal(codes(await found(all, [])), ['built-twice', 'applies-elsewhere', 'applies-elsewhere'])
})

test('one finding for all that a Kustomization without decryption has applied', async () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const secrets = names.map((name) => appliedSecret(name, 'flux-system/one', token))
  const diagnoses = await found([ready('one', names)], secrets)
  assert.equal(codes(diagnoses), ['built-without-decryption'])
  assert.match(
    worded(diagnoses[0]!.finding).message,
    'secret default/a, secret default/b, secret default/c and 2 more hold ciphertext of sops as a value (data.token)',
  )
})

test('where the repository does not say why, the object is named', async () => {
  const decryption = { decryption: { provider: 'sops' } }
  const secrets = [appliedSecret('a', 'flux-system/one', token)]
  assert.equal(codes(await found([ready('one', ['a'], decryption)], secrets)), ['ciphertext-applied'])
})

test('of a namespace alone it is not said that a Kustomization elsewhere is gone', async () => {
  const secrets = [appliedSecret('a', 'flux-system/one', token), appliedSecret('b', 'flux-system/one', 'x')]
  const diagnoses = await found([], secrets, { namespace: 'default', namespaces: undefined })
  assert.equal(codes(diagnoses), ['ciphertext-unseen'])
  assert.match(
    worded(diagnoses[0]!.finding).message,
    'by its labels the Kustomization flux-system/one has applied it',
  )
})

test('what a controller has copied with its labels is nobody`s', async () => {
  const copy = appliedSecret('copy', 'flux-system/gone', token, 'reflector')
  assert.equal(codes(await found([], [copy])), [])
})

test('a Kustomization that has not applied what its source has owns nothing for sure', async () => {
  const behind = ready('two', ['a'])
  behind.status!.observedGeneration = 0
  const secrets = [appliedSecret('a', 'flux-system/one', 'x')]
  assert.equal(codes(await found([ready('one', ['a']), behind], secrets)), [])
})

test('a namespace that two declare is only to be known', async () => {
  const entries = [{ id: '_apps__Namespace', v: 'v1' }]
  const all = ['one', 'two'].map((name) => {
    const one = ready(name, [])
    return { ...one, status: { ...one.status, inventory: { entries } } }
  })
  const diagnoses = await found(all, [])
  assert.equal(codes(diagnoses), ['namespace-applied-twice'])
  assert.is(diagnoses[0]?.finding.object, 'namespace apps')
})

test('a suspended Kustomization does not bring back what was deleted', async () => {
  const diagnoses = await found([ready('one', ['a'], { suspend: true })], [])
  assert.equal(codes(diagnoses), ['object-missing-suspended'])
  const { message, fix } = worded(diagnoses[0]!.finding)
  assert.match(message, 'which is suspended, and not in the cluster')
  assert.is(fix, '`flux resume kustomization one --namespace flux-system` makes it again')
})

test('an operator decrypts what is meant to be ciphertext', async () => {
  const metadata = appliedSecret('x', 'flux-system/one', '').metadata
  const object = {
    apiVersion: 'isindir.github.com/v1alpha3',
    kind: 'SopsSecret',
    metadata,
    spec: { a: token },
  }
  const other = (kind: string) => [{ group: 'isindir.github.com', kind, object }]
  assert.equal(codes(await found([ready('one', [])], [], {}, other('SopsSecret'))), [])
  assert.equal(codes(await found([ready('one', [])], [], {}, other('Other'))), ['built-without-decryption'])
})

test('250 Kustomizations with 1000 Secrets take no time', async () => {
  const numbers = Array.from({ length: 250 }, (_, index) => index)
  const names = (index: number) => Array.from({ length: 4 }, (_, number) => `s${index}-${number}`)
  const all = numbers.map((index) => ready(`k${index}`, names(index)))
  const secrets = numbers.flatMap((index) =>
    names(index).map((name) => appliedSecret(name, `flux-system/k${index}`, 'x'.repeat(1_000))),
  )
  // the time of the processor, for others work beside it
  const times: number[] = []
  for (let run = 0; run < 3; run++) {
    const start = process.cpuUsage()
    assert.equal(codes(await found(all, secrets)), [])
    const { user, system } = process.cpuUsage(start)
    times.push((user + system) / 1000)
  }
  assert.ok(Math.min(...times) < 300, `${times} ms`)
})

test.run()
