import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diagnose } from '../../scripts/diagnosis/diagnose.ts'
import { gatherEvidence } from '../../scripts/diagnosis/evidence.ts'
import type { Kustomization } from '../../scripts/lib/cluster/flux-objects.ts'
import { appliedKustomization, conditionSaying, snapshotWith } from '../helpers/diagnosis/snapshot.ts'

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

/** What is told of a cluster with one Kustomization. */
async function codesOf(one: Kustomization): Promise<string[]> {
  const evidence = gatherEvidence(snapshotWith([one]), undefined, undefined, {
    env: {},
    signal: new AbortController().signal,
  })
  return (await diagnose(evidence)).map(({ finding: { code, facts } }) => `${code} ${facts.age ?? ''}`.trim())
}

function atWorkSince(minutes: number): Kustomization {
  const condition = conditionSaying('Progressing', 'Running health checks', 'Unknown')
  const conditions = [{ ...condition, lastTransitionTime: ago(minutes) }]
  return appliedKustomization('a', { spec: { interval: '10m', timeout: '5m' }, status: { conditions } })
}

test('what Flux is at work on is a note, and a warning when it takes longer than it may', async () => {
  assert.equal(await codesOf(atWorkSince(15)), ['at-work'])
  assert.equal(await codesOf(atWorkSince(17)), ['at-work-long 17 minutes'])
})

test('what is being deleted is a note, and a warning when something keeps Flux from it, whatever Ready says', async () => {
  const deletedFor = (minutes: number) => {
    const one = appliedKustomization('a', { spec: { interval: '10m', timeout: '5m' } })
    return { ...one, metadata: { ...one.metadata, deletionTimestamp: ago(minutes) } }
  }
  assert.equal(await codesOf(deletedFor(1)), ['at-work'])
  assert.equal(await codesOf(deletedFor(180)), ['deletion-stuck 3 hours'])
})

test('encrypted files that cannot be seen are said, for nothing is known of them', async () => {
  const decryption = { provider: 'sops', secretRef: { name: 'sops-age' } }
  const codes = await codesOf(
    appliedKustomization('a', {
      spec: { decryption },
      status: { lastAppliedRevision: `main@sha1:${'1'.repeat(40)}` },
    }),
  )
  assert.ok(codes.includes('files-not-seen'), codes.join())
  assert.equal(await codesOf(appliedKustomization('a')), [])
})

test.run()
