import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findRoots } from '../../../scripts/diagnosis/chain/roots.ts'
import { nodeStatesOf } from '../../../scripts/diagnosis/chain/state.ts'
import type { Kustomization } from '../../../scripts/lib/cluster/flux-objects.ts'
import {
  appliedKustomization,
  conditionSaying,
  failingKustomization,
  fetchedSource,
  snapshotWith,
} from '../../helpers/diagnosis/snapshot.ts'

const waiting = (name: string, on: string) =>
  failingKustomization(name, 'DependencyNotReady', `dependency 'flux-system/${on}' is not ready`, {
    dependsOn: [{ name: on }],
  })
const broken = (name: string) => failingKustomization(name, 'BuildFailed', 'kustomize build failed')

/** What each root stops, and the state that it is in. */
function rootsOf(kustomizations: readonly Kustomization[], sources = [fetchedSource()]) {
  const roots = findRoots(nodeStatesOf(snapshotWith(kustomizations, { sources })))
  return roots.map(({ node, state, stops, ring }) => [
    node,
    state.code,
    stops.map((id) => id.replace('flux-system/', '')).toSorted(),
    ring.length,
  ])
}

test('a healthy cluster has no root', () => {
  assert.equal(
    rootsOf([appliedKustomization('a'), appliedKustomization('b', { spec: { dependsOn: [{ name: 'a' }] } })]),
    [],
  )
})

test('twenty that wait for one another are one root', () => {
  const links = Array.from({ length: 20 }, (_, index) =>
    waiting(`w${index}`, index === 0 ? 'broken' : `w${index - 1}`),
  )
  assert.equal(rootsOf([...links, broken('broken')]), [
    [
      'kustomization flux-system/broken',
      'fails',
      ['broken', ...links.map(({ metadata }) => metadata.name)].toSorted(),
      0,
    ],
  ])
})

test('two that fail are two roots, each with those behind it', () => {
  assert.equal(rootsOf([broken('a'), waiting('behind-a', 'a'), broken('b')]), [
    ['kustomization flux-system/a', 'fails', ['a', 'behind-a'], 0],
    ['kustomization flux-system/b', 'fails', ['b'], 0],
  ])
})

test('a ring is one root, and what waits for it is behind it', () => {
  assert.equal(rootsOf([waiting('b', 'a'), waiting('a', 'b'), waiting('c', 'b')]), [
    ['kustomization flux-system/a', 'waits', ['a', 'b', 'c'], 2],
  ])
  assert.equal(rootsOf([waiting('a', 'a')]), [['kustomization flux-system/a', 'waits', ['a'], 1]])
})

test('what is not in the cluster is the root, also where nobody says that it depends on it', () => {
  assert.equal(rootsOf([waiting('a', 'nobody')]), [['kustomization flux-system/nobody', 'missing', ['a'], 0]])
  const health = "timeout waiting for: [Kustomization/flux-system/gone status: 'NotFound']"
  assert.equal(rootsOf([failingKustomization('a', 'HealthCheckFailed', health)]), [
    ['kustomization flux-system/gone', 'missing', ['a'], 0],
  ])
})

test('a source that fails, is suspended or missing is the root of all that it feeds', () => {
  const noArtifact = (name: string) =>
    failingKustomization(name, 'ArtifactFailed', 'Source artifact not found, retrying in 30s')
  const users = [noArtifact('a'), noArtifact('b')]
  const failing = fetchedSource({ conditions: [conditionSaying('GitOperationFailed', 'no')] })
  const node = 'gitrepository flux-system/flux-system'
  assert.equal(rootsOf(users, [failing]), [[node, 'fails', ['a', 'b'], 0]])
  assert.equal(rootsOf(users, [fetchedSource({}, { suspend: true })]), [[node, 'suspended', ['a', 'b'], 0]])
  assert.equal(rootsOf(users, []), [[node, 'missing', ['a', 'b'], 0]])
})

test('a source that tries again fails all the same, and one that fetches for the first time is at work', () => {
  const users = [failingKustomization('a', 'ArtifactFailed', 'Source artifact not found, retrying in 30s')]
  const trying = conditionSaying('Progressing', 'building artifact', 'Unknown')
  const state = (...more: ReturnType<typeof conditionSaying>[]) => {
    const source = { ...fetchedSource(), status: { conditions: [trying, ...more] } }
    return rootsOf(users, [source]).map(([node, code]) => `${node} ${code}`)
  }
  const node = 'gitrepository flux-system/flux-system'
  assert.equal(state(conditionSaying('GitOperationFailed', 'no', 'True', 'FetchFailed')), [`${node} fails`])
  assert.equal(state(conditionSaying('VerificationError', 'no', 'False', 'SourceVerified')), [
    `${node} fails`,
  ])
  assert.equal(state(), [`${node} at-work`, 'kustomization flux-system/a at-work'])
})

test('a Kustomization that is Ready=True is behind its source as well, where that has stopped', () => {
  const failing = fetchedSource({ conditions: [conditionSaying('GitOperationFailed', 'no')] })
  assert.equal(rootsOf([appliedKustomization('a')], [failing]), [
    ['gitrepository flux-system/flux-system', 'fails', ['a'], 0],
  ])
})

test('a path that is missing is the fault of the Kustomization, and not of its source', () => {
  const lost = failingKustomization('a', 'ArtifactFailed', 'kustomization path not found: stat x')
  assert.equal(rootsOf([lost]), [['kustomization flux-system/a', 'fails', ['a'], 0]])
})

test('what a health check waits for is the root, where that is an object of Flux that is not ready', () => {
  const health =
    "health check failed after 30s: timeout waiting for: [Kustomization/flux-system/child status: 'InProgress']"
  const parent = failingKustomization('parent', 'HealthCheckFailed', health)
  assert.equal(rootsOf([parent, broken('child')]), [
    ['kustomization flux-system/child', 'fails', ['parent', 'child'].toSorted(), 0],
  ])
  assert.equal(rootsOf([parent, appliedKustomization('child')]), [
    ['kustomization flux-system/parent', 'fails', ['parent'], 0],
  ])
})

test('one whose dependency is ready by now is at work, and not wrong', () => {
  assert.equal(rootsOf([waiting('a', 'b'), appliedKustomization('b')]), [
    ['kustomization flux-system/a', 'at-work', ['a'], 0],
  ])
})

test('one that no controller has looked at is silent', () => {
  const silent = appliedKustomization('a', { status: { conditions: [] } })
  assert.equal(rootsOf([silent]), [['kustomization flux-system/a', 'silent', ['a'], 0]])
})

test('one that depends on what cannot be seen says itself what is wrong', () => {
  const other = failingKustomization('a', 'DependencyNotReady', "dependency 'other/b' is not ready", {
    dependsOn: [{ name: 'b', namespace: 'other' }],
  })
  const states = nodeStatesOf({ ...snapshotWith([other]), namespace: 'flux-system' })
  assert.is(states.get('kustomization flux-system/a')?.code, 'fails')
  assert.is(states.get('kustomization other/b'), undefined)
})

test('one whose expression does not take a dependency that is ready fails', () => {
  const message = "dependency 'flux-system/b' is not ready according to readyExpr eval"
  const one = failingKustomization('a', 'DependencyNotReady', message, { dependsOn: [{ name: 'b' }] })
  assert.equal(rootsOf([one, appliedKustomization('b')]), [
    ['kustomization flux-system/a', 'fails', ['a'], 0],
  ])
})

test.run()
