import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeKey } from '../../helpers/keys.ts'
import { rotatingFiles, withRotatePlace } from '../../helpers/rotate/task-place.ts'

/** A key of a cloud service that nobody reaches. */
const kms = `    kms:
        - arn: arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000
          created_at: "2024-01-01T00:00:00Z"
          enc: AQICAHg=
          aws_profile: ""
`

test('a file that can get no new data key keeps the rotation open, until --rewrap takes it as it is', () => {
  const [old, friend] = [makeKey(), makeKey()]
  const all = rotatingFiles(old.recipient, friend.recipient)
  const files = {
    ...all,
    'apps/k.sops.yaml': `${all['apps/a.sops.yaml']}`.replace(/^sops:\n/m, `$&${kms}`),
  }
  return withRotatePlace(
    async ({ git, ended, read, atHand }) => {
      const call = { env: { AWS_EC2_METADATA_DISABLED: 'true' } }
      await ended(0, ['--commit'], call)
      git('push', '--quiet')
      const shared = read('apps/k.sops.yaml')
      assert.match(shared, kms)
      const refused = await ended(1, ['--commit'], call)
      assert.match(refused.stderr, 'apps/k.sops.yaml')
      assert.match(refused.stderr, '--rewrap')
      assert.is(git('status', '--porcelain'), '')
      assert.is(read('apps/k.sops.yaml'), shared)

      await ended(0, ['--commit', '--rewrap'], call)
      const wrapped = read('apps/k.sops.yaml')
      assert.match(wrapped, kms)
      assert.not.match(wrapped, old.recipient)
      assert.match(wrapped, `${atHand()[1]}`)
      assert.not.match(read('apps/a.sops.yaml'), old.recipient)
      git('push', '--quiet')
      const done = await ended(0, ['--commit', '--rewrap'], call)
      assert.match(done.stdout, /^(done|no rotation is open)/m)
    },
    { old, friend, files },
  )
})

test.run()
