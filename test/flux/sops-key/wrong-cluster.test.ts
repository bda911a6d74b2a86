import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { type Applied, fresh, old, secretFile, withApplied } from '../../helpers/flux/applied-key.ts'
import { encryptSecret, makeKey, sopsConfig } from '../../helpers/keys.ts'

/** Another team's repository, whose key is `fresh`. @returns its root */
function otherRepository({ directory, env }: Applied, remote = 'git@example.com:team/other.git'): string {
  const root = join(directory, 'other')
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, env, stdio: 'pipe' })
  execFileSync('git', ['init', '--quiet', root], { env })
  writeFiles(root, {
    '.sops.yaml': sopsConfig(fresh.recipient),
    'a.enc.yaml': encryptSecret(fresh.recipient),
  })
  git('remote', 'add', 'origin', remote)
  git('add', '.')
  git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '--quiet', '--message', 'x')
  return root
}

test('the key of another cluster is not replaced', () =>
  withApplied({}, async (place) => {
    const { sopsKey, held, url } = place
    const cwd = otherRepository(place)
    const before = await held()
    for (const args of [[], ['--dry-run'], ['--only']]) {
      const { code, stdout, stderr } = await sopsKey([fresh.secret], args, { cwd })
      assert.is(code, 1, stderr)
      assert.is(stdout, 'context sandbox\n')
      assert.match(
        stderr,
        `refusing to replace the key in secret flux-system/sops-age: the cluster of context sandbox does not follow this repository, but ${url}\nhint: is this the right cluster (--context)?`,
      )
      assert.equal(await held(), before)
    }
    assert.is((await sopsKey([fresh.secret], ['--force'], { cwd })).code, 0)
    assert.equal(await held(), { 'age.agekey': `${fresh.secret}\n` })
  }))

test('what takes nothing out of another cluster is written, with a warning', () =>
  withApplied({}, async (place) => {
    const cwd = otherRepository(place)
    const { code, stderr } = await place.sopsKey([old.secret, fresh.secret], [], { cwd })
    assert.is(code, 0, stderr)
    assert.match(stderr, /warning: the cluster of context sandbox does not follow this repository, but http/)
  }))

test('a mirror under another URL is the repository that the cluster follows', () =>
  withApplied(
    { [secretFile]: encryptSecret(fresh.recipient) },
    async ({ sopsKey, git }) => {
      await git('remote', 'set-url', 'origin', 'ssh://git@mirror.example.com:22/team/fleet')
      const { code, stderr } = await sopsKey([fresh.secret])
      assert.is(code, 0, stderr)
    },
    [old, fresh],
  ))

test('a key that nothing in the repository knows is not replaced, where no source tells which cluster it is', () =>
  withApplied({}, async (place) => {
    const { sandbox, sopsKey, putSecret, held } = place
    const stranger = makeKey()
    await sandbox.kubectl(['delete', 'kustomizations,gitrepositories', '--all', '-n', 'flux-system'])
    await putSecret({ data: { 'age.agekey': stranger.text } })
    const { code, stderr } = await sopsKey([old.secret])
    assert.is(code, 1, stderr)
    assert.match(
      stderr,
      `it holds the key of ${stranger.recipient}, which no file and no .sops.yaml of this repository names\nhint: is sandbox the right cluster (--context)?`,
    )
    assert.equal(await held(), { 'age.agekey': stranger.text })
  }))

test('a cluster that waits for just this key gets it, though nothing names its old one any more', () =>
  withApplied(
    { '.sops.yaml': sopsConfig(fresh.recipient) },
    async ({ sopsKey, push, held, git, sandbox }) => {
      await push({ [secretFile]: encryptSecret(fresh.recipient) })
      // Flux builds the new revision, and cannot: it waits for the key
      const commit = await git('rev-parse', 'HEAD')
      const patch = `{"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":"${Date.now()}"}}}`
      const object = ['-n', 'flux-system', 'gitrepository/flux-system']
      await sandbox.kubectl(['patch', ...object, '--type=merge', '-p', patch])
      const revision = `--for=jsonpath={.status.artifact.revision}=main@sha1:${commit}`
      await sandbox.kubectl(['wait', ...object, revision, '--timeout=60s'])
      const attempted = `--for=jsonpath={.status.lastAttemptedRevision}=main@sha1:${commit}`
      await sandbox.kubectl(['wait', '-n', 'flux-system', 'kustomization/apps', attempted, '--timeout=60s'])
      // what is applied still needs the old one
      assert.is((await sopsKey([fresh.secret])).code, 1)
      const both = await sopsKey([old.secret, fresh.secret])
      assert.is(both.code, 0, both.stderr)
      await sandbox.kubectl([
        'wait',
        '-n',
        'flux-system',
        'kustomization/apps',
        `--for=jsonpath={.status.lastAppliedRevision}=main@sha1:${commit}`,
        '--timeout=60s',
      ])
      const { code, stderr } = await sopsKey([fresh.secret])
      assert.is(code, 0, stderr)
      assert.equal(await held(), { 'age.agekey': `${fresh.secret}\n` })
    },
  ))

test.run()
