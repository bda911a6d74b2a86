import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'
import { sopsConfig } from '../../helpers/keys.ts'
import { until } from '../../helpers/processes.ts'
import { secretFor, userOf } from '../../helpers/rotate/clusters.ts'
import {
  decrypting,
  heldIn,
  leaving,
  plainKeySecret,
  withFluxRotation,
} from '../../helpers/rotate/flux-rotation.ts'
import { recipientsOf } from '../../helpers/rotate/identities.ts'
import { runTask } from '../../helpers/task.ts'

const files = {
  '.gitignore': '.age-key.txt\nnew.txt\n',
  '.sops.yaml': sopsConfig(leaving.recipient),
  'kubernetes/flux-system/apps.yaml': fluxKustomization('apps', './apps', decrypting()),
  'apps/s.enc.yaml': secretFor('early', leaving.recipient),
}

/** Who stays behind. */
const late = ['pinned', 'still', 'elsewhere']

test('nothing that needs the old identity loses it, and where it does it gets it back at once', () =>
  withFluxRotation([leaving], files, async (place) => {
    const { sandbox, rotate, keys, git, apply, applied, clone, env, url, directory } = place
    const { kubectl } = sandbox
    const flux = (...args: string[]) => kubectl([...args, '-n', 'flux-system'])
    const isReady = (name: string) => async () => {
      const path = '-o=jsonpath={.status.conditions[?(@.type=="Ready")].status}'
      return (await flux('get', 'kustomization', name, path)).trim() === 'True'
    }
    const source = (name: string, at: string, ref: string) =>
      `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: flux-system}\nspec: {interval: 1h, url: ${at}, ref: ${ref}}\n`
    const held = async () => recipientsOf(await heldIn(sandbox, 'flux-system/sops-age'))
    const args = ['--proof', 'read', '--commit', '--timeout', '60s']
    await apply(plainKeySecret('sops-age', { 'age.agekey': leaving.secret }))
    await git('tag', 'before')
    await git('push', '--quiet', 'origin', 'before')
    await applied('apps', await git('rev-parse', 'HEAD'))

    await rotate(0, args)
    const next = keys().at(-1)!
    const both = [leaving.recipient, next.recipient]
    assert.equal(await held(), both)
    // the files here have the new public key, and those that the cluster has applied have not
    writeFileSync(join(clone, 'new.txt'), next.text, { mode: 0o600 })
    const tooEarly = await runTask('flux:sops-key', ['--key-file', 'new.txt'], { cwd: clone, env })
    assert.is(tooEarly.code, 1, tooEarly.stderr)
    assert.not.match(tooEarly.stdout + tooEarly.stderr, next.secret)
    assert.equal(await held(), both)

    await git('push', '--quiet')
    await rotate(0, args)
    await apply(source('still', url, '{branch: main}'), userOf('still', { source: 'still', path: 'apps' }))
    await until('still', isReady('still'))
    await flux('patch', 'gitrepository', 'still', '--type=merge', '-p', '{"spec":{"suspend":true}}')
    await git('push', '--quiet')

    // another repository
    await sandbox.createRepository('others-of-too-early', 'main')
    const other = join(directory, 'other')
    mkdirSync(other)
    const gitThere = (...more: string[]) => execFileSync('git', more, { cwd: other, env, stdio: 'pipe' })
    writeFiles(other, { 'apps/s.yaml': secretFor('of-others', leaving.recipient) })
    gitThere('init', '--quiet', '--initial-branch=main')
    gitThere('add', '--all')
    gitThere('-c', 'user.name=O', '-c', 'user.email=o@example.com', 'commit', '--quiet', '-m', 'x')
    gitThere('push', '--quiet', sandbox.gitUrl('others-of-too-early'), 'HEAD:main')
    await apply(
      source('pinned', url, '{tag: before}'),
      source('elsewhere', sandbox.gitUrl('others-of-too-early'), '{branch: main}'),
      userOf('pinned', { source: 'pinned', path: 'apps' }),
      userOf('elsewhere', { source: 'elsewhere', path: 'apps' }),
    )
    for (const name of late) await until(name, isReady(name))

    const refused = await rotate(1, args)
    for (const name of late) assert.match(refused.stderr, `kustomization flux-system/${name}: `)
    assert.match(refused.stderr, /flux-system\/pinned: .*before|flux-system\/pinned: .*pinned/)
    assert.equal(await held(), both)
    // a name that is another's frees nothing
    const others = await rotate(1, [...args, '--checked', 'flux-system/apps', '--checked', 'pin'])
    for (const name of late) assert.match(others.stderr, `kustomization flux-system/${name}: `)

    const failures = await place.failures(async () => {
      const forced = await rotate(1, [
        ...args,
        ...late.flatMap((name) => ['--checked', `flux-system/${name}`]),
      ])
      const users = [...late, 'apps'].map((name) => `kustomization/${name}`)
      await flux('wait', ...users, '--for=condition=Ready', '--timeout=5s')
      assert.match(forced.stderr, /kustomization flux-system\/(pinned|still|elsewhere): /)
      assert.equal(await held(), both)
    })
    assert.ok(failures.length > 0, 'the watcher has seen nothing')
    assert.not(failures.includes('flux-system/apps'))

    await flux('delete', 'kustomization', ...late)
    await flux('delete', 'gitrepository', ...late)
    const end = await place.failures(async () => {
      assert.match((await rotate(0, args)).stdout, /^done: /m)
    })
    assert.equal(end, [])
    assert.equal(await held(), [next.recipient])
  }))

test.run()
