import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Kustomization } from '../../../../scripts/lib/cluster/flux-objects.ts'
import { openCluster } from '../../../../scripts/lib/cluster/kubectl.ts'
import { advance, startTelling } from '../../../../scripts/sops/verify/wait/chain.ts'
import type { Watching } from '../../../../scripts/sops/verify/wait/watching.ts'
import { withPlace } from '../../../helpers/flux/verify.ts'

test('the first link of a chain is told where nothing has come of a new artifact for some time', () =>
  withPlace(async ({ kubectl, env }) => {
    const name = ['kustomization', 'flux-system', '-n', 'flux-system']
    const read = async () => JSON.parse(await kubectl(['get', ...name, '-o', 'json'])) as Kustomization
    const requested = async () => (await read()).metadata.annotations?.['reconcile.fluxcd.io/requestedAt']
    const cluster = openCluster(undefined, { env })
    try {
      const link = await read()
      const watching = {
        cluster,
        findings: [],
        kustomizations: { objects: new Map([['flux-system/flux-system', link]]) },
        // none of its revisions holds the commit
        branch: { contains: async () => false },
      } as unknown as Watching
      const before = await requested()
      const told = startTelling()
      await advance(watching, link, 'a'.repeat(40), told)
      assert.is(await requested(), before)
      await advance(watching, link, 'a'.repeat(40), { ...told, since: told.since - 10_000 })
      assert.is.not(await requested(), before)
      assert.is(told.requests.get('flux-system/flux-system'), await requested())
    } finally {
      await cluster.close()
    }
  }))

test.run()
