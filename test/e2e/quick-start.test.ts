import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { requestSync } from '../../scripts/sandbox/flux-system.ts'
import { exampleCluster } from '../helpers/files.ts'
import { bootstrappedRepository } from '../helpers/flux/bootstrapped.ts'
import { type Flux, withFlux } from '../helpers/flux/sandbox.ts'
import { startProgram } from '../helpers/program.ts'
import { serveProject } from '../helpers/project.ts'
import { quickStart } from '../helpers/quick-start.ts'

/** A user who has followed the README to its end. */
interface User {
  /** What the last script printed. */
  stdout: string
  /** Runs a script in the repository; it must succeed. @returns stdout */
  run(script: string): Promise<string>
}

/** Follows the README to the letter. The URL of its snippet leads to this checkout. */
async function followReadme(flux: Flux, use: (user: User) => Promise<void>): Promise<void> {
  const { sandbox, clone, directory, git } = flux
  const server = await serveProject(directory, quickStart.tag)
  const env = { ...flux.env, ...quickStart.env }
  const run = async (script: string) => {
    const { code, stdout, stderr } = await startProgram(['sh', '-ec', script], { cwd: clone, env }).ended
    assert.is(code, 0, `${script}\n${stdout}${stderr}`)
    return stdout
  }
  // the minute that Flux takes to look again need not be waited for
  const over = new AbortController()
  const hurry = async () => {
    while (!over.signal.aborted) {
      await requestSync(sandbox).catch(() => {})
      await sleep(2000, undefined, over).catch(() => {})
    }
  }
  const hurrying = hurry()
  try {
    await git('config', '--global', `url.${server.url}/.insteadOf`, 'https://github.com/OWNER/')
    writeFileSync(join(clone, '.mise.toml'), quickStart.configuration)
    let stdout = ''
    for (const script of quickStart.scripts) stdout = await run(script)
    await use({ stdout, run })
  } finally {
    over.abort()
    await hurrying
    await server.close()
  }
}

/** What holds at the end, whatever the layout. */
async function checkEnd({ clone, git }: Flux, { stdout, run }: User): Promise<void> {
  assert.match(stdout, /^secret\/sops-age created$/m)
  assert.match(stdout, /^proved: /m)
  assert.is(await git('status', '--porcelain'), '')
  assert.is(await git('ls-files', '.age-key.txt'), '')
  // and `sops` itself finds the key
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  token: clear\n'
  writeFileSync(join(clone, 'x.enc.yaml'), secret)
  await run('mise exec -- sops encrypt --in-place x.enc.yaml')
  assert.match(readFileSync(join(clone, 'x.enc.yaml'), 'utf8'), 'token: ENC[')
  assert.match(await run('mise exec -- sops decrypt x.enc.yaml'), 'token: clear')
}

test('the quick start of the README, in a repository made by flux bootstrap', () =>
  withFlux({ 'README.md': '# Our clusters\n' }, async (flux) => {
    const { sandbox, clone, url, push, git } = flux
    await push(bootstrappedRepository(url))
    const sync = join(clone, 'clusters/production/flux-system/gotk-sync.yaml')
    await sandbox.kubectl(['apply', '--server-side', '--force-conflicts', '-f', sync])
    const before = await git('rev-parse', 'HEAD')
    await followReadme(flux, async (user) => {
      await checkEnd(flux, user)
      const changed = (await git('diff', '--name-only', before, 'HEAD')).split('\n')
      assert.equal(changed, [
        '.gitignore',
        '.mise.toml',
        '.sops.yaml',
        'clusters/production/apps.yaml',
        'clusters/production/infrastructure.yaml',
      ])
    })
  }))

test('the quick start of the README, in examples/cluster', () =>
  withFlux(exampleCluster(), async (flux) => {
    // it is for a key that nobody has
    rmSync(join(flux.clone, '.sops.yaml'))
    await flux.push()
    await followReadme(flux, (user) => checkEnd(flux, user))
  }))

test.run()
