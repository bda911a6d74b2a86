import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { block } from '../../helpers/flux/verify.ts'
import { encryptSecret, sopsConfig } from '../../helpers/keys.ts'
import { stagesDone } from '../../helpers/rotate/key-repository.ts'
import { withRotation } from '../../helpers/rotate/repository-on-flux.ts'

const file = 'apps/x.enc.yaml'

test('a post-quantum key takes the place of another one, and not before Flux decrypts with it', () =>
  withRotation(
    {
      files: (recipient) => ({
        '.sops.yaml': sopsConfig(recipient),
        'kubernetes/flux-system/kustomization.yaml': kustomizationOf('apps.yaml'),
        'kubernetes/flux-system/apps.yaml': fluxKustomization('apps', './apps', block),
        [file]: encryptSecret(recipient),
      }),
      users: [['apps']],
    },
    async ({ rotate, refused, pushHead, holds, openedAtHead, readyAt, failures, keyOf, git, ...flux }) => {
      const { old, bare, sandbox } = flux
      const first = await rotate('--pq', '--commit')
      assert.match(first.new, /^age1pq1/)
      const next = keyOf(first.new)
      assert.ok(await holds([old, next]))
      await pushHead()

      // as soon as the test Secret is pushed, somebody else writes the key Secret, and leaves the new identity out
      const patch = JSON.stringify({ stringData: { 'age.agekey': old.text } })
      const hook = join(bare, 'hooks', 'post-receive')
      mkdirSync(dirname(hook), { recursive: true })
      const kubectl = `kubectl --kubeconfig='${sandbox.kubeconfig}' -n flux-system patch secret sops-age`
      writeFileSync(hook, `#!/bin/sh\nexec >/dev/null 2>&1\n${kubectl} --type=merge -p '${patch}'\n`)
      chmodSync(hook, 0o755)
      const shared = await git('rev-parse', 'HEAD')
      const { stderr } = await refused(1, '--commit')
      assert.match(stderr, /^ *✗ applied .*BuildFailed/mu)
      assert.is(await git('rev-parse', 'HEAD'), shared)
      assert.is(await git('status', '--porcelain'), '')
      assert.equal(await openedAtHead([file], old), [file])
      assert.ok(await holds([old]))

      rmSync(hook)
      await git('pull', '--quiet', '--rebase')
      await readyAt('apps', await git('rev-parse', 'HEAD'))
      const seen = await failures(async () => {
        const again = await rotate('--commit')
        assert.equal(stagesDone(again), ['distribute', 'prove', 'cut-over'])
        assert.is(again.new, next.recipient)
        await pushHead()
        assert.is((await rotate()).result, 'done')
      })
      assert.equal(seen, [])
      assert.ok(await holds([next]))
      assert.equal(await openedAtHead([file], old), [])
      assert.equal(await openedAtHead([file], next), [file])
    },
  ))

test.run()
