import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GitRepository } from '../../../../scripts/lib/cluster/flux-objects.ts'
import { whyNotFetched } from '../../../../scripts/sops/verify/wait/source.ts'

const isReconciling = { type: 'Reconciling', status: 'True', reason: 'Progressing', message: '' } as const

/** A source that has handled a request, and is fetching or not. */
const sourceOf = (lastHandledReconcileAt: string, isFetching = false): GitRepository => ({
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'GitRepository',
  metadata: { name: 'b', namespace: 'a' },
  spec: { url: 'https://user:word@x/y', interval: '10m' },
  status: {
    lastHandledReconcileAt,
    artifact: { revision: 'main@sha1:0' },
    conditions: isFetching ? [isReconciling] : [],
  },
})

const slow = [{ code: 'slow', object: 'gitrepository a/b', facts: {} }] as const

test('why a source has not fetched', () => {
  assert.equal(whyNotFetched(sourceOf('now'), 'now', []), {
    why: 'elsewhere',
    namespace: 'a',
    interval: '10m',
    revision: 'main@sha1:0',
    url: 'https://x/y',
  })
  assert.is(whyNotFetched(sourceOf('before'), 'now', []).why, 'silent')
  assert.is(whyNotFetched(sourceOf('before', true), 'now', []).why, 'fetching')
  assert.is(whyNotFetched(sourceOf('before'), undefined, []).why, 'not-told')
  assert.is(whyNotFetched(sourceOf('now'), 'now', slow).why, 'not-told')
})

test.run()
