import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkControllers } from '../../../scripts/diagnosis/checks/controllers.ts'
import { findNotReconciled } from '../../../scripts/diagnosis/checks/not-reconciled.ts'
import { gatherEvidence } from '../../../scripts/diagnosis/evidence.ts'
import type { Controller } from '../../../scripts/diagnosis/snapshot/snapshot.ts'
import type { Kustomization } from '../../../scripts/lib/cluster/flux-objects.ts'
import {
  appliedKustomization,
  failingKustomization,
  fetchedSource,
  snapshotWith,
} from '../../helpers/diagnosis/snapshot.ts'

const evidenceOf = (snapshot: ReturnType<typeof snapshotWith>) =>
  gatherEvidence(snapshot, undefined, undefined, { env: {}, signal: new AbortController().signal })

const controller = (name: string, replicas: number, readyReplicas?: number): Controller => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'flux-system' },
  spec: { replicas, template: { spec: { containers: [] } } },
  status: readyReplicas === undefined ? {} : { readyReplicas },
})

test('a controller that is scaled to 0, or has no ready Pod, stops all', async () => {
  const controllers = [
    controller('kustomize-controller', 0),
    controller('source-controller', 1),
    controller('helm-controller', 0),
  ]
  const found = await checkControllers(evidenceOf(snapshotWith([appliedKustomization('a')], { controllers })))
  assert.equal(
    found.map(({ finding, stops }) => [finding.code, finding.object, stops]),
    [
      ['controller-scaled-down', 'deployment flux-system/kustomize-controller', ['flux-system/a']],
      ['controller-down', 'deployment flux-system/source-controller', ['flux-system/a']],
    ],
  )
})

test('a controller that is missing beside others, and a shard that is down, stop all', async () => {
  const shard = controller('kustomize-controller-shard1', 1)
  shard.spec.template.spec.containers = [
    { name: 'manager', image: 'example.com/kustomize-controller:v1.9.4' },
  ]
  const found = await checkControllers(
    evidenceOf(snapshotWith([appliedKustomization('a')], { controllers: [shard] })),
  )
  assert.equal(
    found.map(({ finding: { code, object, facts } }) => `${code} ${object} ${facts.name}`),
    [
      'controller-down deployment flux-system/kustomize-controller-shard1 kustomize-controller-shard1',
      'controller-missing context test source-controller',
    ],
  )
})

test('controllers with ready Pods, and Flux without Deployments, are nothing to tell', async () => {
  const controllers = [controller('kustomize-controller', 1, 1), controller('source-controller', 2, 1)]
  assert.equal(await checkControllers(evidenceOf(snapshotWith([], { controllers }))), [])
  assert.equal(await checkControllers(evidenceOf(snapshotWith([]))), [])
})

test('what nobody reconciles is told when an interval and a timeout are over', () => {
  const newer = fetchedSource({
    artifact: { revision: 'main@sha1:2', lastUpdateTime: '2026-01-01T00:00:00Z' },
  })
  const codes = (one: Kustomization, minutes: number, source = newer) =>
    findNotReconciled(
      evidenceOf(snapshotWith([one], { sources: [source] })),
      Date.parse('2026-01-01T00:00:00Z') + minutes * 60_000,
    ).map(({ finding }) => `${finding.code} ${finding.facts.age}`)
  const one = appliedKustomization('a', { spec: { interval: '10m', timeout: '5m' } })
  assert.equal(codes(one, 15), [])
  assert.equal(codes(one, 17), ['not-reconciled 17 minutes'])
  assert.equal(codes(one, 240), ['not-reconciled 4 hours'])
  // without a timeout that of the interval counts
  assert.equal(codes(appliedKustomization('a', { spec: { interval: '10m' } }), 20), [])
  // the innocent: one that has it, is suspended, or fails and says why
  assert.equal(
    codes(
      one,
      240,
      fetchedSource({ artifact: { revision: 'main@sha1:1', lastUpdateTime: '2026-01-01T00:00:00Z' } }),
    ),
    [],
  )
  assert.equal(codes(appliedKustomization('a', { spec: { suspend: true } }), 240), [])
  assert.equal(codes(failingKustomization('a', 'BuildFailed', 'no'), 240), [])
})

test.run()
