import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../../helpers/files.ts'
import { encryptSecret, makeKey } from '../../../helpers/keys.ts'
import { plantedValue, type RotatePlace, withRotatePlace } from '../../../helpers/rotate/task-place.ts'
import { type TracedRuns, withTracedRuns } from '../../../helpers/rotate/traced.ts'
import { dataKeyOf } from '../../../helpers/sops/data-key.ts'

/** A place whose runs are traced. */
const withTraced = (use: (place: RotatePlace & TracedRuns) => Promise<void>) =>
  withRotatePlace((place) =>
    withTracedRuns(place, (runs) =>
      use({
        ...{ ...place, ...runs },
        run: (code, args, env) => runs.run(code, ['--no-cluster', ...args], env),
      }),
    ),
  )

const file = 'apps/a.sops.yaml'

test('no identity, value or data key is shown, passed on or kept, whatever happens', () =>
  withTraced(async (place) => {
    const { root, git, old, friend, read, write, directory, atHand, run, endAt, check } = place
    const secrets = new Set<string>([old.secret, friend.secret, plantedValue, ...dataKeyOf(read(file), old)])
    const whole = read(file)
    const spoil = (text: string) => {
      write(file, text)
      git('commit', '--quiet', '--all', '--message', 'spoilt')
    }

    // on the way to the end everything goes wrong once
    await run(0, ['--dry-run'])
    await run(0, ['--status', '--json'])
    spoil(whole.replace(/^( {12})YWdl.{8}/m, '$1AAAAAAAAAAAA'))
    await run(1, ['--commit'])
    spoil(whole)
    write('apps/stranger.sops.yaml', encryptSecret(makeKey().recipient, plantedValue))
    const hook = join(root, '.git', 'hooks', 'pre-commit')
    writeFiles(root, { '.git/hooks/pre-commit': '#!/bin/sh\nenv\nexit 1\n' })
    chmodSync(hook, 0o755)
    assert.match(await run(2, ['--commit']), 'git commit')
    assert.equal(atHand(), [old.recipient])
    execFileSync('rm', [hook])
    write(file, `${whole}# dirty\n`)
    assert.match(await run(1, ['--commit']), `cannot commit ${file}`)
    write(file, whole)
    await run(2, ['--commit'], endAt('^spawn sops', 'SIGINT'))
    await run(null, ['--commit'], endAt('^renameSync .*sops-rotate-key', 'SIGKILL'))
    await run(0, ['--commit', '--json'])
    const [, secret = ''] = read('age.key').match(/AGE-SECRET-KEY-\S+/g) ?? []
    const next = { text: '', secret, recipient: atHand()[1]! }
    secrets.add(secret)
    git('push', '--quiet')
    const shared = read(file)
    for (const spoilt of [
      shared.replace('name: a', 'name: b'),
      shared.replace('token: ENC[AES256_GCM,data:', '$&AAAA'),
      shared.replaceAll(/^( {12})YWdl.{8}/gm, '$1AAAAAAAAAAAA'),
    ]) {
      spoil(spoilt)
      git('push', '--quiet')
      assert.match(await run(1, ['--commit']), file)
    }
    spoil(shared)
    git('push', '--quiet')
    await run(0, ['--dry-run'])
    await run(0, ['--abort'])
    git('checkout', '--quiet', '--', '.')
    await run(2, ['--commit'], endAt('^spawn sops', 'SIGTERM'))
    await run(null, ['--commit'], endAt('^renameSync .*sops-rotate-files', 'SIGKILL'))
    git('checkout', '--quiet', '--', '.')
    await run(0, ['--commit', '--json'])
    for (const part of dataKeyOf(read(file), next)) secrets.add(part)
    git('push', '--quiet')
    await run(0, [])
    await run(0, ['--compromised', '--json'])
    await run(1, ['--abort'])
    await run(0, ['--remove', '--old', friend.recipient, '--commit'])
    check(secrets, [join(relative(directory, root), 'age.key')])
  }))

test('an identity that a command prints, and one that a command keeps, are nowhere else', () =>
  withTraced(async (place) => {
    const { root, git, old, friend, read, directory, run, check } = place
    execFileSync('rm', [join(root, 'age.key')])
    const kept = join(directory, 'kept.txt')
    writeFileSync(kept, old.text, { mode: 0o600 })
    const env = { SOPS_AGE_KEY_CMD: `cat '${kept}'` }
    const secrets = new Set<string>([old.secret, friend.secret, plantedValue, ...dataKeyOf(read(file), old)])
    await run(2, ['--commit'], { SOPS_AGE_KEY_CMD: `cat '${kept}' >&2; exit 1` })
    await run(2, ['--commit', '--store', 'cat >&2; exit 1'], env)
    await run(0, ['--commit', '--store', `cat >>'${kept}'`], env)
    git('push', '--quiet')
    await run(0, ['--commit'], env)
    check(secrets, ['kept.txt'])
  }))

test.run()
