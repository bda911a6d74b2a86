import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Kustomization } from '../../../scripts/lib/cluster/flux-objects.ts'
import { rootsElsewhere } from '../../../scripts/sops/rotate/roots.ts'
import { fluxKustomization as flux } from '../../helpers/flux/flux-objects.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'
import { withRepository } from '../../helpers/repository.ts'

const instance = (path: string) =>
  `apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\nspec:\n  sync: {kind: GitRepository, url: https://example.com/a/b, path: ${path}}\n`

const file = 'mail/s.enc.yaml'

/** Two clusters of FluxInstances, in each of which a Kustomization applies the one that builds the file. */
const files = {
  ...Object.fromEntries(
    ['a', 'b'].flatMap((name) => [
      [`flux/${name}.yaml`, instance(`clusters/${name}`)],
      [`clusters/${name}/apps.yaml`, flux('apps', `./apps/${name}`)],
      [`apps/${name}/mail.yaml`, flux('mail', './mail')],
    ]),
  ),
  [file]: encryptSecret(makeKey().recipient),
}

test('what a FluxInstance makes is the root of all that is below it', () =>
  withRepository(files, async (repository) => {
    const rootsBut = async (...clusters: Kustomization[][]) =>
      (await rootsElsewhere(repository, new Set([file]), clusters)).map(
        (root) => `${root.file} ${root.id} ${root.directory}`,
      )
    const made = (path: string) =>
      ({ metadata: { namespace: 'flux-system', name: 'flux-system' }, spec: { path } }) as Kustomization
    const [a, b] = ['a', 'b'].map((name) => `flux/${name}.yaml flux-system/flux-system clusters/${name}`)
    assert.equal((await rootsBut()).sort(), [a, b])
    assert.equal(await rootsBut([made('./clusters/a')]), [b])
    assert.equal(await rootsBut([made('./clusters/a')], [made('clusters/b')]), [])
  }))

test.run()
