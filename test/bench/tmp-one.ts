import { delimiter, join } from 'node:path'
import { buildBinaries } from '../../scripts/sandbox/build.ts'
import { startSandbox } from '../../scripts/sandbox/sandbox.ts'

const binaries = await buildBinaries({ cacheHome: undefined, env: process.env, note: console.error })
const sandbox = await startSandbox({ binaries, env: process.env })
const PATH = [
  binaries.bin,
  join(import.meta.dirname, '..', '..', 'node_modules', '.bin'),
  process.env.PATH,
].join(delimiter)
process.env.PATH = PATH
try {
  const { benchExisting } = await import('./existing.ts')
  await benchExisting(sandbox, PATH, (title, { ours, theirs, ratio }, target) =>
    console.log(title, ours, theirs, ratio, target),
  )
} finally {
  await sandbox.stop()
}
