import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fluxKustomization, kustomizationOf } from '../../../helpers/flux/flux-objects.ts'
import { encryptText, sopsConfig } from '../../../helpers/keys.ts'
import { secretFor } from '../../../helpers/rotate/clusters.ts'
import {
  decrypting,
  heldIn,
  leaving,
  plainKeySecret,
  withFluxRotation,
} from '../../../helpers/rotate/flux-rotation.ts'
import { recipientsOf } from '../../../helpers/rotate/identities.ts'

test('a key Secret in git is rotated to the end where git writes CRLF into the working tree', () => {
  const key = plainKeySecret('sops-age', { 'age.agekey': `${leaving.secret}\n` })
  const files = {
    '.sops.yaml': sopsConfig(leaving.recipient),
    'kubernetes/flux-system/kustomization.yaml': kustomizationOf('all.yaml'),
    'kubernetes/flux-system/all.yaml': [
      fluxKustomization('keys', './kubernetes/keys', decrypting()),
      fluxKustomization('apps', './kubernetes/apps', decrypting()),
    ].join('---\n'),
    'kubernetes/keys/key.enc.yaml': encryptText(leaving.recipient, key),
    'kubernetes/apps/s.enc.yaml': secretFor('of-apps', leaving.recipient),
  }
  return withFluxRotation([leaving], files, async (place) => {
    const { sandbox, rotate, keys, git, apply, applied, clone, text } = place
    await apply(key)
    await applied('apps', await git('rev-parse', 'HEAD'))
    await git('config', 'core.autocrlf', 'true')
    for (const path of ['kubernetes', '.sops.yaml']) rmSync(join(clone, path), { recursive: true })
    await git('checkout', '--', '.')
    assert.match(text('kubernetes/keys/key.enc.yaml'), '\r\n')
    for (let run = 0; run < 3; run++) {
      await rotate(0, ['--commit', '--proof', 'read'])
      await git('push', '--quiet')
    }
    assert.match((await rotate(0, ['--commit', '--proof', 'read'])).stdout, /^done: /m)
    const next = keys().at(-1)!.recipient
    assert.equal(recipientsOf(await heldIn(sandbox, 'flux-system/sops-age')), [next])
    assert.is(await git('status', '--porcelain'), '')
  })
})

test.run()
