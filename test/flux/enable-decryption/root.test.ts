import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bootstrappedRepository } from '../../helpers/flux/bootstrapped.ts'
import { type Flux, withFlux } from '../../helpers/flux/sandbox.ts'
import { makeKey, sopsConfig } from '../../helpers/keys.ts'
import { runTask } from '../../helpers/task.ts'

/** Verifies the root. @returns the exit code, and the codes and fixes of what was found */
async function verifyRoot({ clone: cwd, env }: Flux) {
  const args = ['--kustomization', 'flux-system', '--json']
  const { code, stdout, stderr } = await runTask('sops:verify', args, { cwd, env })
  const { result, findings } = JSON.parse(stdout)
  const found = findings.map(({ code, fix }: Record<string, string>) => [code, fix])
  return { code, result, found, stderr }
}

test('a fresh flux bootstrap: what sops:verify says of the root mends it, and Flux decrypts', () =>
  withFlux({ 'README.md': '# Our clusters\n' }, async (flux) => {
    const { sandbox, clone, url, push, applied, env } = flux
    const key = makeKey()
    await push({
      ...bootstrappedRepository(url),
      '.sops.yaml': sopsConfig(key.recipient),
      '.gitignore': '.age-key.txt\n',
      '.age-key.txt': key.text,
    })
    const sync = join(clone, 'clusters/production/flux-system/gotk-sync.yaml')
    await sandbox.kubectl(['apply', '--server-side', '--force-conflicts', '-f', sync])
    const before = await verifyRoot(flux)
    assert.equal(
      [before.code, before.found],
      [1, [['no-decryption', '`mise run flux:enable-decryption --root`, commit, push, and wait for Flux']]],
      before.stderr,
    )

    const run = (name: string, ...args: string[]) => runTask(name, args, { cwd: clone, env })
    const enabled = await run('flux:enable-decryption', '--root', '--commit')
    assert.is(enabled.code, 0, enabled.stderr)
    assert.match(
      enabled.stdout,
      '  flux-system/flux-system (clusters/production/flux-system/gotk-sync.yaml)\n',
    )
    const put = await run('flux:sops-key')
    assert.is(put.code, 0, put.stderr)
    await applied('flux-system', await push({ 'README.md': '# Our clusters, encrypted\n' }))
    const after = await verifyRoot(flux)
    assert.equal([after.code, after.result, after.found], [0, 'passed', []], after.stderr)
  }))

test.run()
