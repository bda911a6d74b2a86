import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { which } from 'zx/core'
import { readProject } from '../helpers/documents.ts'
import { exampleCluster } from '../helpers/files.ts'
import { withPlace } from '../helpers/flux/verify.ts'
import { withRepository } from '../helpers/repository.ts'
import { runTask } from '../helpers/task.ts'

/** What docs/support.md says that the tasks need of the system. */
const [sentence = ''] = /^Besides the programs of the table, .*$/m.exec(readProject('docs/support.md')) ?? []
const system = [...sentence.matchAll(/`([a-z]+)`/g)].map(([, name]) => name!)

/** A PATH with these programs of the table and those of the system, and nothing else. */
function barePath(directory: string, programs: readonly string[]): string {
  const bin = join(directory, 'only')
  mkdirSync(bin)
  for (const name of ['node', 'git', ...system, ...programs]) symlinkSync(which.sync(name), join(bin, name))
  return bin
}

test('the document names what of the system is needed', () => {
  assert.equal(system, ['sh', 'cat', 'mkfifo', 'mv', 'rm'])
})

test('each task but the sandbox works with a PATH that holds nothing else', () =>
  withPlace(async ({ clone, env, directory, key }) => {
    const PATH = barePath(directory, ['kubectl', 'kustomize', 'sops', 'age-keygen'])
    chmodSync(join(clone, '.age-key.txt'), 0o600)
    const does = async (name: string, args: string[], said: RegExp, more: NodeJS.ProcessEnv = {}) => {
      const { code, stdout, stderr } = await runTask(name, args, {
        cwd: clone,
        env: { ...env, PATH, ...more },
      })
      assert.is(code, 0, `${name}: ${stdout}${stderr}`)
      assert.match(stdout, said)
      assert.not.match(stderr, /not found|not on PATH/)
    }
    await does('flux:sops-key', [], new RegExp(key.recipient))
    // the shell splits it, as sops does
    const command = { SOPS_AGE_KEY_CMD: `cat '${join(clone, '.age-key.txt')}'` }
    await does('flux:sops-key', ['--dry-run'], /SOPS_AGE_KEY_CMD/, command)
    await does('sops:verify', ['--timeout', '120s'], /^proved: /m)
    await does('flux:enable-decryption', ['--commit'], /apps/)
    await does('sops:test-create', ['--kustomization', 'infrastructure', '--commit'], /created|committed/)
    await does('sops:test-remove', ['--kustomization', 'infrastructure', '--commit'], /removed|committed/)
  }))

test('the sandbox, once it is built, works with a PATH that holds nothing else', () =>
  withRepository(exampleCluster(), async ({ root, env, directory }) => {
    const own = { ...env, PATH: barePath(directory, []), XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }
    const command = ['--', 'sh', '-c', 'kubectl get namespace flux-system && exit 7']
    const { code, stdout, stderr } = await runTask('flux:sandbox', command, { cwd: root, env: own })
    assert.is(code, 7, stderr)
    assert.match(stdout, /flux-system +Active/)
  }))

test.run()
