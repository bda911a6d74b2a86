import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fluxKustomization, kustomizationOf } from '../../../helpers/flux/flux-objects.ts'
import { withNamespaces } from '../../../helpers/flux/sandbox.ts'
import { makeKey, sopsConfig } from '../../../helpers/keys.ts'
import { secretFor } from '../../../helpers/rotate/clusters.ts'
import {
  decrypting,
  heldIn,
  leaving,
  plainKeySecret,
  withFluxRotation,
} from '../../../helpers/rotate/flux-rotation.ts'
import { recipientsOf } from '../../../helpers/rotate/identities.ts'

const namespace = 'later'
const stranger = makeKey()

test('a Kustomization that is not there yet decrypts after the rotation, for its key Secret is rotated as well', () => {
  const child = fluxKustomization('child', './kubernetes/child', decrypting(), `  namespace: ${namespace}\n`)
  const files = {
    '.sops.yaml': sopsConfig(leaving.recipient),
    'kubernetes/flux-system/kustomization.yaml': kustomizationOf('all.yaml'),
    'kubernetes/flux-system/all.yaml': [
      fluxKustomization('apps', './kubernetes/apps', decrypting()),
      fluxKustomization('parent', './kubernetes/parent', '  suspend: true\n'),
    ].join('---\n'),
    'kubernetes/parent/kustomization.yaml': kustomizationOf('child.yaml'),
    'kubernetes/parent/child.yaml': child,
    'kubernetes/child/s.enc.yaml': secretFor('of-child', leaving.recipient),
    'kubernetes/apps/s.enc.yaml': secretFor('of-apps', leaving.recipient),
  }
  return withFluxRotation([leaving], files, async (place) => {
    const { sandbox, rotate, keys, git, apply, applied } = place
    await withNamespaces(sandbox, [namespace, 'strange'], async () => {
      const key = { 'age.agekey': leaving.secret }
      await apply(
        plainKeySecret('sops-age', key),
        plainKeySecret('sops-age', key, { namespace }),
        plainKeySecret('sops-age', { 'age.agekey': stranger.secret }, { namespace: 'strange' }),
      )
      await applied('apps', await git('rev-parse', 'HEAD'))
      const run = async () => {
        const { stdout } = await rotate(0, ['--commit', '--proof', 'read'])
        await git('push', '--quiet')
        return stdout
      }
      assert.match(await run(), /the new identity beside the old one in .*later\/sops-age/)
      await run()
      assert.match(await run(), /^done: /m)
      const next = keys().at(-1)!.recipient
      const held = async (id: string) => recipientsOf(await heldIn(sandbox, id))
      assert.equal(await held('flux-system/sops-age'), [next])
      assert.equal(await held(`${namespace}/sops-age`), [next])
      assert.equal(await held('strange/sops-age'), [stranger.recipient])
      const { stdout } = await rotate(0, ['--status', '--json'])
      assert.not.match(stdout, 'strange')

      const resume = '{"spec":{"suspend":false}}'
      const parent = ['kustomization', 'parent', '-n', 'flux-system']
      await sandbox.kubectl(['patch', ...parent, '--type=merge', '-p', resume])
      const ready = ['wait', '--for=condition=Ready', 'kustomization/child', '-n', namespace]
      await sandbox.kubectl(['wait', '--for=create', 'kustomization/child', '-n', namespace, '--timeout=60s'])
      await sandbox.kubectl([...ready, '--timeout=60s'])
    })
  })
})

test.run()
