import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../../scripts/lib/errors.ts'
import { buildBinaries } from '../../scripts/sandbox/build.ts'
import { startSandbox } from '../../scripts/sandbox/sandbox.ts'
import { makeStateDirectory } from '../../scripts/sandbox/state-directory.ts'
import { cleanEnvironment } from './environment.ts'
import { lend } from './lending.ts'
import { type RunnerOptions, runTests } from './run-tests.ts'

/** The test files of a suite, and what they get in their environment. */
export interface Suite extends Pick<RunnerOptions, 'directory' | 'ending' | 'patterns'> {
  env?: NodeJS.ProcessEnv
}

/**
 * Runs a suite with the programs of the sandbox, which it builds where they are missing, and with sandboxes to borrow; sets
 * the exit code. TEST_LIMIT_SECONDS changes how long a test may take.
 */
export async function runSuite(suite: Suite): Promise<void> {
  const abort = new AbortController()
  const { signal } = abort
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => abort.abort(new Error(name)))
  const state = makeStateDirectory(tmpdir(), 'flux-sops-tasks-test', process.env)
  const sandboxes = join(state.path, 'sandboxes')
  try {
    const binaries = await buildBinaries({
      cacheHome: process.env.XDG_CACHE_HOME,
      env: process.env,
      note: (line) => console.error(line),
      signal,
    })
    const env = cleanEnvironment(process.env, [
      binaries.bin,
      join(import.meta.dirname, '..', '..', 'node_modules', '.bin'),
    ])
    const endSandboxes = await lend(sandboxes, async () => {
      const { address, stop } = await startSandbox({ binaries, env, signal })
      return { told: address, end: stop }
    })
    try {
      process.exitCode = await runTests({
        ...suite,
        place: join(state.path, 'tmp'),
        env: {
          ...env,
          ...suite.env,
          TEST_SANDBOXES: sandboxes,
          NODE_COMPILE_CACHE: join(state.path, 'compile'),
        },
        programs: [
          ...['node', 'mise', 'git', 'gpg', 'ssh-keygen', 'strace'],
          ...['age', 'age-keygen', 'kubectl', 'kustomize', 'sops'],
          ...['etcd', 'kube-apiserver', 'kustomize-controller', 'source-controller'],
        ],
        limit: Number(process.env.TEST_LIMIT_SECONDS) || 600,
        signal,
      })
    } finally {
      await endSandboxes()
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    console.log(`FAIL ${error.message}\n     hint: ${error.hint}\n0 passed, 1 failed`)
    process.exitCode = 1
  } finally {
    await state.remove()
  }
}
