import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { type RotatePlace, withRotatePlace } from '../../helpers/rotate/task-place.ts'
import { runTask } from '../../helpers/task.ts'

/** Runs `check` before each stage that writes files, and the stage afterwards, to the end. */
async function inEachStage(
  { git, ended, read }: RotatePlace,
  check: (stage: 'share' | 'cut-over') => Promise<void>,
): Promise<void> {
  for (const stage of ['share', 'cut-over'] as const) {
    const [head, key] = [git('rev-parse', 'HEAD'), read('age.key')]
    await check(stage)
    assert.is(git('rev-parse', 'HEAD'), head)
    assert.is(git('status', '--porcelain'), '')
    assert.is(read('age.key'), key)
    const { stdout } = await ended(0, ['--commit'])
    assert.match(stdout, new RegExp(`^✓ ${stage} `, 'm'))
    git('push', '--quiet')
  }
  assert.match((await ended(0)).stdout, 'no rotation is open: the last one')
}

const file = 'apps/c.sops.json'

test('a dirty file is never committed, and others are left alone', () =>
  withRotatePlace(async (place) => {
    const { ended, read, write, git } = place
    await inEachStage(place, async () => {
      const [text, rules] = [read(file), read('.sops.yaml')]
      write(file, text.replace('\n', '\n\n'))
      write('.sops.yaml', `${rules}# mine\n`)
      const { stderr } = await ended(1, ['--commit'])
      assert.match(stderr, file)
      assert.match(stderr, '.sops.yaml')
      assert.match(stderr, 'changes in it that are not committed yet')
      write(file, text)
      write('.sops.yaml', rules)
    })
    assert.is(git('status', '--porcelain'), '')
  }))

test('what is dirty and not of a stage stays dirty', () =>
  withRotatePlace(async ({ ended, write, git }) => {
    write('README.md', 'mine\n')
    write('new.md', 'mine\n')
    git('add', 'new.md')
    for (let stage = 0; stage < 2; stage++) {
      await ended(0, ['--commit'])
      git('push', '--quiet')
      assert.is(git('status', '--porcelain'), ' M README.md\nA  new.md')
    }
    assert.not.match(git('log', '--name-only', '--format='), 'README.md\n\n')
  }))

test('the remote is away', () =>
  withRotatePlace(async (place) => {
    const { ended, git, bare } = place
    await inEachStage(place, async (stage) => {
      renameSync(bare, `${bare}.away`)
      try {
        if (stage === 'share') {
          // adding needs nobody else
          const head = git('rev-parse', 'HEAD')
          assert.match((await ended(0, ['--commit'])).stdout, /^✓ share /m)
          git('reset', '--quiet', '--hard', head)
          writeFiles(place.root, { 'age.key': place.old.text })
          return
        }
        const { stderr } = await ended(2, ['--commit'])
        assert.match(stderr, 'branch origin/main')
      } finally {
        renameSync(`${bare}.away`, bare)
      }
    })
  }))

test('rules in UTF-16, which sops reads, are refused: in text that is read as UTF-8 they would name nobody', () =>
  withRotatePlace(async (place) => {
    const { root, ended, read, git, old } = place
    const inUtf16 = (text: string, mark: string) => {
      const bytes = Buffer.from(`\ufeff${text}`, 'utf16le')
      writeFileSync(join(root, '.sops.yaml'), mark === 'fffe' ? bytes : bytes.swap16())
    }
    const rules = read('.sops.yaml')
    for (const mark of ['fffe', 'feff']) {
      inUtf16(rules.replace('who', 'кто'), mark)
      const args = ['encrypt', '--filename-override', 'x.yaml']
      const call = { cwd: root, env: place.env, input: 'a: b\n', encoding: 'utf8' as const }
      assert.match(execFileSync('sops', args, call), old.recipient)
      git('commit', '--quiet', '--all', '--message', 'as PowerShell writes it')
      for (const args of [['--commit'], ['--status'], ['--remove', '--old', place.friend.recipient]]) {
        const { stderr } = await ended(2, args)
        assert.match(stderr, '.sops.yaml: is not UTF-8, and so its rules are not edited')
        assert.match(stderr, 'hint: save it as UTF-8')
      }
      assert.is(git('status', '--porcelain'), '')
    }
    // of rules that name nobody nothing is lost
    inUtf16('creation_rules: []\n', 'fffe')
    assert.match((await ended(0, [])).stdout, /^✓ share /m)
  }))

test('a hook or the command of --store fails: the new identity stays only where a file or a commit may have it', () =>
  withRotatePlace(async (place) => {
    const { root, directory, ended, read, write, git, old, atHand } = place
    const [head, key] = [git('rev-parse', 'HEAD'), read('age.key')]
    const isUntouched = () => {
      assert.is(git('rev-parse', 'HEAD'), head)
      assert.is(git('status', '--porcelain'), '')
      assert.is(read('age.key'), key)
    }
    const stored = join(directory, 'stored.txt')
    const store = ['--commit', '--store', `cat >'${stored}'`]
    const failed = await ended(2, ['--commit', '--store', `cat >'${stored}'; exit 3`])
    assert.match(failed.stderr, 'the command of --store failed (exit 3), so the identity')
    isUntouched()
    const hook = (name: string, ...lines: string[]) => {
      write(`.git/hooks/${name}`, ['#!/bin/sh', ...lines, ''].join('\n'))
      chmodSync(join(root, '.git/hooks', name), 0o755)
    }
    hook('pre-commit', 'exit 1')
    await ended(2, ['--commit'])
    isUntouched()
    const handed = await ended(2, store)
    assert.match(handed.stderr, /the command of --store has the identity of age1\w+ all the same/)
    isUntouched()
    // a formatter that fails behind its work: what it has written lists the new recipient
    hook('pre-commit', `echo >>${file}`, 'exit 1')
    const { stderr } = await ended(2, ['--commit'])
    assert.match(stderr, `not put back, because it has changed meanwhile: ${file}`)
    assert.is(atHand().length, 2)
    assert.match(read(file), atHand()[1]!)
    git('restore', '.')
    writeFileSync(join(root, 'age.key'), key)
    // what a hook adds is taken out of the commit, which fails, and the commit is there
    hook('pre-commit', 'echo x >stray.md', 'git add stray.md')
    hook('prepare-commit-msg', 'test "$2" != commit')
    await ended(2, ['--commit'])
    assert.is.not(git('rev-parse', 'HEAD'), head)
    assert.is(atHand()[0], old.recipient)
    assert.match(git('show', `HEAD:${file}`), atHand()[1]!)
  }))

test('a sparse checkout is refused, for files that are not here would be forgotten', () =>
  withRotatePlace(async (place) => {
    const { ended, git } = place
    await inEachStage(place, async () => {
      git('sparse-checkout', 'set', '--no-cone', '/*', '!/apps/d.sops.env')
      for (const args of [['--commit'], []]) {
        const { stderr } = await ended(2, args)
        assert.match(stderr, 'apps/d.sops.env')
      }
      git('sparse-checkout', 'disable')
    })
  }))

test('a shallow clone goes on where the branch tells enough, and says so where it does not', () =>
  withRotatePlace(async ({ ended, git, bare, directory, root, read, old }) => {
    await ended(0, ['--commit'])
    git('push', '--quiet')
    const shallow = join(directory, 'shallow')
    git('clone', '--quiet', '--depth', '1', `file://${bare}`, shallow)
    copyFileSync(join(root, 'age.key'), join(shallow, 'age.key'))
    chmodSync(join(shallow, 'age.key'), 0o600)
    const inShallow = (...args: string[]) => git('-C', shallow, ...args)
    inShallow('config', 'user.name', 'Other')
    inShallow('config', 'user.email', 'other@example.com')
    await ended(1, ['--status'], { cwd: shallow })
    // nobody says in what order they came
    const keys = read('age.key')
    const onlyKeys = `${keys.match(/AGE-SECRET-KEY-\S+/g)?.join('\n')}\n`
    inShallow('commit', '--quiet', '--amend', '--message', 'by hand')
    inShallow('push', '--quiet', '--force')
    writeFiles(shallow, { 'age.key': onlyKeys })
    const before = inShallow('rev-parse', 'HEAD')
    const cut = await ended(2, ['--commit'], { cwd: shallow })
    assert.match(cut.stderr, 'shallow')
    assert.is(inShallow('rev-parse', 'HEAD'), before)
    assert.is(inShallow('status', '--porcelain'), '')
    // who says which one goes is believed, and the key file tells which one comes
    writeFiles(shallow, { 'age.key': keys })
    await ended(0, ['--commit', '--old', old.recipient], { cwd: shallow })
    inShallow('push', '--quiet')
    git('fetch', '--quiet')
    git('reset', '--quiet', '--hard', 'origin/main')
    assert.match((await ended(0)).stdout, 'no rotation is open: the last one')
  }))

test('no context, or an API server that does not answer: files are shared, and never cut over', () =>
  withRotatePlace(async (place) => {
    const { root, env, git, directory, read, atHand } = place
    writeFiles(directory, {
      'away.yaml': JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'away',
        clusters: [{ name: 'away', cluster: { server: 'http://127.0.0.1:9' } }],
        contexts: [{ name: 'away', context: { cluster: 'away', user: '' } }],
      }),
      'empty.yaml': JSON.stringify({ apiVersion: 'v1', kind: 'Config' }),
    })
    const clusters = {
      'empty.yaml': 'there is no kubeconfig with a current context',
      'away.yaml': '127.0.0.1:9',
    }
    const run = async (kubeconfig: string, ...args: string[]) =>
      runTask('sops:rotate', args, { cwd: root, env: { ...env, KUBECONFIG: join(directory, kubeconfig) } })
    for (const [kubeconfig, said] of Object.entries(clusters)) {
      const key = read('age.key')
      const head = git('rev-parse', 'HEAD')
      const share = await run(kubeconfig, '--commit')
      assert.is(share.code, 0, share.stderr)
      assert.match(share.stderr, said, share.stderr)
      git('reset', '--quiet', '--hard', head)
      writeFiles(root, { 'age.key': key })
    }
    await run('away.yaml', '--commit')
    assert.is(atHand().length, 2)
    git('push', '--quiet')
    const head = git('rev-parse', 'HEAD')
    for (const [kubeconfig, said] of Object.entries(clusters)) {
      const cut = await run(kubeconfig, '--commit')
      assert.is(cut.code, 2, `${cut.stdout}${cut.stderr}`)
      assert.match(cut.stderr, said)
      assert.is((await run(kubeconfig, '--status')).code, 1)
      const remove = await run(kubeconfig, '--remove', '--old', place.friend.recipient)
      assert.is(remove.code, 2, remove.stderr)
      assert.is(git('rev-parse', 'HEAD'), head)
      assert.is(git('status', '--porcelain'), '')
    }
    const none = await run('away.yaml', '--context', 'none')
    assert.is(none.code, 2, none.stdout)
    assert.match(none.stderr, 'none')
    // a cluster that was not asked may still have it
    await place.ended(0, ['--commit'])
    git('push', '--quiet')
    const done = await run('away.yaml')
    assert.is(done.code, 2, done.stdout)
    assert.match((await place.ended(0)).stdout, 'no rotation is open: the last one')
  }))

test.run()
