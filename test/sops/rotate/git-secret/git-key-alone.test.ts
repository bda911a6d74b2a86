import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { encryptText, makeKey } from '../../../helpers/keys.ts'
import { rotatingFiles, withRotatePlace } from '../../../helpers/rotate/task-place.ts'

const keySecret = (name: string, key: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n  namespace: flux-system\nstringData:\n  age.agekey: |\n    # kept\n    ${key}\n`

test('a key Secret in git gets the new identity, loses it again with --abort, and those of others are left alone', () => {
  const [old, friend, stranger] = [makeKey(), makeKey(), makeKey()]
  const files = {
    ...rotatingFiles(old.recipient, friend.recipient),
    'flux/key.sops.yaml': encryptText(old.recipient, keySecret('sops-age', old.secret)),
    'flux/other.sops.yaml': encryptText(stranger.recipient, keySecret('their-age', stranger.secret)),
  }
  return withRotatePlace(
    async ({ root, env, git, ended, read, atHand }) => {
      const held = () => {
        const key = { ...env, SOPS_AGE_KEY_FILE: join(root, 'age.key') }
        const text = execFileSync('sops', ['decrypt', 'flux/key.sops.yaml'], {
          cwd: root,
          env: key,
          encoding: 'utf8',
        })
        assert.match(text, '# kept')
        return (text.match(/AGE-SECRET-KEY-\S+/g) ?? []).length
      }
      const others = read('flux/other.sops.yaml')
      // what would read it is not seen
      const { stderr: unseen } = await ended(2, ['--pq', '--commit'])
      assert.match(
        unseen,
        /flux\/key\.sops\.yaml:\d+: .*kustomize-controller is not seen: no cluster was asked/,
      )
      assert.is(held(), 1)
      const { stderr } = await ended(0, ['--commit'])
      assert.match(stderr, 'flux/other.sops.yaml')
      assert.is(held(), 2)
      await ended(0, ['--abort', '--commit'])
      assert.is(held(), 1)
      for (const file of ['.sops.yaml', 'flux/key.sops.yaml', 'apps/a.sops.yaml'])
        assert.not.match(read(file), `${atHand()[1]}`)
      // once more, to the end
      for (let run = 0; run < 2; run++) {
        await ended(0, ['--commit'])
        git('push', '--quiet')
      }
      assert.is(held(), 1)
      assert.not.match(read('flux/key.sops.yaml'), old.recipient)
      assert.is(read('flux/other.sops.yaml'), others)
    },
    { old, friend, files },
  )
})

test.run()
