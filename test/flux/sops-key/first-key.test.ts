import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Applied, fresh, old, withApplied } from '../../helpers/flux/applied-key.ts'
import { kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'

/** A key that is exported for some other repository. */
const stale = makeKey()

/** The cluster has no key yet, and the right one lies in the repository. @returns a call with the stale variable */
async function withoutKey({ sandbox, clone, directory, env }: Applied) {
  await sandbox.kubectl(['delete', 'secret', 'sops-age', '-n', 'flux-system'])
  writeFileSync(join(clone, '.age-key.txt'), old.text, { mode: 0o600 })
  const file = join(directory, 'stale.txt')
  writeFileSync(file, stale.text, { mode: 0o600 })
  return { env: { ...env, SOPS_AGE_KEY_FILE: file } }
}

test('a first key that opens no file that Flux builds is refused, with the key that would fit', () =>
  withApplied({}, async (place) => {
    const { sopsKey, held } = place
    const call = await withoutKey(place)
    for (const args of [[], ['--dry-run']]) {
      const { code, stderr } = await sopsKey([], args, call)
      assert.is(code, 1, stderr)
      assert.match(
        stderr,
        `refusing to write the key of ${stale.recipient} to secret flux-system/sops-age: it opens none of the files that Flux decrypts with it, which are for ${old.recipient}:\n  kubernetes/apps/x.enc.yaml\n`,
      )
      assert.match(
        stderr,
        /The new key is that of SOPS_AGE_KEY_FILE \(.*\); that of \.age-key\.txt \(age1\w+\) fits\n/,
      )
      assert.match(stderr, `.age-key.txt (${old.recipient}) fits`)
      assert.is(await held(), undefined)
    }
    const right = await sopsKey([], [])
    assert.is(right.code, 0, right.stderr)
    assert.equal(await held(), { 'age.agekey': `${old.secret}\n` })
    const replaced = await sopsKey([], [], call)
    assert.is(replaced.code, 1, replaced.stderr)
    assert.match(replaced.stderr, `that of .age-key.txt (${old.recipient}) fits`)
  }))

test('a first key that opens some of the files is written, and says which it does not open', () =>
  withApplied(
    {
      'kubernetes/apps/kustomization.yaml': kustomizationOf('x.enc.yaml', 'y.enc.yaml'),
      'kubernetes/apps/y.enc.yaml': encryptSecret(old.recipient).replace('name: x', 'name: y'),
    },
    async ({ sandbox, sopsKey, push, applied, git }) => {
      await applied('apps', await git('rev-parse', 'HEAD'))
      await sandbox.kubectl(['delete', 'secret', 'sops-age', '-n', 'flux-system'])
      await push({
        'kubernetes/apps/y.enc.yaml': encryptSecret(fresh.recipient).replace('name: x', 'name: y'),
      })
      const annotation = `reconcile.fluxcd.io/requestedAt=${Date.now()}`
      await sandbox.kubectl([
        'annotate',
        'gitrepository/flux-system',
        '-n',
        'flux-system',
        '--overwrite',
        annotation,
      ])
      const revision = `--for=jsonpath={.status.artifact.revision}=main@sha1:${await git('rev-parse', 'HEAD')}`
      await sandbox.kubectl([
        'wait',
        'gitrepository/flux-system',
        '-n',
        'flux-system',
        revision,
        '--timeout=60s',
      ])
      const { code, stderr } = await sopsKey([old.secret])
      assert.is(code, 0, stderr)
      assert.match(
        stderr,
        /warning: Flux decrypts files with secret .* that this key does not open: kubernetes\/apps\/y\.enc\.yaml\n/,
      )
    },
  ))

test('where nothing is known of the cluster the first key is written, with a note of the key that would fit', () =>
  withApplied({}, async (place) => {
    const { sandbox, sopsKey, held } = place
    const call = await withoutKey(place)
    await sandbox.kubectl(['delete', 'kustomizations,gitrepositories', '--all', '-n', 'flux-system'])
    const { code, stderr } = await sopsKey([], [], call)
    assert.is(code, 0, stderr)
    assert.match(
      stderr,
      `warning: no file of this repository is encrypted to ${stale.recipient}, and no .sops.yaml names it: is this the right key? That of .age-key.txt opens the files\n`,
    )
    assert.equal(await held(), { 'age.agekey': `${stale.secret}\n` })
  }))

test('a key file that git has, or that others can read, is said', () =>
  withApplied({}, async (place) => {
    const { sopsKey, clone, git } = place
    await withoutKey(place)
    const file = join(clone, '.age-key.txt')
    chmodSync(file, 0o644)
    assert.match(
      (await sopsKey([])).stderr,
      'warning: .age-key.txt holds your private key, and others on this machine can read it: `chmod 600 .age-key.txt`\n',
    )
    chmodSync(file, 0o600)
    assert.not.match((await sopsKey([])).stderr, 'others on this machine')
    await git('add', '--force', '.age-key.txt')
    assert.match(
      (await sopsKey([])).stderr,
      /^warning: .age-key.txt holds the private key of age1\S+, which this repository encrypts to: make a new key/m,
    )
    await git('rm', '--quiet', '--cached', '.age-key.txt')
    writeFileSync(join(clone, '.gitignore'), '')
    assert.match(
      (await sopsKey([])).stderr,
      /^warning: .age-key.txt holds the private key of age1\S+, and git does not ignore it: `printf .* \/\.age-key\.txt >>.*\/\.gitignore.`$/m,
    )
    // in a directory below, it is found as well
    const below = await sopsKey([], [], { cwd: join(clone, 'kubernetes') })
    assert.match(below.stdout, /key from +\S*\.age-key\.txt\n/)
  }))

test.run()
