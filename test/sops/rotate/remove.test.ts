import { execFileSync } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'
import { rotatingFiles, withRotatePlace } from '../../helpers/rotate/task-place.ts'
import { dataKeyOf } from '../../helpers/sops/data-key.ts'
import { plaintextOf } from '../../helpers/sops/rotating.ts'

const file = 'apps/b.shared.sops.yaml'

test('--remove takes somebody out of files and rules, with new data keys, and touches nothing else', () =>
  withRotatePlace(async ({ git, ended, old, friend, read, atHand }) => {
    const remove = ['--remove', '--old', friend.recipient]
    const before = read(file)
    const plain = await plaintextOf({ file, text: before }, [old])
    const dry = await ended(0, [...remove, '--dry-run'])
    assert.match(dry.stdout, `+++ b/${file}`)
    assert.match(dry.stdout, '+++ b/.sops.yaml')
    assert.is(git('status', '--porcelain'), '')
    await ended(0, [...remove, '--commit'])
    assert.equal(git('diff', '--name-only', 'HEAD~1').split('\n'), ['.sops.yaml', file])
    assert.is(git('grep', '-c', friend.recipient, 'HEAD~1', '--').split('\n').length, 2)
    assert.is(git('status', '--porcelain'), '')
    assert.is(git('log', '-1', '--format=%(trailers)').trim(), `Age-Recipient-Old: ${friend.recipient}`)
    const after = read(file)
    assert.not.match(`${after}${read('.sops.yaml')}`, friend.recipient)
    assert.match(read('.sops.yaml'), old.recipient)
    assert.is(await plaintextOf({ file, text: after }, [old]), plain)
    const values = (text: string) => text.match(/ENC\[AES256_GCM,data:[^,]*/g)
    assert.not.equal(values(after), values(before))
    assert.is(await plaintextOf({ file, text: after }, [friend]), undefined)
    assert.equal(atHand(), [old.recipient])
    // a rotation goes on as if nothing had been
    assert.match((await ended(0, [...remove, '--commit'])).stdout, 'unchanged')
    await ended(0, ['--status'])
    await ended(0, ['--commit'])
    assert.is(atHand().length, 2)
  }))

test('--remove is refused where nobody else opens a file, and nothing is written', () => {
  const [old, friend] = [makeKey(), makeKey()]
  const files = {
    ...rotatingFiles(old.recipient, friend.recipient),
    'apps/alone.sops.yaml': encryptSecret(friend.recipient),
  }
  return withRotatePlace(
    async ({ git, ended, write }) => {
      const remove = ['--remove', '--old', friend.recipient, '--commit']
      const alone = await ended(1, remove)
      assert.match(alone.stderr, 'apps/alone.sops.yaml')
      // who is at hand cannot open it, though somebody else could
      write('apps/alone.sops.yaml', encryptSecret(`${friend.recipient},${makeKey().recipient}`))
      git('commit', '--quiet', '--all', '--message', 'x')
      assert.match((await ended(1, remove)).stderr, 'apps/alone.sops.yaml')
      assert.is(git('status', '--porcelain'), '')
      const stranger = await ended(0, ['--remove', '--old', makeKey().recipient])
      assert.match(stranger.stdout, 'unchanged')
      // only these files
      await ended(0, [...remove, file])
      assert.equal(git('diff', '--name-only', 'HEAD~1'), file)
    },
    { old, friend, files },
  )
})

test('--remove goes by what others have pushed, and not past a branch that is not seen', () =>
  withRotatePlace(async ({ directory, bare, git, ended, old, friend }) => {
    const remove = ['--remove', '--old', friend.recipient, '--commit']
    const theirs = join(directory, 'theirs')
    git('clone', '--quiet', bare, theirs)
    writeFileSync(join(theirs, 'late.sops.yaml'), encryptSecret(`${old.recipient},${friend.recipient}`))
    git('-C', theirs, 'add', '.')
    git(
      '-C',
      theirs,
      '-c',
      'user.name=T',
      '-c',
      'user.email=t@example.com',
      'commit',
      '--quiet',
      '-m',
      'late',
    )
    git('-C', theirs, 'push', '--quiet')
    assert.match((await ended(1, remove)).stderr, 'git pull --rebase origin main')
    renameSync(bare, `${bare}.away`)
    assert.match((await ended(2, remove)).stderr, 'the remote did not answer')
    renameSync(`${bare}.away`, bare)
    git('pull', '--quiet', '--rebase')
    await ended(0, remove)
    assert.throws(() => git('grep', '-l', friend.recipient, 'HEAD'))
    // nobody has pushed to a branch of one's own
    git('reset', '--quiet', '--hard', 'HEAD~1')
    git('checkout', '--quiet', '-b', 'leaver')
    await ended(0, remove)
  }))

test('--remove gives new data keys also to what somebody was taken out of by hand', () =>
  withRotatePlace(async ({ root, env, git, ended, old, friend, read, write }) => {
    write('.sops.yaml', read('.sops.yaml').replace(`,${friend.recipient}`, ''))
    const key = { ...env, SOPS_AGE_KEY_FILE: join(root, 'age.key') }
    execFileSync('sops', ['updatekeys', '-y', file], { cwd: root, env: key, stdio: 'ignore' })
    git('commit', '--quiet', '--all', '--message', 'by hand')
    const before = read(file)
    assert.not.match(before, friend.recipient)
    const remove = ['--remove', '--old', friend.recipient, '--commit']
    assert.match((await ended(0, remove)).stdout, /^removed/m)
    assert.is(git('diff', '--name-only', 'HEAD~1').trim(), file)
    assert.not.equal(dataKeyOf(read(file), old), dataKeyOf(before, old))
    assert.is(
      await plaintextOf({ file, text: read(file) }, [old]),
      await plaintextOf({ file, text: before }, [old]),
    )
    assert.match((await ended(0, remove)).stdout, 'unchanged')
  }))

test('--remove of the only recipient of a rule says which rule', () => {
  const [old, friend] = [makeKey(), makeKey()]
  const files = {
    ...rotatingFiles(old.recipient, friend.recipient),
    '.sops.yaml': `creation_rules:\n  - path_regex: alone\n    age: ${friend.recipient}\n  - age: ${old.recipient},${friend.recipient}\n`,
  }
  return withRotatePlace(
    async ({ git, ended }) => {
      const { stderr } = await ended(1, ['--remove', '--old', friend.recipient, '--commit'])
      assert.match(stderr, /\.sops\.yaml:\d/)
      assert.is(git('status', '--porcelain'), '')
    },
    { old, friend, files },
  )
})

test.run()
