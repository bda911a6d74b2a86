import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rotate } from '../../../../scripts/sops/rotate.ts'
import { silentCaller } from '../../../helpers/caller.ts'
import { withRotatePlace } from '../../../helpers/rotate/task-place.ts'

/** What nobody has given. */
const unset = {
  ...{ paths: [], old: undefined, next: undefined, newKey: undefined, keyFile: undefined, store: undefined },
  ...{ pq: false, remove: false, contexts: [], noCluster: true, to: undefined, proof: 'verify' },
  ...{
    kustomization: undefined,
    remote: 'origin',
    timeout: '10m',
    commit: true,
    dryRun: false,
    status: false,
  },
  ...{ compromised: false, rewrap: false, checked: [], abort: false },
}

test('what takes its time with many files says what it does', () =>
  withRotatePlace(async ({ root, env, git }) => {
    const said: (string | undefined)[] = []
    const status = (text: string | undefined) => void said.push(text)
    const run = () => rotate({ ...unset, caller: { ...silentCaller(root, env), status } })
    await run()
    git('push', '--quiet')
    said.length = 0
    await run()
    assert.equal(said, [
      'reading the repository',
      undefined,
      'opening 4 files with the new identity alone',
      undefined,
      'making new data keys',
      undefined,
    ])
  }))

test.run()
