import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { applyFluxSystem } from '../../../scripts/sandbox/flux-system.ts'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'
import { withOwnSandbox } from '../../helpers/flux/sandbox.ts'
import { sopsConfig } from '../../helpers/keys.ts'
import { failuresDuring, secretFor, withCluster } from '../../helpers/rotate/clusters.ts'
import {
  decrypting,
  heldIn,
  leaving,
  plainKeySecret,
  withFluxRotation,
} from '../../helpers/rotate/flux-rotation.ts'
import { recipientsOf } from '../../helpers/rotate/identities.ts'
import { kubeconfigOf } from '../../helpers/rotate/two-clusters.ts'

const roots = { first: 'kubernetes/flux-system', second: 'clusters/b' }

const syncFile = `${roots.second}/flux-system/gotk-sync.yaml`

/** One repository for two clusters, which build the same directory. */
const files = {
  '.sops.yaml': sopsConfig(leaving.recipient),
  'apps/s.enc.yaml': secretFor('shared', leaving.recipient),
  [`${roots.first}/gotk-sync.yaml`]: fluxKustomization('flux-system', `./${roots.first}`),
  [syncFile]: fluxKustomization('flux-system', `./${roots.second}`),
  [`${roots.first}/apps.yaml`]: fluxKustomization('apps', './apps', decrypting()),
  [`${roots.second}/apps.yaml`]: fluxKustomization('apps', './apps', decrypting()),
}

test('a key in two clusters is neither cut over nor retired while one of them is not asked', () =>
  withOwnSandbox((second) =>
    withFluxRotation([leaving], files, async (place) => {
      const { sandbox: first, keys, git, url, directory, clone, env } = place
      const branch = 'main'
      await applyFluxSystem(second, { url, branch, path: roots.second })
      const key = plainKeySecret('sops-age', { 'age.agekey': leaving.secret })
      for (const one of [first, second]) await one.kubectl(['apply', '--server-side', '-f', '-'], key)
      const kubeconfig = join(directory, 'two.yaml')
      writeFileSync(kubeconfig, kubeconfigOf({ first, second }))
      const call = { env: { ...env, KUBECONFIG: kubeconfig } }
      const args = ['--proof', 'read', '--commit', '--timeout', '90s']
      const one = ['--context', 'first', ...args]
      const two = ['--context', 'second', ...one]
      const run = (code: number, given: readonly string[]) => place.rotate(code, given, call)
      const held = async () => [
        recipientsOf(await heldIn(first, 'flux-system/sops-age')),
        recipientsOf(await heldIn(second, 'flux-system/sops-age')),
      ]
      const commit = await git('rev-parse', 'HEAD')
      for (const { kubectl } of [first, second]) {
        const condition = `--for=jsonpath={.status.lastAppliedRevision}=main@sha1:${commit}`
        const apps = ['-n', 'flux-system', 'kustomization/apps', '--timeout=120s']
        await kubectl(['wait', '--for=create', ...apps])
        await kubectl(['wait', condition, ...apps])
      }
      const watched = async (context: string, use: () => Promise<void>) =>
        withCluster({ clone, ...call }, ({ cluster }) => failuresDuring(cluster, use), { context })

      const old = leaving.recipient
      let ofSecond: string[] = ['not watched']
      const ofFirst = await watched('first', async () => {
        ofSecond = await watched('second', async () => {
          await run(0, one)
          const next = keys().at(-1)!.recipient
          assert.equal(await held(), [[old, next], [old]])
          const shared = await git('rev-parse', 'HEAD')
          await git('push', '--quiet')

          for (const checked of [[], ['--checked', 'flux-system/flux-system'], ['--checked', './clusters']]) {
            const { stderr } = await run(1, [...one, ...checked])
            assert.match(stderr, `${syncFile}: flux-system/flux-system builds ${roots.second}, `)
            assert.match(stderr, `\`--checked ./${roots.second}\``)
            assert.not.match(stderr, `builds ${roots.first}`)
          }
          const proved = await run(0, [...one, '--checked', `./${roots.second}`, '--to', 'prove'])
          assert.match(proved.stdout, /^✓ prove /m)
          assert.is(await git('rev-parse', 'HEAD'), shared)

          assert.match((await run(0, two)).stdout, /^✓ cut-over /m)
          assert.equal(await held(), [
            [old, next],
            [old, next],
          ])
          await git('push', '--quiet')
          const { stderr } = await run(1, one)
          assert.match(stderr, `${syncFile}: `)
          assert.equal((await held())[0], [old, next])
          assert.match((await run(0, two)).stdout, /^done: /m)
          assert.equal(await held(), [[next], [next]])
        })
      })
      assert.equal([ofFirst, ofSecond], [[], []])
    }),
  ))

test.run()
