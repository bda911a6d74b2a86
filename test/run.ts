/**
 * `npm test`: `node test/run.ts [PATTERN…]` runs the test files whose path contains a pattern, with the programs of the
 * sandbox, which it builds where they are missing. TEST_LIMIT_SECONDS changes the time limit of a test.
 */
import { join } from 'node:path'
import { UserError } from '../scripts/lib/errors.ts'
import { buildBinaries } from '../scripts/sandbox/build.ts'
import { cleanEnvironment } from './runner/environment.ts'
import { runTests } from './runner/main.ts'

const abort = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort(new Error(signal)))
try {
  const { bin } = await buildBinaries({
    cacheHome: process.env.XDG_CACHE_HOME,
    env: process.env,
    note: (line) => console.error(line),
    signal: abort.signal,
  })
  process.exitCode = await runTests({
    directory: import.meta.dirname,
    patterns: process.argv.slice(2),
    env: cleanEnvironment(process.env, [bin, join(import.meta.dirname, '..', 'node_modules', '.bin')]),
    programs: [
      ...['node', 'mise', 'git', 'age', 'age-keygen', 'kubectl', 'kustomize', 'sops'],
      ...['etcd', 'kube-apiserver', 'kustomize-controller', 'source-controller'],
    ],
    limit: Number(process.env.TEST_LIMIT_SECONDS) || 180,
    signal: abort.signal,
  })
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.log(`FAIL ${error.message}\n     hint: ${error.hint}\n0 passed, 1 failed`)
  process.exitCode = 1
}
