import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { missingPrograms } from './environment.ts'
import { type Result, runJob } from './job.ts'

export interface RunnerOptions {
  /** Where the test files are; their names in the output start there. */
  directory: string
  /** Only files whose path contains one of these; all where it is empty. */
  patterns: readonly string[]
  env: NodeJS.ProcessEnv
  /** What must be on PATH. */
  programs: readonly string[]
  /** The time limit of a test, in seconds. */
  limit: number
  /** Ends the tests when aborted; what they share is still taken away. */
  signal?: AbortSignal
}

/**
 * Runs all `*.test.ts` files and prints what came of them, at the end the line `N passed, N failed`.
 *
 * Each file runs in a process of its own, one more at once than there are processors, for many wait for Flux; those that use
 * the shared sandbox run in one process. Besides a failing test these are failures: no tests, a file that registers none or forgets `.run()`, skipped tests,
 * `.only`, a throwing hook, an unhandled rejection, a test over the limit, a process or temporary file left behind.
 *
 * @returns the exit code
 */
export async function runTests(options: RunnerOptions): Promise<number> {
  const write = (text: string) => process.stdout.write(text)
  const sum = { passed: 0, failed: 0 }
  const report = ({ file, passed, failed, problems, seconds }: Result) => {
    sum.passed += passed
    sum.failed += failed || Math.min(problems.length, 1)
    const mark = failed > 0 || problems.length > 0 ? 'FAIL' : 'ok  '
    const names = file.split(' ').map((name) => relative(options.directory, name))
    write(
      `${mark} ${names.join(' ').padEnd(40)} ${String(passed).padStart(4)} passed ${seconds.toFixed(1).padStart(6)} s\n`,
    )
    for (const line of problems.flatMap(linesOf)) write(`     ${line}\n`)
  }
  const fail = (problem: string) => {
    sum.failed++
    write(`FAIL ${problem}\n`)
  }

  const { signal = new AbortController().signal } = options
  const files = globSync('**/*.test.ts', { cwd: options.directory, exclude: ['**/node_modules'] })
    .filter(
      (file) => options.patterns.length === 0 || options.patterns.some((pattern) => file.includes(pattern)),
    )
    .sort()
    .map((file) => join(options.directory, file))
  const missing = missingPrograms(options.programs, options.env)
  for (const program of missing)
    fail(`${program} is missing: the tests need it on PATH${program === 'node' ? ' (24 or later)' : ''}`)
  if (files.length === 0) fail(`no test file matches ${options.patterns.join(' ') || '**/*.test.ts'}`)
  if (sum.failed === 0) {
    const directory = mkdtempSync(join(tmpdir(), 'flux-sops-tasks-test-'))
    const queue = jobs(files)
    const next = async () => {
      for (let job = queue.shift(); job; job = queue.shift()) {
        await runJob(job, {
          env: options.env,
          directory,
          limit: options.limit,
          signal,
          write,
          report,
        })
      }
    }
    try {
      await Promise.all(Array.from({ length: availableParallelism() + 1 }, next))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
    if (signal.aborted) fail('interrupted')
  }
  write(`${sum.passed} passed, ${sum.failed} failed\n`)
  return sum.failed === 0 ? 0 : 1
}

/** The files that share the sandbox first, then those that start one themselves, for these take longest. */
function jobs(files: readonly string[]): string[][] {
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]))
  const shared = files.filter((file) => /helpers\/flux\/(sandbox|sops-key)\.ts/.test(texts.get(file)!))
  const alone = files.filter((file) => !shared.includes(file))
  const isLong = (file: string) => /helpers\/flux\/verify\.ts|flux:sandbox/.test(texts.get(file)!)
  return [
    ...(shared.length > 0 ? [shared] : []),
    ...alone.filter(isLong).map((file) => [file]),
    ...alone.filter((file) => !isLong(file)).map((file) => [file]),
  ]
}

/** A problem without the lines of the trace that are about us and uvu. */
function linesOf(problem: string): string[] {
  const lines = problem
    .split('\n')
    .filter((line) => !/^\s*at .*(test\/runner\/|node_modules\/uvu\/|node:)/.test(line))
  return lines.filter((line, index) => line.trim() || lines[index - 1]?.trim())
}
