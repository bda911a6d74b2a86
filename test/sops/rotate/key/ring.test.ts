import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { worded } from '../../../../scripts/findings/finding.ts'
import { Interrupted, MissingProgram } from '../../../../scripts/lib/errors.ts'
import { filePlaceOf, identityIn, readKeyRing } from '../../../../scripts/sops/rotate/key/ring.ts'
import { makeKey } from '../../../helpers/keys.ts'
import { thrown } from '../../../helpers/thrown.ts'
import { codesOf, withKeyPlace } from './place.ts'

const [first, second, third, hybrid] = [makeKey(), makeKey(), makeKey(), makeKey('-pq')]

test('the identities of all places are there, each once, and the command is called once', () =>
  withKeyPlace(
    async ({ root, directory, trace, caller: { signal }, write }) => {
      const file = write('age.key', first.text + second.text)
      writeFileSync(join(directory, 'keys.txt'), third.text, { mode: 0o600 })
      symlinkSync(file, join(directory, 'link.key'))
      const home = join(directory, 'home/.config/sops/age')
      mkdirSync(home, { recursive: true })
      writeFileSync(join(home, 'keys.txt'), second.text)
      const env = {
        ...trace.env,
        SOPS_AGE_KEY_FILE: '../link.key',
        SOPS_AGE_KEY: `${hybrid.secret} ${first.secret}`,
        SOPS_AGE_KEY_CMD: 'echo called >>../calls; cat ../keys.txt',
      }
      const ring = await readKeyRing({ keyFile: undefined, cwd: root, root, env, signal })
      assert.equal(ring.troubles, [])
      assert.equal(
        ring.identities.map(({ recipient, places }) => [recipient, places.map(({ source }) => source)]),
        [
          [first.recipient, [`SOPS_AGE_KEY_FILE (${join(directory, 'link.key')})`, 'SOPS_AGE_KEY']],
          [second.recipient, [`SOPS_AGE_KEY_FILE (${join(directory, 'link.key')})`, join(home, 'keys.txt')]],
          [hybrid.recipient, ['SOPS_AGE_KEY']],
          [third.recipient, ['SOPS_AGE_KEY_CMD']],
        ],
      )
      assert.is(filePlaceOf(identityIn(ring, first.recipient)!)?.file, join(directory, 'link.key'))
      assert.is(filePlaceOf(identityIn(ring, third.recipient)!), undefined)
      assert.is(identityIn(ring, makeKey().recipient), undefined)
      assert.is(identityIn(ring, first.recipient)!.secret, first.secret)
      rmSync(join(directory, 'link.key'))
    },
    { keyFiles: ['../keys.txt', '../home/.config/sops/age/keys.txt'] },
  ))

test('a place that gives none is a finding, and the others count; one that was named is an error', () =>
  withKeyPlace(
    async ({ root, trace, caller: { signal }, write }) => {
      write('age.key', first.text)
      write('bad.key', `${second.secret}x\n`)
      const env = { ...trace.env, SOPS_AGE_KEY_FILE: 'missing.key', SOPS_AGE_KEY_CMD: 'echo no; exit 3' }
      const options = { keyFile: undefined, cwd: root, root, env, signal }
      const ring = await readKeyRing(options)
      assert.equal(
        ring.identities.map(({ recipient }) => recipient),
        [first.recipient],
      )
      assert.equal(codesOf(ring.troubles), ['key-place-unusable', 'key-place-unusable'])
      assert.equal(
        ring.troubles.map(({ file, object }) => file ?? object),
        ['missing.key', 'SOPS_AGE_KEY_CMD'],
      )
      const said = ring.troubles.map((one) => worded(one))
      assert.match(said[0]!.message, 'there is no such file')
      assert.match(said[1]!.fix, 'run it by hand to see why')
      const misspelt = await readKeyRing({ ...options, env: { ...env, SOPS_AGE_KEY_FILE: 'bad.key' } })
      assert.match(worded(misspelt.troubles[0]!).message, 'line 1 is truncated or misspelt')
      assert.not.match(JSON.stringify(misspelt.troubles), second.secret.slice(0, 30))
      const named = await thrown(readKeyRing({ ...options, keyFile: join(root, 'bad.key') }))
      assert.match(named.message, 'line 1 is truncated or misspelt')
      const bare = readKeyRing({ ...options, env: { ...env, PATH: '/nonexistent' } })
      assert.instance(await thrown(bare), MissingProgram)
    },
    { keyFiles: ['bad.key'] },
  ))

test('Ctrl-C while the command asks is no finding', () =>
  withKeyPlace(async ({ root, trace }) => {
    const env = { ...trace.env, SOPS_AGE_KEY_CMD: 'exec sleep 100' }
    const abort = new AbortController()
    const ring = readKeyRing({ keyFile: undefined, cwd: root, root, env, signal: abort.signal })
    const reason = new Interrupted('SIGINT')
    setTimeout(() => abort.abort(reason), 300)
    assert.is(await ring.catch((error) => error), reason)
  }))

test.run()
