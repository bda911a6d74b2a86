import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Evidence } from '../../../scripts/diagnosis/evidence.ts'
import type { Snapshot } from '../../../scripts/diagnosis/snapshot/snapshot.ts'
import { compareValues } from '../../../scripts/diagnosis/values/compare-values.ts'
import { contentOfText, valueOfFile } from '../../../scripts/diagnosis/values/file-value.ts'
import type { Revision } from '../../../scripts/lib/applied/revision.ts'
import type { Kustomization } from '../../../scripts/lib/cluster/flux-objects.ts'
import type { Secret } from '../../../scripts/lib/cluster/kube-objects.ts'
import { makeFileTree } from '../../../scripts/lib/repository/file-tree.ts'
import { snapshotWith } from '../../helpers/diagnosis/snapshot.ts'
import { encoded, encrypt, key, secret, whole } from '../../helpers/flux/encrypted-objects.ts'

const [first, second] = ['1', '2'].map((digit) => `main@sha1:${digit.repeat(40)}`)

type Status = NonNullable<Kustomization['status']>

function kustomization(spec: object = {}, status: Status = {}): Kustomization {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'apps', namespace: 'flux-system', generation: 1 },
    spec: { prune: true, sourceRef: { kind: 'GitRepository', name: 'x' }, ...spec },
    status: {
      observedGeneration: 1,
      lastAppliedRevision: first!,
      lastAttemptedRevision: first!,
      inventory: { entries: [{ id: 'default_db__Secret', v: 'v1' }] },
      ...status,
    },
  }
}

const live = (token: string, metadata: object = {}): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'default', ...metadata },
  data: { token: encoded(token) },
})

const text = encrypt(secret('db'))

/** How the Secret `db`, which is encrypted as `clear`, compares. */
async function statusOf(object: Secret | undefined, of = kustomization(), more: Partial<Snapshot> = {}) {
  const snapshot: Snapshot = {
    ...snapshotWith([of]),
    secrets: new Map(object ? [['default/db', object]] : []),
    ...more,
  }
  const use = { file: 's.yaml', as: 'resources' as const, name: 's.yaml', by: undefined, steps: [] }
  const build = { flux: [], encrypted: new Set(['s.yaml']), uses: [use], hidden: [] }
  const textOf = () => text
  const tree = makeFileTree(['s.yaml'], [], [], textOf)
  const revision = { tree, textOf } as unknown as Revision
  const seen = { kustomization: 'flux-system/apps', commit: '1'.repeat(40), build, revision }
  const evidence: Evidence = {
    snapshot,
    repository: undefined,
    identities: [key],
    decrypted: async () => ({ files: [], notSeen: [] }),
    applied: async () => ({ builds: [seen], notBuilt: [] }),
    revisionOf: async () => undefined,
    keys: async () => ({ controller: undefined, secrets: new Map(), used: new Map() }),
    unopened: async () => [],
    tried: async () => undefined,
    env: {},
    signal: undefined,
  }
  const { objects } = await compareValues(evidence, [key])
  const [found] = objects
  assert.is(objects.length, 1)
  return [found?.status, ...(found?.keys ?? []), found?.why?.code].filter(Boolean).join(' ')
}

test('a difference is told only where it is one', async () => {
  assert.is(await statusOf(live('clear')), 'same')
  assert.is(await statusOf(live('other')), 'different token')
  assert.is(await statusOf(undefined), 'missing')
  assert.is(await statusOf(live('ENC[AES256_GCM,data:x]')), 'ciphertext token')

  const elsewhere = kustomization({ kubeConfig: {} })
  assert.is(await statusOf(live('clear'), elsewhere), 'not readable other-cluster')
  const unlisted = { notRead: [{ plural: 'secrets' }] }
  assert.is(await statusOf(undefined, kustomization(), unlisted), 'not readable forbidden')
  const oneNamespace = { namespace: 'flux-system' }
  assert.is(await statusOf(undefined, kustomization(), oneNamespace), 'not readable not-looked-into')
  const changed = kustomization({}, { observedGeneration: 0 })
  assert.is(await statusOf(live('other'), changed), 'not readable at-work')
  assert.is(await statusOf(live('clear'), changed), 'same')

  const ready = (reason: string) => [{ type: 'Ready', status: 'False' as const, reason, message: '' }]
  const tried = (reason: string) =>
    kustomization({}, { lastAttemptedRevision: second!, conditions: ready(reason) })
  assert.is(await statusOf(live('other'), tried('HealthCheckFailed')), 'not readable at-work')
  assert.is(await statusOf(live('other'), tried('BuildFailed')), 'different token')

  const unlocated = kustomization({}, { inventory: { entries: [] } })
  assert.is(await statusOf(live('clear'), unlocated), 'not readable not-followed')
  const kept = { annotations: { 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' } }
  assert.is(await statusOf(live('other', kept)), 'not readable not-followed')
})

test('of a file with a format counts what it says', async () => {
  const value = await valueOfFile(whole('# one\na: {b: "1"}\n'), 'x.yaml', [key])
  if (!('content' in value)) throw new Error('it is of a format')
  const says = (text: string) => contentOfText(text, value.format)?.equals(value.content)
  assert.is(says('a:\n    b: "1" # two\n'), true)
  assert.is(says("a: {b: '1'}\n"), true)
  assert.is(says('a: {b: 1}\n'), false)
  assert.is(says('a: {b: "2"}\n'), false)
  assert.is(says('a: {c: "1"}\n'), false)
  assert.is(says('a: &x {b: "1"}\n'), undefined)
})

test.run()
