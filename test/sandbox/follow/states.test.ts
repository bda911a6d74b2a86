import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Kustomization } from '../../../scripts/lib/cluster/flux-objects.ts'
import { type Seen, type Source, statesOf } from '../../../scripts/sandbox/follow/states.ts'
import { stateLines } from '../../../scripts/sandbox/follow/words.ts'

const [now, before] = ['a'.repeat(40), 'b'.repeat(40)]

/** A Kustomization of flux-system that has come to an end with a commit, Ready where there is no reason. */
function kustomization(
  name: string,
  { reason = '', message = '', commit = now, dependsOn = [] as string[], spec = {} },
): Kustomization {
  const revision = `main@sha1:${commit}`
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace: 'flux-system' },
    spec: {
      prune: true,
      sourceRef: { kind: 'GitRepository', name: 'flux-system' },
      dependsOn: dependsOn.map((one) => ({ name: one })),
      ...spec,
    },
    status: {
      conditions: [{ type: 'Ready', status: reason ? 'False' : 'True', reason, message }],
      lastAttemptedRevision: revision,
      ...(reason === '' && { lastAppliedRevision: revision }),
    },
  }
}

function states(all: readonly Kustomization[], sources: Record<string, Source | undefined> = {}) {
  const seen: Seen = {
    kustomizations: new Map(all.map((one) => [`flux-system/${one.metadata.name}`, one])),
    sources: new Map(Object.entries(sources)),
    own: new Set(['flux-system/flux-system']),
    commit: now,
  }
  const found = statesOf(seen)
  return { found, lines: stateLines(found, 'aaaaaaa') }
}

const notReady = (name: string, dependsOn: string[]) =>
  kustomization(name, {
    reason: 'DependencyNotReady',
    message: `dependency 'flux-system/${dependsOn[0]}' is not ready`,
    dependsOn,
  })

test('what waits for one that has failed has come to an end, and stands behind it', () => {
  const { lines } = states([
    kustomization('ready', {}),
    notReady('a', ['b']),
    notReady('b', ['c']),
    notReady('also', ['c', 'ready']),
    kustomization('c', { reason: 'BuildFailed', message: 'secrets "sops-age"\nnot found' }),
    kustomization('off', { spec: { suspend: true } }),
  ])
  assert.equal(lines, [
    'aaaaaaa: 1 of 6 Kustomizations are Ready',
    'Kustomization flux-system/c is not Ready: secrets "sops-age" not found',
    'waiting for flux-system/b: flux-system/a',
    'waiting for flux-system/c: flux-system/also, flux-system/b',
    'Kustomization flux-system/off is suspended',
  ])
})

test('what is still at an earlier commit, or waits for such a one, is busy', () => {
  const { found } = states([
    kustomization('old', { commit: before }),
    kustomization('failed-before', { commit: before, reason: 'BuildFailed', message: 'x' }),
    notReady('next', ['old']),
    // what has another source has nothing of the commit
    kustomization('other', { commit: before, spec: { sourceRef: { kind: 'GitRepository', name: 'other' } } }),
  ])
  assert.equal(
    [...found.values()].map(({ state }) => state),
    ['busy', 'busy', 'busy', 'ready'],
  )
})

test('a circle ends, and a dependency that is not there is the cause', () => {
  const { lines } = states([
    notReady('a', ['b']),
    notReady('b', ['a']),
    kustomization('c', {
      reason: 'DependencyNotReady',
      message: "dependency 'flux-system/nobody' not found: x",
      dependsOn: ['nobody'],
    }),
  ])
  assert.equal(lines.slice(1), [
    'Kustomization flux-system/c is not Ready: it depends on flux-system/nobody, which is not in the cluster',
    'waiting for flux-system/b: flux-system/a',
    'waiting for flux-system/a: flux-system/b',
  ])
})

test('a source that is not there, not fetched or not looked at yet', () => {
  const of = (kind: string, name: string) =>
    kustomization(name, {
      reason: 'ArtifactFailed',
      message: 'no artifact',
      spec: { sourceRef: { kind, name } },
    })
  const fetched = (status: 'True' | 'False'): Source => ({
    metadata: { name: 'x' },
    status: { conditions: [{ type: 'Ready', status, reason: 'x', message: 'connection refused' }] },
  })
  const all = [
    of('Bucket', 'a'),
    of('OCIRepository', 'b'),
    of('OCIRepository', 'c'),
    of('GitRepository', 'd'),
    of('ExternalArtifact', 'e'),
  ]
  const { found, lines } = states(all, {
    'Bucket flux-system/a': undefined,
    'OCIRepository flux-system/b': fetched('False'),
    'OCIRepository flux-system/c': fetched('True'),
  })
  assert.is(found.get('flux-system/c')?.state, 'busy')
  assert.is(found.get('flux-system/d')?.state, 'busy')
  assert.equal(lines.slice(1, 4), [
    'Kustomization flux-system/a is not Ready: its source Bucket flux-system/a is not in the cluster',
    'Kustomization flux-system/b is not Ready: its source OCIRepository flux-system/b, which is not this repository, is not fetched: connection refused',
    'Kustomization flux-system/e is not Ready: its source ExternalArtifact flux-system/e is made by source-watcher, which does not run here',
  ])
})

test('no decrypted value is shown, and a long reason is cut', () => {
  const leak = '.stringData.token: expected string, got &value.valueUnstructured{Value:12345}'
  const { lines } = states([
    kustomization('a', { reason: 'ReconciliationFailed', message: leak }),
    kustomization('b', { reason: 'BuildFailed', message: 'x'.repeat(1000) }),
  ])
  assert.not.match(lines.join('\n'), '12345')
  assert.ok(lines.every((line) => line.length < 400))
})

test.run()
