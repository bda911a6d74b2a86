import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exit, Interrupted, UserError } from '../../scripts/lib/errors.ts'
import { buildBinaries } from '../../scripts/sandbox/build.ts'
import { withDirectory } from '../helpers/files.ts'
import { listProcesses, until } from '../helpers/processes.ts'

/** What is there of a sandbox, half or whole. */
function parts(cacheHome: string): string[] {
  const directory = join(cacheHome, 'flux-sops-tasks', 'sandbox')
  return existsSync(directory) ? readdirSync(directory) : []
}

test('once built nothing is built again, and Go is not needed', async () => {
  const notes: string[] = []
  const options = {
    cacheHome: process.env.XDG_CACHE_HOME,
    env: { PATH: '/nowhere' },
    note: (line: string) => notes.push(line),
  }
  const { bin, crds } = await buildBinaries(options)
  assert.equal(notes, [])
  assert.equal(readdirSync(bin).sort(), [
    ...['age', 'age-keygen', 'etcd', 'kube-apiserver', 'kubectl'],
    ...['kustomize', 'kustomize-controller', 'sops', 'source-controller'],
  ])
  for (const file of [
    'kustomize.toolkit.fluxcd.io_kustomizations.yaml',
    'source.toolkit.fluxcd.io_gitrepositories.yaml',
  ])
    assert.ok(existsSync(join(crds, file)), file)
})

test('without Go it says what is needed and how to get it', () =>
  withDirectory(async (directory) => {
    const build = () =>
      buildBinaries({ cacheHome: directory, env: { PATH: directory }, note: () => {} }).catch(
        (error) => error,
      )
    const expected = async (reason: RegExp) => {
      const error = await build()
      assert.instance(error, UserError)
      assert.is(error.exitCode, exit.notDone)
      assert.match(error.message, /needs Go 1\.26 or newer/)
      assert.match(error.message, reason)
      assert.match(error.hint, /mise use go@1\.26.*go\.dev/)
      assert.equal(parts(directory), [])
    }
    await expected(/go is not on PATH/)
    const go = (text: string) => {
      writeFileSync(join(directory, 'go'), `#!/bin/sh\n${text}\n`)
      chmodSync(join(directory, 'go'), 0o755)
    }
    go('echo go1.19.8')
    await expected(/this is go1\.19\.8/)
    go('echo "go: go.mod requires go >= 1.26.0 (running go 1.24.1; GOTOOLCHAIN=local)" >&2; exit 1')
    await expected(/running go 1\.24\.1/)
  }))

test('an interrupted build leaves nothing, neither files nor processes', () =>
  withDirectory(async (directory) => {
    const abort = new AbortController()
    const notes: string[] = []
    const compilers = () => listProcesses().filter(({ command }) => command.includes(directory))
    const { env } = process
    const options = { cacheHome: directory, env, note: (line: string) => notes.push(line) }
    const building = buildBinaries({ ...options, signal: abort.signal }).catch((error) => error)
    await until('Go builds the second one', () => notes.length > 1 && compilers().length > 0)
    abort.abort(new Interrupted('SIGINT'))
    assert.instance(await building, Interrupted)
    assert.match(notes[1]!, /^building age-keygen \(1 of 9\), 0 s so far$/)
    assert.equal(parts(directory), [])
    assert.equal(compilers(), [])
  }))

test('a failed build says what Go said, and leaves nothing', () =>
  withDirectory(async (directory) => {
    const cacheHome = join(directory, 'cache')
    writeFileSync(
      join(directory, 'go'),
      '#!/bin/sh\n[ "$1" = env ] && echo go1.26.8 && exit\n: >"$GOTMPDIR/left"\necho "cannot find module" >&2\nexit 1\n',
    )
    chmodSync(join(directory, 'go'), 0o755)
    const error = await buildBinaries({ cacheHome, env: { PATH: directory }, note: () => {} }).catch(
      (error) => error,
    )
    assert.is(error.message, 'go build failed (exit 1): cannot find module')
    assert.equal(parts(cacheHome), [])
  }))

test.run()
