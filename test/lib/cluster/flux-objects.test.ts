import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  branchOf,
  commitOf,
  dependenciesOf,
  fetchFailureOf,
  type GitRepository,
  type Kustomization,
  ownsSecret,
  sourceIdOf,
} from '../../../scripts/lib/cluster/flux-objects.ts'

const sha = 'a'.repeat(40)

test('commitOf reads the revisions of all versions of Flux', () => {
  for (const revision of [`main@sha1:${sha}`, `sha1:${sha}`, `main/${sha}`, `a/b@sha1:${sha}`, sha])
    assert.is(commitOf(revision), sha, revision)
  for (const revision of [undefined, '', 'main', `sha256:${'a'.repeat(64)}`, `main@sha1:${sha.slice(1)}`])
    assert.is(commitOf(revision), undefined)
})

test('branchOf', () => {
  const branch = (ref?: GitRepository['spec']['ref']) => branchOf({ spec: { url: '', ref } } as GitRepository)
  assert.is(branch(), 'master')
  assert.is(branch({ branch: 'main' }), 'main')
  assert.is(branch({ name: 'refs/heads/a/b' }), 'a/b')
  assert.is(branch({ name: 'refs/tags/v1' }), undefined)
  const name = 'refs/heads/main'
  assert.is(branch({ tag: 'v1', name }), 'main')
  for (const ref of [
    { tag: 'v1' },
    { semver: '1.x' },
    { branch: 'main', commit: sha },
    { name, commit: sha },
  ])
    assert.is(branch(ref), undefined, JSON.stringify(ref))
})

test('fetchFailureOf: what is new and not fetched yet is no failure', () => {
  const source = (...reasons: [type: string, status: string, reason: string][]) =>
    ({
      status: {
        conditions: reasons.map(([type, status, reason]) => ({ type, status, reason, message: '' })),
      },
    }) as GitRepository
  const outdated = ['ArtifactOutdated', 'True', 'NewRevision'] as [string, string, string]
  assert.is(fetchFailureOf(source(['Ready', 'False', 'NewRevision'], outdated)), undefined)
  assert.is(fetchFailureOf(source(['Ready', 'True', 'Succeeded'])), undefined)
  assert.is(fetchFailureOf(source()), undefined)
  const failed = source(['Ready', 'False', 'GitOperationFailed'], outdated)
  assert.is(fetchFailureOf(failed)?.reason, 'GitOperationFailed')
})

test('ids of what a Kustomization names, and of what it owns', () => {
  const kustomization = {
    metadata: { name: 'a', namespace: 'one' },
    spec: {
      dependsOn: [{ name: 'b' }, { name: 'c', namespace: 'two' }],
      sourceRef: { kind: 'GitRepository', name: 's' },
    },
    status: { inventory: { entries: [{ id: 'default_sops-test__Secret' }] } },
  } as Kustomization
  assert.equal(dependenciesOf(kustomization), ['one/b', 'two/c'])
  assert.is(sourceIdOf(kustomization), 'one/s')
  assert.is(ownsSecret(kustomization, 'default', 'sops-test'), true)
  assert.is(ownsSecret(kustomization, 'default', 'sops'), false)
  const remote = { ...kustomization, spec: { ...kustomization.spec, kubeConfig: {} } }
  assert.is(ownsSecret(remote, 'default', 'sops-test'), false)
})

test.run()
