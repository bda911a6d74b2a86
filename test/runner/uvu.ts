/**
 * What a test file gets when it imports `uvu`: uvu's own functions, and what uvu lets pass unseen is a problem: `.only`,
 * `.skip`, hooks, tests that never run, and what is left when they have ended. run-file.ts loads this before the file.
 */
import { readdirSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import type { Callback, Test } from 'uvu'
import { endLeftovers } from './leftovers.ts'
import type { News } from './run-file.ts'

registerHooks({
  resolve: (name, context, next) =>
    name === 'uvu' && context.parentURL !== import.meta.url
      ? { url: import.meta.url, shortCircuit: true }
      : next(name, context),
})
// uvu then only collects what is to run, as for its own command line
type Suite = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>
const queue: [Suite[]] = [[]]
Object.assign(globalThis, { UVU_DEFER: 1, UVU_INDEX: 0, UVU_QUEUE: queue })
const uvu = await import('uvu')

const place = tmpdir()
const problems: string[] = []
let [defined, started, passed, failed] = [0, 0, 0, 0]
let timer: NodeJS.Timeout | undefined

export const suite = (name?: string): Test => watched(uvu.suite(name))
export const test = watched(uvu.test)

function watched(real: Test): Test {
  const define = (name: string, handler: Callback) => {
    defined++
    real(name, (state) => {
      started++
      tell({ test: name })
      return handler(state)
    })
  }
  const refuse = (what: string) => (name: unknown) => void problems.push(`${what} is left over: ${name}`)
  const refuseHook = (what: string) => {
    const add = () => void problems.push(`${what} is used, and uvu calls a suite green whose hook fails`)
    return Object.assign(add, { each: add })
  }
  const run = () => {
    real.run()
    clearTimeout(timer)
    timer = setTimeout(runAll)
  }
  const refused = { only: refuse('.only'), skip: refuse('.skip') }
  return Object.assign(define, refused, { before: refuseHook('.before'), after: refuseHook('.after'), run })
}

async function runAll(): Promise<void> {
  // a test that waits for nothing that could come would be the end of the process
  process.channel?.ref()
  for (const suite of queue[0]) {
    const [errors, done, , total] = await suite()
    passed += done
    failed += total - done
    if (errors !== true) problems.push(errors)
  }
  // what was thrown beside the tests arrives with the next turn of the event loop
  await turn()
  end()
}

function end(): void {
  if (defined === 0) problems.push('it has no tests')
  if (started < defined) problems.push('tests are defined that never run: does it end with `test.run()`?')
  for (const { command } of endLeftovers(process.pid, place))
    problems.push(`a process still runs: ${command}`)
  // npm keeps a cache there, whoever calls it
  const left = readdirSync(place).filter((name) => name !== 'node-compile-cache')
  for (const name of left) problems.push(`a temporary file was left: ${name}`)
  process.channel?.ref()
  tell({ passed, failed, problems })
}

function tell(news: News): void {
  process.send?.(news)
}

for (const event of ['unhandledRejection', 'uncaughtException'] as const)
  process.on(
    event,
    (error) => void problems.push(`${event}: ${error instanceof Error ? error.stack : error}`),
  )
// the runner ends it, or has gone
for (const event of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.on(event, () => process.exit(1))
// no test is told to run
process.channel?.unref()
process.once('beforeExit', end)
process.on('exit', () => endLeftovers(process.pid, place))
