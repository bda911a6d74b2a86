import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { missingPrograms } from './environment.ts'
import { endLeftovers } from './leftovers.ts'
import { runFile } from './run-file.ts'

export interface RunnerOptions {
  /** Where the test files are; their names in the output start there. */
  directory: string
  /** What their names end with. */
  ending: string
  /** Only files whose path contains one of these; all where it is empty. */
  patterns: readonly string[]
  /** A directory for temporary directories that nobody else uses. */
  place: string
  env: NodeJS.ProcessEnv
  /** What must be on PATH. */
  programs: readonly string[]
  /** How long a test may take, in seconds. */
  limit: number
  /** Ends the tests when aborted. */
  signal: AbortSignal
}

/**
 * Runs all test files and prints what came of each, at the end the line `N passed, N failed`.
 *
 * Each file runs in a process of its own, one more at once than there are processors, for many wait for Flux. A file with
 * failing tests counts these, another one with a problem (uvu.ts, run-file.ts) counts as one failure.
 * @returns the exit code
 */
export async function runTests(options: RunnerOptions): Promise<number> {
  const { directory, ending, patterns, place, env, programs, signal } = options
  const sum = { passed: 0, failed: 0 }
  const fail = (what: string) => {
    sum.failed++
    console.log(`FAIL ${what}`)
  }
  const files = globSync(`**/*${ending}`, { cwd: directory, exclude: ['**/node_modules'] })
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
    .sort()
  if (files.length === 0) fail(`no test file matches ${patterns.join(' ') || `**/*${ending}`}`)
  for (const program of missingPrograms(programs, env))
    fail(`${program} is missing: the tests need it on PATH${program === 'node' ? ' (24 or later)' : ''}`)

  const next = async () => {
    for (let file = files.shift(); file && !signal.aborted; file = files.shift()) {
      const start = Date.now()
      const { passed, failed, problems, output } = await runFile(join(directory, file), options)
      if (signal.aborted) return
      sum.passed += passed
      sum.failed += failed || Math.min(problems.length, 1)
      const seconds = ((Date.now() - start) / 1000).toFixed(1)
      const mark = problems.length > 0 ? 'FAIL' : 'ok  '
      console.log(`${mark} ${file.padEnd(44)} ${String(passed).padStart(4)} passed ${seconds.padStart(6)} s`)
      process.stdout.write([withoutDots(output), ...problems.map(readable)].join(''))
    }
  }
  try {
    if (sum.failed === 0) await Promise.all(Array.from({ length: availableParallelism() + 1 }, next))
  } finally {
    endLeftovers(-1, place)
  }
  if (signal.aborted) fail('interrupted')
  console.log(`${sum.passed} passed, ${sum.failed} failed`)
  return sum.failed === 0 ? 0 : 1
}

/** What the tests have printed, without what uvu does: a dot for each test, and the sums, which are ours to print. */
function withoutDots(output: string): string {
  return output.replace(/[•✘] | {2}\(\d+ \/ \d+\)\n/g, '')
}

/** A problem without the lines of the trace that are about uvu, Node and the runner. */
function readable(problem: string): string {
  const lines = problem
    .split('\n')
    .filter((line) => !/^ *at .*(node:|node_modules\/uvu\/|test\/runner\/)/.test(line))
  return `${lines
    .join('\n')
    .trimEnd()
    .replace(/\n{2,}/g, '\n\n')
    .replace(/^(?=.)/gm, '     ')}\n`
}
