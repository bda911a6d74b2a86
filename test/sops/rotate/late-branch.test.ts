import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { requestSync } from '../../../scripts/sandbox/flux-system.ts'
import { writeFiles } from '../../helpers/files.ts'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { block } from '../../helpers/flux/verify.ts'
import { encryptText, sopsConfig } from '../../helpers/keys.ts'
import { stagesDone } from '../../helpers/rotate/key-repository.ts'
import { type RotatedRepository, withRotation } from '../../helpers/rotate/repository-on-flux.ts'

const fileOf = (name: string) => `apps/${name}.enc.yaml`
const secretOf = (recipient: string, name: string) =>
  encryptText(
    recipient,
    `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: default}\nstringData: {a: b}\n`,
  )

/** Makes a branch, from before the rotation, with a file that is encrypted to the old key alone. */
async function branchOff({ git, clone, old }: RotatedRepository, name: string): Promise<void> {
  await git('switch', '--quiet', '--create', name)
  writeFiles(clone, { [fileOf(name)]: secretOf(old.recipient, name) })
  await git('add', '--all')
  await git('commit', '--quiet', '--message', name)
  await git('switch', '--quiet', 'main')
}

test('a branch from before the rotation that is merged in its midst is found each time, and the old key stays as long as it is needed', () =>
  withRotation(
    {
      files: (recipient) => ({
        '.sops.yaml': sopsConfig(recipient),
        'kubernetes/flux-system/kustomization.yaml': kustomizationOf('apps.yaml'),
        'kubernetes/flux-system/apps.yaml': fluxKustomization('apps', './apps', block),
        [fileOf('first')]: secretOf(recipient, 'first'),
      }),
      users: [['apps']],
    },
    async (repository) => {
      const { git, rotate, refused, pushHead, readyAt, failures, holds, openedAtHead, keyOf, old, sandbox } =
        repository
      await branchOff(repository, 'late')
      await branchOff(repository, 'later')
      const run = () => rotate('--commit', '--proof', 'read')

      /** Somebody merges a branch; Flux applies it; the next run finds it, and does nothing else than to share it. */
      const merge = async (name: string) => {
        await git('merge', '--quiet', '--no-edit', name)
        const merged = await pushHead()
        await requestSync(sandbox)
        await readyAt('apps', merged)
        const { stdout, json } = await refused(1, '--status')
        assert.is(json.stage, 'share', stdout)
        assert.equal(
          json.files.filter(({ branch }) => branch === 'old-only').map(({ file }) => file),
          [fileOf(name)],
        )
        const shared = await run()
        assert.equal(stagesDone(shared), ['share'])
        assert.equal(await git('diff', '--name-only', merged, 'HEAD'), fileOf(name))
        assert.ok(await holds([old, keyOf(shared.new)]))
        await pushHead()
      }

      const seen = await failures(async () => {
        await run()
        await pushHead()
        await merge('late')
        assert.equal(stagesDone(await run()), ['prove', 'cut-over'])
        await pushHead()
        await merge('later')
        assert.equal(stagesDone(await run()), ['prove', 'cut-over'])
        await pushHead()
        const end = await run()
        assert.is(end.result, 'done')
        assert.equal(stagesDone(end), ['retire'])
        const files = ['first', 'late', 'later'].map(fileOf)
        assert.ok(await holds([keyOf(end.new)]))
        assert.equal(await openedAtHead(files, old), [])
        assert.equal(await openedAtHead(files, keyOf(end.new)), files)
      })
      assert.equal(seen, [])
    },
  ))

test.run()
