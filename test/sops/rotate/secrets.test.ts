import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'
import { assertNoLeak } from '../../helpers/leak.ts'
import { leftIn, plantedValue, type RotatePlace, withRotatePlace } from '../../helpers/rotate/task-place.ts'
import { dataKeyOf } from '../../helpers/sops/data-key.ts'
import { traceCalls } from '../../helpers/trace.ts'

/** Arguments and environments of all processes that run, again and again, until it is stopped. */
function sampleProcesses(): { stop(): string } {
  const seen = new Set<string>()
  const look = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      for (const what of ['cmdline', 'environ']) {
        try {
          seen.add(readFileSync(`/proc/${pid}/${what}`, 'latin1'))
        } catch {
          // it has ended, or is not ours
        }
      }
    }
  }
  const timer = setInterval(look, 15)
  return {
    stop() {
      clearInterval(timer)
      return [...seen].join('\n')
    },
  }
}

/** All that git has, also what nothing refers to, as it was before it was compressed. */
function gitObjects({ root, env }: RotatePlace): string {
  const args = ['cat-file', '--batch-all-objects', '--batch']
  return execFileSync('git', args, { cwd: root, env, maxBuffer: 2 ** 28 }).toString('latin1')
}

const file = 'apps/a.sops.yaml'

test('no identity, value or data key is shown, passed on or kept, whatever happens', () =>
  withRotatePlace(async (place) => {
    const { root, git, start, old, friend, read, write, directory, temporary, env, atHand } = place
    const held = join(directory, 'held.txt')
    // what lies in temporary files while sops runs, and what kind each is
    const look = `{ find '${temporary}' -mindepth 2 -printf '%y %m %f\\n'; find '${temporary}' -type f -exec cat {} +; } >>'${held}' 2>/dev/null`
    const trace = traceCalls(directory, env, ['sh', 'sops', 'age-keygen', 'git'], { sops: look })
    const keyOf = (): string =>
      read('age.key')
        .match(/AGE-SECRET-KEY-\S+/g)
        ?.at(-1) ?? ''
    const secrets = new Set<string>([old.secret, friend.secret, plantedValue, ...dataKeyOf(read(file), old)])
    const said: string[] = []
    const run = async (code: number, ...args: string[]) => {
      const { code: found, stdout, stderr } = await start(args, { env: trace.env }).ended
      assert.is(found, code, `${args.join(' ')}\n${stdout}${stderr}`)
      said.push(stdout, stderr)
      assert.equal(leftIn(place), [])
      return `${stdout}${stderr}`
    }
    const whole = read(file)
    const spoil = (text: string) => {
      write(file, text)
      git('commit', '--quiet', '--all', '--message', 'spoilt')
    }
    const mend = (text: string) => {
      write(file, text)
      git('commit', '--quiet', '--all', '--message', 'mended')
    }
    const processes = sampleProcesses()

    // on the way to the end everything goes wrong once
    await run(0, '--dry-run')
    await run(0, '--status', '--json')
    spoil(whole.replace(/^( {12})YWdl.{8}/m, '$1AAAAAAAAAAAA'))
    await run(1, '--commit')
    spoil(whole)
    write('apps/stranger.sops.yaml', encryptSecret(makeKey().recipient, plantedValue))
    const hook = join(root, '.git', 'hooks', 'pre-commit')
    writeFiles(root, { '.git/hooks/pre-commit': '#!/bin/sh\nenv\nexit 1\n' })
    chmodSync(hook, 0o755)
    assert.match(await run(2, '--commit'), 'git commit')
    assert.equal(atHand(), [old.recipient])
    execFileSync('rm', [hook])
    write(file, `${whole}# dirty\n`)
    assert.match(await run(1, '--commit'), `cannot commit ${file}`)
    write(file, whole)
    await run(0, '--commit', '--json')
    const next = { text: '', secret: keyOf(), recipient: atHand()[1]! }
    secrets.add(next.secret)
    git('push', '--quiet')
    const shared = read(file)
    for (const spoilt of [
      shared.replace('name: a', 'name: b'),
      shared.replace('token: ENC[AES256_GCM,data:', '$&AAAA'),
      shared.replaceAll(/^( {12})YWdl.{8}/gm, '$1AAAAAAAAAAAA'),
    ]) {
      spoil(spoilt)
      git('push', '--quiet')
      assert.match(await run(1, '--commit'), file)
    }
    mend(shared)
    git('push', '--quiet')
    await run(0, '--dry-run')
    await run(0, '--abort')
    git('checkout', '--quiet', '--', '.')
    await run(0, '--commit', '--json')
    for (const part of dataKeyOf(read(file), next)) secrets.add(part)
    git('push', '--quiet')
    await run(0)
    await run(0, '--compromised', '--json')
    await run(1, '--abort')
    await run(0, '--remove', '--old', friend.recipient, '--commit')

    const sampled = processes.stop()
    assert.match(sampled, 'sops')
    // what the user has in the environment is no secret; the test itself holds them in memory only
    assertNoLeak(
      [...secrets],
      { said: said.join('\n'), calls: trace.calls(), sampled, objects: gitObjects(place) },
      directory,
      [`${root.slice(directory.length + 1)}/age.key`],
    )
    const around = readFileSync(held, 'utf8')
    assert.match(around, /^p 600 pipe$/m)
    assert.match(around, 'BEGIN AGE ENCRYPTED FILE')
    assert.match(around, /^f 6\d\d \d(\.json)?$/m)
  }))

test.run()
