/**
 * Runs test files, one after the other, in this process: `node worker.ts SECONDS FILE…`, where SECONDS is the time limit of a
 * test. Tells the runner by IPC what happens (`Message`).
 */
import { registerHooks } from 'node:module'
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { runAtEnd } from '../helpers/cleanup.ts'
import type { Message } from './job.ts'

type Suite = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>

const uvu = pathToFileURL(`${import.meta.dirname}/uvu.ts`).href
registerHooks({
  resolve: (name, context, next) =>
    name === 'uvu' && context.parentURL !== uvu ? { url: uvu, shortCircuit: true } : next(name, context),
})
// uvu then only collects what the files register (as its own `uvu/run` does)
const queue: [Suite[]] = [[]]
Object.assign(globalThis, { UVU_DEFER: 1, UVU_INDEX: 0, UVU_QUEUE: queue })
const { describe, record } = await import('./uvu.ts')

const tell = (message: Message) => process.send?.(message)
let problems: string[] = []
process.on('unhandledRejection', (error) => problems.push(`unhandled rejection: ${describe(error)}`))
process.on('uncaughtException', (error) => problems.push(`uncaught exception: ${describe(error)}`))
const stop = async () => {
  await runAtEnd()
  process.exit(130)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
// the runner was killed
process.on('disconnect', stop)

const [limit, ...files] = process.argv.slice(2)
record.limit = Number(limit)
record.onTest = (test) => tell({ type: 'test', test })
for (const file of files) {
  tell({ type: 'file', file })
  tell({ type: 'result', file, ...(await runFile(file)) })
}
problems = (await runAtEnd()).map((error) => `cleaning up at the end failed: ${describe(error)}`)
tell({ type: 'end', problems })

async function runFile(file: string) {
  const start = performance.now()
  problems = record.problems = []
  record.defined = 0
  let [passed, failed] = [0, 0]
  try {
    await import(pathToFileURL(file).href)
    const suites = queue[0].splice(0)
    for (const suite of suites) {
      const [errors, done, , total] = await suite()
      passed += done
      failed += total - done
      if (errors !== true) problems.push(errors)
    }
    if (passed + failed < record.defined)
      problems.push('tests are defined that never run: does it end with `test.run()`?')
    if (record.defined === 0) problems.push('it has no tests')
  } catch (error) {
    problems.push(describe(error))
  }
  // what was thrown beside the tests arrives with the next turn of the event loop
  await new Promise(setImmediate)
  return { passed, failed, problems, seconds: (performance.now() - start) / 1000 }
}
