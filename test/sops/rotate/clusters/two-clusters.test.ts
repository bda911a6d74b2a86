import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { applyFluxSystem } from '../../../../scripts/sandbox/flux-system.ts'
import { distribute } from '../../../../scripts/sops/rotate/clusters/distribute.ts'
import { judgeCluster } from '../../../../scripts/sops/rotate/clusters/judge.ts'
import { retire, retireGuarded } from '../../../../scripts/sops/rotate/clusters/retire.ts'
import { waitForRevisions } from '../../../../scripts/sops/rotate/clusters/wait.ts'
import { withFlux, withOwnSandbox } from '../../../helpers/flux/sandbox.ts'
import {
  assertNoKey,
  codesOf,
  keySecret,
  nextKey,
  oldKey,
  rotation,
  secretFor,
  secretIn,
  userOf,
  withCluster,
} from '../../../helpers/rotate/clusters.ts'
import { kubeconfigOf } from '../../../helpers/rotate/two-clusters.ts'
import { thrown } from '../../../helpers/thrown.ts'

const options = { checked: [], timeout: 60_000, status: () => {} }

test('one key in two clusters: both are written or none, and none where one does not answer', () =>
  withOwnSandbox((second) =>
    withFlux({ 'a/s.yaml': secretFor('of-a', oldKey.recipient) }, async (flux) => {
      const { sandbox: first, git, push, clone, directory } = flux
      await second.createRepository('copy', 'main')
      const url = second.gitUrl('copy')
      await git('remote', 'add', 'second', url)
      const pushBoth = async (files: Record<string, string> = {}) => {
        if (Object.keys(files).length > 0) await push(files)
        await git('push', '--quiet', 'second', 'HEAD:main')
      }
      await pushBoth()
      await applyFluxSystem(second, { url, branch: 'main', path: 'kubernetes/flux-system' })
      for (const one of [first, second])
        await one.kubectl(
          ['apply', '--server-side', '-f', '-'],
          [keySecret('sops-age'), userOf('a')].join('---\n'),
        )
      const kubeconfig = join(directory, 'two.yaml')
      writeFileSync(kubeconfig, kubeconfigOf({ first, second }))
      const place = { clone, env: { ...flux.env, KUBECONFIG: kubeconfig } }
      const held = () => Promise.all([first, second].map((one) => secretIn(one, 'sops-age')))

      await withCluster(
        place,
        (one) =>
          withCluster(
            place,
            async (other) => {
              const read = () => Promise.all([one.read(), other.read()])
              const written = await distribute(await read(), rotation, nextKey)
              assert.equal(
                written.changes.map(({ context }) => context),
                ['first', 'second'],
              )
              const both = await held()
              await pushBoth({ 'a/s.yaml': secretFor('of-a', nextKey.recipient) })
              const isOver = (state: Awaited<ReturnType<typeof one.read>>) =>
                !judgeCluster(state, rotation, options).cutOverProof.isWaiting
              const cut = await waitForRevisions(await read(), isOver, options)
              for (const state of cut)
                assert.equal(codesOf(judgeCluster(state, rotation, options).cutOverProof.findings), [])
              const stale = await read()
              const retired = await retire(stale, rotation, options)
              assert.equal(codesOf(retired.findings), [])
              for (const { data } of await held()) assert.is(data['own.agekey'], `${nextKey.secret}\n`)

              // what was read before is not what is there now
              const meanwhile = await thrown(retireGuarded(stale, rotation, options))
              assert.match(`${meanwhile}`, 'was changed by somebody else')

              for (const sandbox of [first, second])
                await sandbox.kubectl(
                  ['apply', '--server-side', '--force-conflicts', '-f', '-'],
                  keySecret('sops-age').replace(
                    JSON.stringify(oldKey.text.trimEnd()),
                    JSON.stringify(both[0]!.data['own.agekey']),
                  ),
                )
              const last = await read()
              await second.stop()
              const before = await secretIn(first, 'sops-age')
              assert.match(before.data['own.agekey']!, oldKey.secret)
              for (const act of [
                () => retireGuarded(last, rotation, options),
                () => retire(last, rotation, options),
                () => other.read(),
              ]) {
                const error = await thrown(act())
                assert.is(error.exitCode, 2)
                assertNoKey(error)
              }
              assert.equal(await secretIn(first, 'sops-age'), before)
            },
            { context: 'second' },
          ),
        { context: 'first' },
      )
    }),
  ))

test.run()
