import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { endLeftovers } from './leftovers.ts'

/** What the process of a test file tells: which test begins, and in the end what came of them. */
export type News = { test: string } | Result

/** What came of a test file. Each problem is a failure. */
export interface Result {
  passed: number
  failed: number
  problems: string[]
}

export interface FileOptions {
  env: NodeJS.ProcessEnv
  /** A directory for temporary directories. */
  place: string
  /** How long a test may take, in seconds. */
  limit: number
  /** Ends the process when aborted. */
  signal: AbortSignal
}

/**
 * Runs a test file in a process with a home and a temporary directory of its own. Where a test ends the process, or takes too
 * long and is ended with it, that is a problem.
 * @returns what came of it, and what the tests have printed
 */
export async function runFile(
  file: string,
  { env, place, limit, signal }: FileOptions,
): Promise<Result & { output: string }> {
  const directory = mkdtempSync(join(place, 'file-'))
  const [home, temporary] = [join(directory, 'home'), join(directory, 'tmp')]
  for (const path of [home, temporary]) mkdirSync(path)
  // a file, for a process that is left would hold a pipe open
  const log = openSync(join(directory, 'output'), 'w')
  const child = spawn(process.execPath, ['--import', join(import.meta.dirname, 'uvu.ts'), file], {
    env: { ...env, HOME: home, TMPDIR: temporary, MISE_CACHE_DIR: join(home, '.cache', 'mise') },
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  let [test, result, isLate] = ['', undefined as Result | undefined, false]
  let timer = setTimeout(() => {
    isLate = true
    end()
  }, limit * 1000)
  const end = () => {
    clearTimeout(timer)
    child.kill()
    // it never gives way to a signal
    timer = setTimeout(() => {
      endLeftovers(child.pid ?? -1, directory)
      child.kill('SIGKILL')
    }, 5000)
  }
  child.on('message', (news: News) => {
    timer.refresh()
    if ('test' in news) test = news.test
    else {
      result = news
      end()
    }
  })
  signal.addEventListener('abort', end)
  const [code, by] = await once(child, 'exit')
  signal.removeEventListener('abort', end)
  clearTimeout(timer)
  const output = readFileSync(join(directory, 'output'), 'utf8')
  const why = isLate ? `it took longer than ${limit} s` : `the process ended (${by ?? `exit code ${code}`})`
  return {
    ...(result ?? { passed: 0, failed: 0, problems: [test ? `${why} in the test "${test}"` : why] }),
    output,
  }
}
