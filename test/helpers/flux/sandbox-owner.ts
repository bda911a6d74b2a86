/** A process that starts a sandbox, says where it is, and does nothing more: for tests that end it the hard way. */
import { buildBinaries } from '../../../scripts/sandbox/build.ts'
import { startSandbox } from '../../../scripts/sandbox/sandbox.ts'

const { env } = process
const binaries = await buildBinaries({ cacheHome: env.XDG_CACHE_HOME, env, note: console.error })
const { directory, pids } = await startSandbox({ binaries, env })
console.log(JSON.stringify({ directory, pids }))
