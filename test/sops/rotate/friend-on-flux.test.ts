import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { encrypt, secret } from '../../helpers/flux/encrypted-objects.ts'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'
import { type Key, makeKey } from '../../helpers/keys.ts'
import {
  decrypting,
  type FluxRotation,
  heldIn,
  leaving,
  opens,
  plainKeySecret,
  withFluxRotation,
} from '../../helpers/rotate/flux-rotation.ts'
import { recipientsOf } from '../../helpers/rotate/identities.ts'
import type { FoundObject } from '../../helpers/rotate/repository-on-flux.ts'
import { dataKeyOf } from '../../helpers/sops/data-key.ts'
import { decryptedBySops } from '../../helpers/sops/with-key.ts'

/** Somebody else, who has an identity of their own. */
const friend = makeKey()

const [own, common] = ['apps/own.enc.yaml', 'apps/common.enc.yaml']
const system = { 'kubernetes/flux-system/apps.yaml': fluxKustomization('apps', './apps', decrypting()) }
const rulesFor = (keys: string) =>
  `creation_rules:\n  - path_regex: own\n    age: ${leaving.recipient}\n  - path_regex: common\n${keys}`

/** A file of today with the keys that an older version of it lists: who could open that one has the data key, if it is the same. */
function withKeysOf(older: string, today: string): string {
  const { sops, ...rest } = parse(today)
  return JSON.stringify({ ...rest, sops: { ...sops, key_groups: parse(older).sops.key_groups } })
}

/** The Secrets that Flux has decrypted, with their versions. */
async function arrived({ sandbox: { kubectl } }: FluxRotation): Promise<string[]> {
  const { items } = JSON.parse(await kubectl(['get', 'secrets', '-n', 'default', '-o', 'json']))
  return items.map(
    ({ metadata: { name, resourceVersion }, data }: FoundObject) =>
      `${name} ${resourceVersion} ${Buffer.from(data?.token ?? '', 'base64')}`,
  )
}

test('the share of a key group goes to the new key with the old identity alone, and the cluster opens both groups', () => {
  const first = encrypt(secret('common', 'of-common'), { to: [[leaving], [friend]] })
  const files = {
    ...system,
    '.sops.yaml': rulesFor(
      `    key_groups:\n      - age: [${leaving.recipient}]\n      - age: [${friend.recipient}]\n`,
    ),
    [own]: encrypt(secret('own', 'of-own'), { to: [[leaving]] }),
    [common]: first,
  }
  return withFluxRotation([leaving], files, async (place) => {
    const { sandbox, rotate, keys, git, apply, applied, text, clone } = place
    const held = async () => {
      const id = 'flux-system/sops-age'
      return [
        recipientsOf(await heldIn(sandbox, id)),
        recipientsOf(await heldIn(sandbox, id, 'friend.agekey')),
      ]
    }
    const together = async (...some: Key[]) =>
      (await decryptedBySops({ [common]: text(common) }, some)).length === 1
    await apply(plainKeySecret('sops-age', { 'age.agekey': leaving.secret, 'friend.agekey': friend.secret }))
    await applied('apps', await git('rev-parse', 'HEAD'))
    const before = await arrived(place)
    assert.match(before.join(), /^common \d+ of-common,own \d+ of-own$/)

    const failures = await place.failures(async () => {
      // the cluster has that of the friend as well
      await rotate(0, ['--commit', '--old', leaving.recipient])
      const next = keys().at(-1)!
      assert.equal(await held(), [[leaving.recipient, next.recipient], [friend.recipient]])
      assert.ok(await together(next, friend))
      await git('push', '--quiet')

      // a new data key needs both owners
      const shared = await git('rev-parse', 'HEAD')
      const alone = await rotate(1, ['--commit', '--proof', 'read'])
      assert.match(
        alone.stdout,
        /^✓ prove .* alone opens 1 file, and together with others 1 of several key groups/m,
      )
      assert.match(alone.stderr, `${common}: 2 of its key groups must be opened for a new data key`)
      assert.match(alone.stderr, '--rewrap')
      assert.is(await git('rev-parse', 'HEAD'), shared)
      assert.is(await git('status', '--porcelain'), '')

      const wrapped = await rotate(0, ['--commit', '--rewrap'])
      assert.match(wrapped.stdout, 'arrived decrypted')
      assert.match(wrapped.stderr, 'mise run sops:rotate --rewrap --commit')
      await git('pull', '--quiet', '--rebase')
      await git('push', '--quiet')
      const done = await rotate(0, ['--rewrap', '--proof', 'read'])
      assert.match(done.stdout, /^done: /m)
      assert.equal(await held(), [[next.recipient], [friend.recipient]])
      assert.equal(
        await Promise.all([together(next, friend), together(leaving, friend), together(next, leaving)]),
        [true, false, false],
      )
      assert.equal([opens(place, next, own), opens(place, leaving, own)], [true, false])

      // as soon as both owners are there, it gets its new data key
      const isKept = async () => {
        const attacked = { [common]: withKeysOf(first, text(common)) }
        return (await decryptedBySops(attacked, [leaving, friend])).length === 1
      }
      assert.is(await isKept(), true)
      appendFileSync(join(clone, '.age-key.txt'), friend.text)
      const again = ['--old', leaving.recipient, '--commit', '--proof', 'read']
      await rotate(0, again)
      await git('push', '--quiet')
      assert.match((await rotate(0, again)).stdout, /^done: /m)
      assert.is(await isKept(), false)
      assert.ok(await together(next, friend))
      await applied('apps', await git('rev-parse', 'HEAD'))
    })
    assert.equal(failures, [])
    assert.equal(await arrived(place), before)
  })
})

test('somebody leaves, and the cluster does not notice; what was shared and distributed is taken back, and it goes on', () => {
  const files: Record<string, string> = {
    ...system,
    '.sops.yaml': rulesFor(`    age: ${leaving.recipient},${friend.recipient}\n`),
    [own]: encrypt(secret('own', 'of-own'), { to: [[leaving]] }),
    [common]: encrypt(secret('common', 'of-common'), { to: [[leaving, friend]] }),
  }
  return withFluxRotation([leaving], files, async (place) => {
    const { sandbox, rotate, keys, git, apply, applied, text } = place
    const id = 'flux-system/sops-age'
    const version = async () =>
      (
        await sandbox.kubectl([
          'get',
          'secret',
          'sops-age',
          '-n',
          'flux-system',
          '-o=jsonpath={.metadata.resourceVersion}',
        ])
      ).trim()
    const publish = async () => {
      await git('push', '--quiet')
      await applied('apps', await git('rev-parse', 'HEAD'))
    }
    await apply(plainKeySecret('sops-age', { 'age.agekey': leaving.secret }))
    await applied('apps', await git('rev-parse', 'HEAD'))
    const [before, key] = [await arrived(place), await version()]
    assert.match(before.join(), /^common \d+ of-common,own \d+ of-own$/)

    const failures = await place.failures(async () => {
      assert.match(
        (await rotate(0, ['--remove', '--old', friend.recipient, '--commit'])).stdout,
        /^removed$/m,
      )
      assert.equal((await git('diff', '--name-only', 'HEAD~1')).split('\n'), ['.sops.yaml', common])
      assert.not.match(`${text(common)}${text('.sops.yaml')}`, friend.recipient)
      assert.is(opens(place, friend, common), false)
      assert.not.equal(dataKeyOf(text(common), leaving), dataKeyOf(files[common]!, leaving))
      await publish()
      assert.equal([await arrived(place), await version()], [before, key])

      const begun = await git('rev-parse', 'HEAD')
      await rotate(0, ['--commit'])
      const next = keys().at(-1)!
      await publish()
      assert.equal(recipientsOf(await heldIn(sandbox, id)), [leaving.recipient, next.recipient])
      // a cluster that does not answer keeps the new identity, and that is no end
      const away = { KUBECONFIG: join(place.clone, 'kubeconfig') }
      const unseen = await rotate(2, ['--abort', '--commit'], { env: { ...place.env, ...away } })
      assert.match(unseen.stdout, '✓ share')
      assert.is(await git('diff', begun), '')
      assert.match((await rotate(0, ['--abort', '--commit'])).stdout, /^aborted$/m)
      assert.is(await git('diff', begun), '')
      assert.is(await git('status', '--porcelain'), '')
      // also while Flux has still applied what is encrypted to both
      assert.equal(recipientsOf(await heldIn(sandbox, id)), [leaving.recipient])
      assert.match((await rotate(0, ['--abort', '--commit'])).stderr, 'git push')
      await publish()
      assert.match((await rotate(0, ['--status'])).stdout, 'no rotation is open')
      // it decrypts anew
      await place.push({ [own]: encrypt(secret('own', 'of-later'), { to: [[leaving]] }) })
      await applied('apps', await git('rev-parse', 'HEAD'))
      assert.match((await arrived(place)).join(), /of-common,own \d+ of-later$/)
      assert.is((await arrived(place))[0], before[0])
    })
    assert.equal(failures, [])
  })
})

test.run()
