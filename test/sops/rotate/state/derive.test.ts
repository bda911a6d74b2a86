import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deriveRotation } from '../../../../scripts/sops/rotate/state/derive.ts'
import { neverNamed } from '../../../../scripts/sops/rotate/state/named.ts'
import { writeFiles } from '../../../helpers/files.ts'
import { makeKey, sopsConfig } from '../../../helpers/keys.ts'
import { type TestRepository, withRepository } from '../../../helpers/repository.ts'
import { commitAll, placesIn, rotatedTexts } from '../../../helpers/rotate/rotation.ts'

const [oldKey, nextKey, otherKey] = [makeKey(), makeKey(), makeKey()]
const { oldOnly, both, newOnly, neither } = rotatedTexts(oldKey, nextKey, otherKey)
const [old, next, other] = [oldKey, nextKey, otherKey].map(({ recipient }) => recipient) as [
  string,
  string,
  string,
]
const stranger = makeKey().recipient
const names = new Map([
  [old, 'old'],
  [next, 'next'],
  [other, 'other'],
  [stranger, 'stranger'],
])
const trailers = `x\n\nAge-Recipient-Old: ${old}\nAge-Recipient-New: ${next}`

interface Given {
  secrets?: string[][]
  hand?: string[]
  old?: string
  next?: string
}

/** As `old → next by only`, with what has ended and what is not sure; or the codes. */
async function derived(repository: Pick<TestRepository, 'root' | 'env'>, given: Given): Promise<string> {
  const places = await placesIn(repository)
  const { root, env } = repository
  const found = await deriveRotation({
    places,
    repository: { root, env },
    keySecrets: given.secrets,
    atHand: given.hand ?? [],
    old: given.old,
    next: given.next,
  })
  if ('findings' in found) return found.findings.map(({ code }) => code).join(' ')
  const name = (recipient: string | undefined) => names.get(recipient ?? '') ?? '?'
  const ended = found.ended ? `, ended ${name(found.ended.old)} → ${name(found.ended.next)}` : ''
  const unsure = found.unsure.map(({ code }) => `, ${code}`).join('')
  return `${name(found.old)} → ${name(found.next)} by ${found.by}${ended}${unsure}`
}

/** A repository with these commits one after the other: each its files, and its message. */
function withCommits(
  commits: readonly (readonly [files: Record<string, string>, message?: string])[],
  use: (repository: TestRepository) => Promise<void>,
) {
  return withRepository({}, async (repository) => {
    for (const [files, message] of commits) {
      writeFiles(repository.root, files)
      commitAll(repository, message)
    }
    await use(repository)
  })
}

test('before a rotation', () =>
  withCommits(
    [[{ 'b.yaml': neither }], [{ 'a.yaml': oldOnly, '.sops.yaml': sopsConfig(old) }]],
    async (repository) => {
      const of = (given: Given) => derived(repository, given)
      assert.equal(await of({ secrets: [[old]] }), 'old → ? by only')
      assert.equal(await of({ hand: [old, stranger] }), 'old → ? by only')
      assert.equal(await of({ secrets: [[old]], next: stranger }), 'old → stranger by only')
      assert.equal(await of({ secrets: [[old], [stranger]] }), 'old → ? by only')
      assert.equal(await of({ secrets: [[stranger]] }), 'no-listed-identity')
      assert.equal(await of({ hand: [stranger] }), 'no-listed-identity')
      assert.equal(await of({ secrets: [[]] }), 'old-unknown')
      assert.equal(await of({}), 'old-unknown')
      assert.equal(await of({ secrets: [[old]], old: other }), 'other → ? by flag')
      assert.equal(await of({ secrets: [[old]], old: stranger }), 'old-not-listed')
      // the cluster got the new one first
      assert.equal(await of({ secrets: [[old, stranger]], hand: [stranger] }), 'old → stranger by only')
      // two keys for files of their own
      assert.equal(await of({ secrets: [[old, other]] }), 'old-unclear')
      assert.equal(await of({ secrets: [[old, other]], old }), 'old → ? by flag')
      assert.equal(await of({ hand: [old, other] }), 'old-unclear')
      const places = await placesIn(repository)
      assert.equal(await neverNamed(places, [old, stranger, other]), [stranger])
    },
  ))

test('by the trailers of a commit', () =>
  withCommits(
    [
      [{ 'a.yaml': newOnly.replace('name: x', 'name: y'), 'b.yaml': oldOnly }],
      [{ 'b.yaml': both }, `Share (#5)\n\n* ${trailers}\n\n* more`],
    ],
    async (repository) => {
      const of = (given: Given) => derived(repository, given)
      // the files alone would say that the other one is older, or nothing
      assert.equal(await of({ secrets: [[old, next]] }), 'old → next by trailer')
      assert.equal(await of({ secrets: [[old]] }), 'old → next by trailer')
      assert.equal(await of({ hand: [old, next, other] }), 'old → next by trailer')
      assert.equal(await of({}), 'old → next by trailer')
      assert.equal(await of({ secrets: [[old]], old }), 'old → next by flag')
      assert.equal(await of({ secrets: [[old, next]], old: next }), 'next → old by flag')
    },
  ))

test('by which one was there first', () =>
  withCommits(
    [[{ 'a.yaml': oldOnly, 'b.yaml': oldOnly }], [{ 'a.yaml': both, 'b.yaml': both }]],
    async (repository) => {
      const of = (given: Given) => derived(repository, given)
      assert.equal(await of({ secrets: [[next, old]] }), 'old → next by history')
      assert.equal(await of({ secrets: [[old], [old, next]] }), 'old → next by history')
      // every cluster with a key of its own
      assert.equal(await of({ secrets: [[old], [next]] }), 'old-unclear')
      // an admin who has the key of the cluster as well
      assert.equal(await of({ secrets: [[old]], hand: [old, next] }), 'old → ? by only, next-unclear')
      assert.equal(await of({ secrets: [[next]], hand: [old, next] }), 'next → ? by only')
      assert.equal(await of({ hand: [old, next] }), 'old-unclear')
      assert.equal(await of({ hand: [old, next], old, next }), 'old → next by flag')
      assert.equal(await of({ hand: [old, next], next }), 'old → next by only')
      // half of it is cut over
      writeFiles(repository.root, { 'a.yaml': newOnly })
      commitAll(repository)
      assert.equal(await of({ hand: [old, next] }), 'old → next by history')
      assert.equal(await of({ secrets: [[old, next]] }), 'old → next by history')
      // all of it: only the Secret has the old one
      writeFiles(repository.root, { 'b.yaml': newOnly })
      commitAll(repository)
      assert.equal(await of({ secrets: [[old, next]] }), 'old → next by history')
      // and then it is over
      assert.equal(await of({ secrets: [[next]] }), 'next → ? by only')
      assert.equal(await of({ secrets: [[next]], hand: [old, next] }), 'next → ? by only, ended old → next')
      assert.equal(await of({ secrets: [[next]], old }), 'old → ? by flag')
      const places = await placesIn(repository)
      assert.equal(await neverNamed(places, [old, stranger]), [stranger])
      // a file comes late
      writeFiles(repository.root, { 'late.yaml': oldOnly })
      commitAll(repository)
      assert.equal(await of({ secrets: [[next]], hand: [old, next] }), 'old → next by history')
    },
  ))

test('what is not committed yet', () =>
  withCommits([[{ 'a.yaml': oldOnly }]], async (repository) => {
    writeFiles(repository.root, { 'a.yaml': both })
    assert.equal(await derived(repository, { secrets: [[old]], hand: [old, next] }), 'old → next by only')
    assert.equal(await derived(repository, { hand: [old, next] }), 'old → next by history')
  }))

test('the trailers of a rotation that is over, or was given up, say nothing', () =>
  withCommits(
    [[{ 'a.yaml': oldOnly }], [{ 'a.yaml': both }, trailers], [{ 'a.yaml': newOnly }, trailers]],
    async (repository) => {
      const of = (given: Given) => derived(repository, given)
      assert.equal(await of({ secrets: [[old, next]] }), 'old → next by trailer')
      assert.equal(await of({ secrets: [[next]] }), 'next → ? by only, ended old → next')
      assert.equal(await of({ secrets: [[next]], old }), 'old → next by flag')
      writeFiles(repository.root, { 'late.yaml': oldOnly })
      assert.equal(await of({ secrets: [[next]] }), 'old → next by trailer')
      repository.git('checkout', '--quiet', 'HEAD~1')
      writeFiles(repository.root, { 'a.yaml': oldOnly, 'late.yaml': oldOnly })
      commitAll(repository)
      assert.equal(await of({ secrets: [[old]], hand: [old] }), 'old → ? by only')
    },
  ))

test('both came with one commit, or the clone is shallow', () =>
  withCommits([[{ 'a.yaml': both }]], async (repository) => {
    const { root, env, directory } = repository
    assert.equal(await derived(repository, { secrets: [[old, next]] }), 'old-unclear')
    const clone = join(directory, 'shallow')
    execFileSync('git', ['clone', '--quiet', '--depth=1', `file://${root}`, clone], { env, stdio: 'pipe' })
    assert.equal(
      await derived({ root: clone, env }, { secrets: [[old, next]] }),
      'old-unclear history-shallow',
    )
    writeFiles(root, { '.sops.yaml': sopsConfig(old) })
    commitAll(repository)
    assert.equal(await derived(repository, { secrets: [[old, next]] }), 'old-unclear')
  }))

test.run()
