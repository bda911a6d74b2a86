import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findRoots } from '../../../scripts/diagnosis/chain/roots.ts'
import { nodeStatesOf } from '../../../scripts/diagnosis/chain/state.ts'
import { gatherEvidence } from '../../../scripts/diagnosis/evidence.ts'
import { explainRoot } from '../../../scripts/diagnosis/explain/explain-root.ts'
import { worded } from '../../../scripts/findings/finding.ts'
import {
  appliedKustomization,
  conditionSaying,
  fetchedSource,
  snapshotWith,
} from '../../helpers/diagnosis/snapshot.ts'

const caller = { env: {}, signal: new AbortController().signal }
const applied = appliedKustomization('apps')

/** What is said of the only root in a cluster. */
async function told(kustomization = applied, source = fetchedSource()) {
  const snapshot = snapshotWith([kustomization], { sources: [source] })
  const [root, ...more] = findRoots(nodeStatesOf(snapshot))
  assert.equal(more, [])
  const found = await explainRoot(root!, gatherEvidence(snapshot, undefined, undefined, caller))
  return { ...found, ...worded(found) }
}

test('what nobody has looked at yet names the controller that is to do it', async () => {
  const source = await told(applied, { ...fetchedSource(), status: {} })
  assert.is(source.object, 'gitrepository flux-system/flux-system')
  assert.match(
    source.fix,
    'see whether source-controller runs: `kubectl get pods -A -l app=source-controller`',
  )
  const kustomization = await told({ ...applied, status: {} })
  assert.is(kustomization.code, 'no-status')
  assert.match(kustomization.fix, '-l app=kustomize-controller`')
})

test('a suspended Kustomization that has all is only to be known, and the command resumes it', async () => {
  const current = await told(appliedKustomization('apps', { spec: { suspend: true } }))
  assert.is(current.code, 'suspended-current')
  assert.match(current.fix, '`flux resume kustomization apps -n flux-system`')
  const behind = fetchedSource({ artifact: { revision: 'main@sha1:2' } })
  assert.is((await told(appliedKustomization('apps', { spec: { suspend: true } }), behind)).code, 'suspended')
})

/** A source that says that it fails. */
const failing = (reason: string, message: string, spec = {}) =>
  fetchedSource({ conditions: [conditionSaying(reason, message)] }, spec)

test('refused credentials: what is to be done says where they belong', async () => {
  const message =
    "failed to checkout and determine revision: unable to clone 'https://h.example/x': authentication required"
  const none = await told(applied, failing('GitOperationFailed', message))
  assert.is(none.message, 'the remote refuses to be read without credentials')
  assert.is(
    none.fix,
    'put credentials that may read the repository into a Secret of namespace flux-system, and name that in spec.secretRef',
  )
  const named = await told(applied, failing('GitOperationFailed', message, { secretRef: { name: 'login' } }))
  assert.is(named.message, 'the remote refuses the credentials of Secret flux-system/login')
  assert.is(named.fix, 'put credentials that may read the repository into Secret flux-system/login')
})

test('no finding has the password of a URL', async () => {
  for (const [reason, message] of [
    [
      'URLInvalid',
      `failed to parse url 'https://u:hunter2#x@h.example': parse "https://u:hunter2#x@h.example": invalid port ":hunter2" after host`,
    ],
    ['GitOperationFailed', "unable to clone 'https://u:hunter2@h.example/x': dial tcp: no such host"],
    ['Unknown', "cannot fetch 'https://hunter2@h.example/x'"],
  ] as const) {
    const found = await told(applied, failing(reason, message))
    assert.match(found.message, /h\.example|no such host|invalid port/)
    assert.not.match(JSON.stringify(found), /hunter2/)
  }
})

test.run()
