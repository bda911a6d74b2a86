import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fileStates } from '../../../../scripts/sops/rotate/state/file-states.ts'
import type { Places } from '../../../../scripts/sops/rotate/state/places.ts'
import { writeFiles } from '../../../helpers/files.ts'
import { makeKey, sopsConfig } from '../../../helpers/keys.ts'
import { type TestRepository, withRepository } from '../../../helpers/repository.ts'
import { commitAll, placesIn, rotatedTexts } from '../../../helpers/rotate/rotation.ts'

const [old, next] = [makeKey(), makeKey()]
const texts = rotatedTexts(old, next)
const { oldOnly, both, reWrapped, setAfterwards, newOnly, neither } = texts
const rotation = { old: old.recipient, next: next.recipient }

/** Every file as `FILE: WORKING-TREE HEAD BRANCH`. */
async function shown(
  places: Places,
  repository: TestRepository,
  by: { old: string; next: string | undefined } = rotation,
) {
  const { states } = await fileStates(places, by, repository)
  return states.map(
    ({ file, workingTree = '-', head = '-', branch = '-' }) => `${file}: ${workingTree} ${head} ${branch}`,
  )
}

const codes = (places: Places) => places.unread.map(({ code }) => code)

/** A bare remote beside a repository, and a clone of somebody else. */
function withRemote({ root, env, directory, git }: TestRepository) {
  const remote = join(directory, 'remote.git')
  execFileSync('git', ['clone', '--quiet', '--bare', root, remote], { env, stdio: 'pipe' })
  git('remote', 'add', 'origin', remote)
  git('fetch', '--quiet', 'origin')
  git('branch', '--quiet', '--set-upstream-to=origin/main')
  const clone = join(directory, 'clone')
  const call = (...args: string[]) =>
    execFileSync('git', args, { cwd: clone, env, encoding: 'utf8', stdio: 'pipe' })
  execFileSync('git', ['clone', '--quiet', remote, clone], { env, stdio: 'pipe' })
  call('config', 'user.name', 'Else')
  call('config', 'user.email', 'else@example.com')
  return {
    remote,
    push(files: Record<string, string>) {
      writeFiles(clone, files)
      call('add', '--all')
      call('commit', '--quiet', '--message', 'late')
      call('push', '--quiet')
      return call('rev-parse', 'HEAD').trim()
    },
  }
}

test('each status at each place, and nothing of the user moves', () =>
  withRepository(
    {
      '.sops.yaml': sopsConfig(old.recipient),
      'a.yaml': oldOnly,
      'b.yaml': oldOnly,
      'c ä.yaml': oldOnly,
      'd.yaml': oldOnly,
      'e.yaml': neither,
      'plain.yaml': 'kind: Secret\n',
      'embedded.yaml': `kind: Secret\ndata:\n  x.yaml: ${Buffer.from(oldOnly).toString('base64')}\n`,
      '.gitignore': 'ignored.yaml\n',
    },
    async (repository) => {
      const { push } = withRemote(repository)
      const late = push({
        'late.yaml': oldOnly,
        'a.yaml': both,
        'sub/.sops.yaml': sopsConfig(next.recipient),
      })
      writeFiles(repository.root, {
        'b.yaml': both,
        'c ä.yaml': reWrapped,
        'd.yaml': newOnly,
        'new.yaml': newOnly,
      })
      writeFiles(repository.root, { 'ignored.yaml': oldOnly })
      rmSync(join(repository.root, 'e.yaml'))
      const before = repository.git('for-each-ref') + repository.git('status', '--porcelain')
      const places = await placesIn(repository)
      assert.equal(await shown(places, repository), [
        'a.yaml: old-only old-only both',
        'b.yaml: both old-only old-only',
        'c ä.yaml: re-wrapped old-only old-only',
        'd.yaml: new-only old-only old-only',
        'e.yaml: - neither neither',
        'embedded.yaml: old-only old-only old-only',
        'late.yaml: - - old-only',
        'new.yaml: new-only - -',
      ])
      assert.equal(places.tip, { remote: 'origin', name: 'main', commit: late, isLastKnown: false })
      assert.equal(places.dirty, ['b.yaml', 'c ä.yaml', 'd.yaml', 'e.yaml', 'new.yaml'])
      assert.equal([codes(places), places.conflicted], [[], []])
      assert.equal(places.workingTree.files.get('embedded.yaml')?.isEmbedded, true)
      assert.equal([...(places.branch?.rules.keys() ?? [])], ['.sops.yaml', 'sub/.sops.yaml'])
      assert.equal([...places.workingTree.rules.keys()], ['.sops.yaml'])
      assert.equal(repository.git('for-each-ref') + repository.git('status', '--porcelain'), before)
      const some = await placesIn(repository, { paths: ['late.yaml', 'b.yaml', 'nothing'] })
      assert.equal(await shown(some, repository), [
        'b.yaml: both old-only old-only',
        'late.yaml: - - old-only',
      ])
      const gone = await shown(places, repository, { old: old.recipient, next: undefined })
      assert.ok(gone.includes('c ä.yaml: re-wrapped old-only old-only'))
      assert.ok(gone.includes('d.yaml: neither old-only old-only'))
    },
  ))

test('re-wrapped is seen after its values were set anew, and after the file was moved', () =>
  withRepository(
    { 'a.yaml': oldOnly, 'b.yaml': oldOnly, 'c.yaml': oldOnly, 'd.yaml': oldOnly },
    async (repository) => {
      const { root } = repository
      writeFiles(root, { 'a.yaml': both, 'b.yaml': reWrapped, 'c.yaml': reWrapped, 'd.yaml': newOnly })
      commitAll(repository)
      writeFiles(root, { 'a.yaml': reWrapped, 'b.yaml': setAfterwards })
      mkdirSync(join(root, 'moved'))
      for (const file of ['c.yaml', 'd.yaml']) renameSync(join(root, file), join(root, 'moved', file))
      commitAll(repository)
      mkdirSync(join(root, 'again'))
      renameSync(join(root, 'moved/c.yaml'), join(root, 'again/c.yaml'))
      writeFiles(root, { 'born.yaml': newOnly.replace('name: x', 'name: y') })
      commitAll(repository)
      assert.equal(await shown(await placesIn(repository), repository), [
        'a.yaml: re-wrapped re-wrapped -',
        'again/c.yaml: re-wrapped re-wrapped -',
        'b.yaml: re-wrapped re-wrapped -',
        'born.yaml: new-only new-only -',
        'moved/d.yaml: new-only new-only -',
      ])
    },
  ))

test('a branch that can not be seen is said', () =>
  withRepository({ 'a.yaml': oldOnly }, async (repository) => {
    const { git, directory } = repository
    assert.equal(codes(await placesIn(repository)), ['branch-unset'])
    const { push, remote } = withRemote(repository)
    const known = await placesIn(repository)
    assert.is(known.branch, known.head)
    const tip = push({ 'late.yaml': oldOnly })
    assert.equal(codes(await placesIn(repository, { branches: [{ remote: 'origin', name: 'nothing' }] })), [
      'branch-gone',
    ])
    const byUrl = await placesIn(repository, { branches: [{ remote, name: 'main' }] })
    assert.equal(byUrl.branch?.commit, tip)
    renameSync(remote, join(directory, 'away'))
    const silent = await placesIn(repository)
    assert.equal(codes(silent), ['branch-silent'])
    assert.equal(silent.tip, {
      remote: 'origin',
      name: 'main',
      commit: git('rev-parse', 'HEAD'),
      isLastKnown: true,
    })
    git('checkout', '--quiet', '--detach')
    assert.equal(codes(await placesIn(repository)), ['branch-unset'])
  }))

test('sparse, shallow, in conflict, without a commit', () =>
  withRepository(
    { 'a/a.yaml': oldOnly, 'b/b.yaml': oldOnly, 'b/.sops.yaml': sopsConfig(old.recipient) },
    async (repository) => {
      const { root, git, env, directory } = repository
      writeFiles(root, { 'a/a.yaml': newOnly })
      commitAll(repository)
      const shallow = join(directory, 'shallow')
      execFileSync('git', ['clone', '--quiet', '--depth=1', `file://${root}`, shallow], {
        env,
        stdio: 'pipe',
      })
      const there = await fileStates(await placesIn({ root: shallow, env }), rotation, { root: shallow, env })
      assert.equal(
        there.unread.map(({ code }) => code),
        ['history-shallow'],
      )
      const sparse = join(directory, 'sparse')
      execFileSync('git', ['clone', '--quiet', '--sparse', `file://${root}`, sparse], { env, stdio: 'pipe' })
      const thin = await placesIn({ root: sparse, env })
      assert.equal(codes(thin), ['checkout-sparse'])
      assert.equal(thin.unread[0]?.facts.files, 'a/a.yaml, b/b.yaml, b/.sops.yaml')
      git('checkout', '--quiet', '-b', 'other', 'HEAD~1')
      writeFiles(root, { 'a/a.yaml': both })
      commitAll(repository)
      assert.throws(() => git('merge', '--quiet', 'main'))
      const mixed = await placesIn(repository)
      assert.equal([mixed.conflicted, mixed.dirty], [['a/a.yaml'], ['a/a.yaml']])
      git('merge', '--abort')
      git('checkout', '--quiet', '--orphan', 'empty')
      const empty = await placesIn(repository)
      assert.equal(
        [empty.head, await shown(empty, repository)],
        [undefined, ['a/a.yaml: both - -', 'b/b.yaml: old-only - -']],
      )
    },
  ))

test.run()
