import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeKey } from '../../helpers/keys.ts'
import { withRotatePlace } from '../../helpers/rotate/task-place.ts'

test('files that people have re-wrapped get new data keys: the old identity could open what they hold', () =>
  withRotatePlace(async ({ root, env, git, ended, read, write, old }) => {
    const next = makeKey()
    appendFileSync(join(root, 'age.key'), next.text)
    write('.sops.yaml', read('.sops.yaml').replaceAll(old.recipient, next.recipient))
    const files = ['apps/a.sops.yaml', 'apps/b.shared.sops.yaml', 'apps/c.sops.json', 'apps/d.sops.env']
    const key = { ...env, SOPS_AGE_KEY_FILE: join(root, 'age.key') }
    execFileSync('sops', ['updatekeys', '-y', ...files], { cwd: root, env: key, stdio: 'ignore' })
    git('commit', '--quiet', '--all', '--message', 'by hand')
    git('push', '--quiet')
    const { stdout } = await ended(1, ['--status', '--json'])
    const listed: { file: string; head: string }[] = JSON.parse(stdout).files
    assert.equal(
      listed.map(({ file, head }) => [file, head]),
      files.map((file) => [file, 're-wrapped']),
    )
    await ended(1, ['--commit', '--old', old.recipient])
    await ended(0, ['--commit'])
    git('push', '--quiet')
    assert.is(JSON.parse((await ended(0, ['--status', '--json'])).stdout).result, 'done')
  }))

test('a commit on a branch that nobody else has waits for its push', () =>
  withRotatePlace(async ({ git, ended }) => {
    git('checkout', '--quiet', '-b', 'rotate')
    for (const _ of [1, 2]) {
      const { stdout, stderr } = await ended(0, ['--commit'])
      assert.match(stdout, 'not pushed or merged yet')
      assert.match(stderr, 'git push --set-upstream origin HEAD')
    }
    assert.is(git('rev-list', '--count', 'main..rotate').trim(), '1')
  }))

test('where HEAD is on no branch the commands make one that can be pushed', () =>
  withRotatePlace(async ({ root, env, git, ended }) => {
    git('checkout', '--quiet', '--detach')
    const { stderr } = await ended(0, ['--commit'])
    const commands = stderr.match(/^ {2}git .*$/gm) ?? []
    assert.is(commands.length, 2, stderr)
    for (const line of commands) execFileSync('sh', ['-c', line], { cwd: root, env, stdio: 'pipe' })
    assert.match((await ended(0, ['--commit'])).stdout, /^✓ cut-over/m)
  }))

test('on the branch of a team the branch counts that the sources of the repository follow', () =>
  withRotatePlace(async ({ git, ended, write, bare }) => {
    const source = (branch: string) =>
      `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${branch}}\nspec: {url: "${bare}", ref: {branch: ${branch}}}\n`
    const status = async () => {
      const { stdout, stderr } = await ended(1, ['--status'])
      const place = / (origin\/\S+) {2,}(\d+) +(\d+) /.exec(stdout)?.slice(1).join(' ')
      return { place, notes: stderr.match(/^note: .*/gm), stderr }
    }
    write('clusters/gotk-sync.yaml', source('main'))
    git('add', '.')
    git('commit', '--quiet', '--message', 'source')
    git('push', '--quiet')
    git('checkout', '--quiet', '-b', 'team')
    await ended(0, ['--commit'])
    assert.match((await status()).stderr, 'git push --set-upstream origin HEAD')
    git('push', '--quiet', '--set-upstream', 'origin', 'HEAD')
    const { place, notes, stderr } = await status()
    assert.equal([place, notes], ['origin/main 4 0', null])
    assert.match(stderr, /^ +git push$/m)

    write('clusters/other.yaml', source('live'))
    const several = 'GitRepositories of this repository follow several branches, live, main'
    const unknown =
      'note: branch origin/team: is the upstream of HEAD, and it is not known whether Flux follows it'
    assert.equal(await status().then((of) => [of.place, of.notes]), [
      'origin/team 0 4',
      [`${unknown}: ${several}`],
    ])
    for (const file of ['gotk-sync', 'other']) write(`clusters/${file}.yaml`, '')
    const none = 'no GitRepository of this repository with a branch was found'
    assert.equal((await status()).notes, [`${unknown}: ${none}`])
  }))

test('--status counts files and rules apart, at each place', () =>
  withRotatePlace(async ({ git, ended, write }) => {
    await ended(0, ['--commit'])
    write('.sops.yaml', '')
    const { stdout } = await ended(1, ['--status'])
    assert.equal(stdout.match(/^ .* \d+ +\d+ +\d+$/gm), [
      '  working tree         0     4         0',
      '  HEAD                 0     4         0',
      '    rules              0     2         0',
      '  origin/main          4     0         0',
      '    rules              2     0         0',
    ])
    git('checkout', '--quiet', '.')
  }))

test('without a remote the commit is all that there is', () =>
  withRotatePlace(async ({ git, ended, read, old }) => {
    git('remote', 'remove', 'origin')
    await ended(0, ['--commit'])
    await ended(0, ['--commit'])
    assert.not.match(read('apps/a.sops.yaml'), old.recipient)
    assert.match((await ended(0)).stdout, 'no rotation is open')
  }))

test('a file outside of the repository is named as it is found from where the user stands', () =>
  withRotatePlace(async ({ root, ended, write }) => {
    write('apps/README.md', 'x\n')
    const args = ['--new-key', '../../mine/new.key']
    const { stderr } = await ended(0, args, { cwd: join(root, 'apps') })
    assert.match(stderr, '`mise run sops:rotate --new-key ../../mine/new.key`')
    assert.ok(existsSync(join(root, '../mine/new.key')))
  }))

test('nobody gets a new identity before it is certain that files may be written', () =>
  withRotatePlace(async ({ root, git, ended, read, write }) => {
    write('apps/a.sops.yaml', `${read('apps/a.sops.yaml')}\n`)
    const kept = join(root, '../kept')
    await ended(1, ['--commit', '--store', `cat >'${kept}'`])
    await ended(1, ['--commit', '--new-key', '../mine/new.key'])
    assert.not(existsSync(kept))
    assert.not(existsSync(join(root, '../mine')))
    git('checkout', '--quiet', '.')
  }))

test('a file that needs two key groups is opened by the new identity with the one of the other group', () =>
  withRotatePlace(async ({ root, env, git, ended, read, write, old, friend }) => {
    const groups = `  - path_regex: two\n    key_groups:\n      - age: [${old.recipient}]\n      - age: [${friend.recipient}]\n`
    write('.sops.yaml', read('.sops.yaml').replace('creation_rules:\n', `$&${groups}`))
    write('apps/two.sops.yaml', 'token: x\n')
    execFileSync('sops', ['encrypt', '-i', 'apps/two.sops.yaml'], { cwd: root, env })
    git('add', '.')
    git('commit', '--quiet', '--message', 'two groups')
    git('push', '--quiet')
    appendFileSync(join(root, 'age.key'), friend.text)
    const rotate = ['--commit', '--old', old.recipient]
    await ended(0, rotate)
    git('push', '--quiet')
    assert.match((await ended(0, rotate)).stdout, 'together with others 1 of several key groups')
    assert.not.match(read('apps/two.sops.yaml'), old.recipient)
    git('push', '--quiet')
    await ended(0, rotate)
  }))

test('a new identity that only a command keeps is not made a second time', () =>
  withRotatePlace(async ({ ended, read, atHand }) => {
    const { stderr } = await ended(0, ['--store', 'cat >/dev/null'])
    assert.match(stderr, 'mise run sops:rotate --new-key - --no-cluster')
    const shared = read('apps/a.sops.yaml')
    for (const args of [[], ['--status'], ['--abort']]) await ended(2, args)
    assert.is(read('apps/a.sops.yaml'), shared)
    assert.is(atHand().length, 1)
  }))

test.run()
