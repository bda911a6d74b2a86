import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { writeFiles } from '../../helpers/files.ts'
import { decode, entry, newKey, oldKey, withPlace } from '../../helpers/flux/sops-key.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'
import { startProgram } from '../../helpers/program.ts'

test('refuses a rotation after which Flux could not decrypt a file, and says how to keep both', async () => {
  await withPlace(async ({ sopsKey, secret, root }) => {
    await sopsKey()
    const before = await secret()
    writeFileSync(join(root, 'new.txt'), newKey.text, { mode: 0o600 })
    const refused = await sopsKey(['--key-file', 'new.txt'])
    assert.is(refused.code, 1)
    assert.is(refused.stdout, 'context sandbox\n')
    assert.match(
      refused.stderr,
      /could no longer decrypt 1 file of this repository:\n {2}apps\/x\.enc\.yaml\nhint: put the old and the new identity/,
    )
    assert.equal(await secret(), before)
    const dry = await sopsKey(['--key-file', 'new.txt', '--dry-run', '--force'])
    assert.match(dry.stdout, /^secret\/sops-age configured \(dry run: nothing was written\)/m)
    assert.equal(await secret(), before)

    const both = await sopsKey(['--key-file', '-'], { input: oldKey.text + newKey.text })
    assert.is(both.stdout.split('\n')[1], 'secret/sops-age configured')
    assert.match(both.stderr, `warning: no file of this repository is encrypted to ${newKey.recipient}`)
    assert.is(decode((await secret()).data['age.agekey']), `${oldKey.secret}\n${newKey.secret}\n`)
    assert.is((await secret()).metadata.uid, before.metadata.uid)

    writeFileSync(join(root, 'apps/x.enc.yaml'), encryptSecret(newKey.recipient))
    const rotated = await sopsKey(['--key-file', 'new.txt'])
    assert.is(rotated.code, 0, rotated.stderr)
    assert.not.match(rotated.stderr, 'warning')
    assert.is(decode((await secret()).data['age.agekey']), `${newKey.secret}\n`)
  })
})

test('a rotation does not believe a recipient that somebody has written into a file by hand', async () => {
  await withPlace(async ({ sopsKey, root }) => {
    await sopsKey()
    const stranger = makeKey().recipient
    const text = encryptSecret(`${oldKey.recipient},${stranger}`).replace(stranger, newKey.recipient)
    writeFileSync(join(root, 'apps/x.enc.yaml'), text)
    const refused = await sopsKey(['--key-file', '-'], { input: newKey.text })
    assert.is(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, /decrypt 1 file of this repository:\n {2}apps\/x\.enc\.yaml\n/)
  })
})

test('a rotation sees files that are written on one line', async () => {
  await withPlace(async ({ sopsKey, root }) => {
    await sopsKey()
    const json = JSON.stringify(parse(encryptSecret(oldKey.recipient)))
    writeFiles(root, {
      'apps/x.enc.yaml': encryptSecret(newKey.recipient),
      'apps/flow.yaml': json.replace(',"sops":', ', sops: '),
      'apps/small.json': json,
      'apps/unrelated.json': JSON.stringify({ note: `ENC[AES256_GCM, sops: ${oldKey.recipient}` }),
    })
    const refused = await sopsKey(['--key-file', '-'], { input: newKey.text })
    assert.is(refused.code, 1, refused.stderr)
    assert.match(
      refused.stderr,
      /decrypt 2 files of this repository:\n {2}apps\/flow\.yaml\n {2}apps\/small\.json\n/,
    )
  })
})

test('a rotation sees its files whatever git is set to', async () => {
  await withPlace(async ({ sopsKey, root, env }) => {
    await sopsKey()
    for (const [name, value] of [
      ['color.ui', 'always'],
      ['submodule.recurse', 'true'],
    ] as const)
      execFileSync('git', ['config', name, value], { cwd: root, env })
    const refused = await sopsKey(['--key-file', '-'], { input: newKey.text })
    assert.is(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, 'this repository:\n  apps/x.enc.yaml\n')
  })
})

test('a file that cannot be read is not passed over', async () => {
  await withPlace(async ({ sopsKey, namespace, root, env }) => {
    await sopsKey()
    // root reads every file, but for these
    const unprivileged = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : []
    const command = [...unprivileged, process.execPath, entry, '-n', namespace, '--key-file', '-']
    for (const path of ['apps/x.enc.yaml', 'apps']) {
      chmodSync(join(root, path), 0)
      const { code, stderr } = await startProgram(command, { cwd: root, env, input: newKey.text }).ended
      assert.is(code, 2, stderr)
      assert.match(
        stderr,
        /cannot search the files of the repository: .*'apps\/.*': Permission denied\nhint: /,
      )
      chmodSync(join(root, path), 0o755)
    }
  })
})

test('in a sparse checkout an identity is not taken out unseen', async () => {
  await withPlace(async ({ sopsKey, root, env }) => {
    await sopsKey()
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, env, stdio: 'pipe' })
    git('add', '.')
    git('-c', 'user.name=x', '-c', 'user.email=x', 'commit', '--quiet', '--message', 'x')
    git('sparse-checkout', 'set', '--no-cone', '/*', '!/apps/')
    const refused = await sopsKey(['--key-file', '-'], { input: newKey.text })
    assert.is(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, /this is a sparse checkout.*\nhint: `git sparse-checkout disable`/)
    assert.is((await sopsKey(['--key-file', '-'], { input: oldKey.text + newKey.text })).code, 0)
    assert.is((await sopsKey(['--key-file', '-', '--force'], { input: newKey.text })).code, 0)
  })
})

test('--force rotates all the same', async () => {
  await withPlace(async ({ sopsKey, secret }) => {
    await sopsKey()
    const forced = await sopsKey(['--key-file', '-', '--force', '--json'], { input: newKey.text })
    assert.is(forced.code, 0, forced.stderr)
    const document = JSON.parse(forced.stdout)
    assert.is(document.task, 'flux:sops-key')
    assert.is(document.result, 'configured')
    assert.equal(document.recipients, [newKey.recipient])
    assert.is(decode((await secret()).data['age.agekey']), `${newKey.secret}\n`)
  })
})

test('another *.agekey entry of the Secret that stays keeps its files readable', async () => {
  await withPlace(async ({ sopsKey, secret, kubectl }) => {
    await kubectl([
      'create',
      'secret',
      'generic',
      'sops-age',
      `--from-literal=old.agekey=${oldKey.secret}\n`,
      `--from-literal=age.agekey=${oldKey.secret}\n`,
    ])
    const ended = await sopsKey(['--key-file', '-'], { input: newKey.text })
    assert.is(ended.code, 0, ended.stderr)
    assert.equal(Object.keys((await secret()).data), ['age.agekey', 'old.agekey'])
  })
})

test('another *.agekey entry that the controller cannot read is told, with the command that removes it', async () => {
  await withPlace(async ({ sopsKey, secret, kubectl, env }) => {
    const entries = [`bad.agekey=# x\n${newKey.recipient}`, `age.agekey=${oldKey.secret}\n`, 'empty.agekey=']
    await kubectl([
      'create',
      'secret',
      'generic',
      'sops-age',
      ...entries.map((one) => `--from-literal=${one}`),
    ])
    for (const result of ['configured', 'unchanged']) {
      const { code, stdout, stderr } = await sopsKey()
      assert.is(code, 0)
      assert.match(stdout, `secret/sops-age ${result}`)
      assert.match(
        stderr,
        /^warning: secret \S+: the controller cannot read bad\.agekey .*\(line 2 is a public key.*\n$/,
      )
      assert.not.match(stderr, newKey.recipient)
    }
    const { stderr, stdout } = await sopsKey(['--json'])
    assert.is(`context sandbox\nwarning: ${JSON.parse(stdout).warnings[0]}\n`, stderr)
    execFileSync('sh', ['-c', /kubectl patch [^`]*/.exec(stderr)![0]], { env })
    assert.equal(Object.keys((await secret()).data), ['age.agekey', 'empty.agekey'])
    assert.is((await sopsKey()).stderr, '')
  })
})

test('outside of a repository an identity is not taken out unseen', async () => {
  await withPlace(async ({ sopsKey, env }) => {
    await sopsKey()
    const outside = { cwd: env.HOME!, input: newKey.text }
    const refused = await sopsKey(['--key-file', '-'], outside)
    assert.is(refused.code, 1)
    assert.match(refused.stderr, 'this is no git repository')
    assert.is((await sopsKey(['--key-file', '-', '--force'], outside)).code, 0)
  })
})

test.run()
