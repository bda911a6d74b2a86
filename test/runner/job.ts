import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { endProcesses, processesOf } from './leftovers.ts'

/** What the worker tells. */
export type Message =
  | { type: 'file'; file: string }
  | { type: 'test'; test: string }
  | ({ type: 'result' } & Result)
  | { type: 'end'; problems: string[] }

/** What came of a test file, or of a process that ran several (what it left behind): every problem is a failure. */
export interface Result {
  file: string
  passed: number
  failed: number
  problems: string[]
  seconds: number
}

export interface JobOptions {
  env: NodeJS.ProcessEnv
  /** A directory for temporary directories. */
  directory: string
  /** The time limit of a test, in seconds. */
  limit: number
  signal: AbortSignal
  /** Shows what the tests print. */
  write(text: string): void
  report(result: Result): void
}

/** What npm keeps in the temporary directory whoever calls it. */
const notOurs = ['node-compile-cache']

/**
 * Runs test files in one new process with a home and a temporary directory of its own, and looks for what they left:
 * processes and temporary files. A file that ends the process, or stops it for good, fails; the files behind it get a
 * new process.
 */
export async function runJob(files: readonly string[], options: JobOptions): Promise<void> {
  const pending = [...files]
  while (pending.length > 0 && !options.signal.aborted) await runProcess(pending, options)
}

async function runProcess(
  pending: string[],
  { env, directory, limit, signal, write, report }: JobOptions,
): Promise<void> {
  const root = mkdtempSync(join(directory, 'job-'))
  const [home, temporary] = [join(root, 'home'), join(root, 'tmp')]
  mkdirSync(home)
  mkdirSync(temporary)
  const worker = spawn(
    process.execPath,
    [join(import.meta.dirname, 'worker.ts'), String(limit), ...pending],
    {
      env: { ...env, HOME: home, TMPDIR: temporary, MISE_CACHE_DIR: join(home, '.cache', 'mise') },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  )
  // a process that it has left may hold its pipes open
  const closed = new Promise((done) => worker.once('close', done))
  const ended = new Promise<string>((done) =>
    worker.once('exit', (code, by) => done(by ?? `exit code ${code}`)),
  )
  for (const stream of [worker.stdout!, worker.stderr!])
    stream.setEncoding('utf8').on('data', (text) => write(withoutDots(text)))
  const stop = () => worker.kill()
  signal.addEventListener('abort', stop)

  const files = pending.slice()
  const start = Date.now()
  let [file, test] = ['', '']
  let watchdog: NodeJS.Timeout | undefined
  const rewind = () => {
    clearTimeout(watchdog)
    // the worker itself ends a test at the limit, unless the test never gives way to other work
    watchdog = setTimeout(() => worker.kill('SIGKILL'), limit * 1000 + 5000)
  }
  rewind()
  const problems = await new Promise<string[]>((done) => {
    worker.on('message', (message: Message) => {
      rewind()
      if (message.type === 'file') [file, test] = [message.file, '']
      if (message.type === 'test') test = message.test
      if (message.type === 'end') done(message.problems)
      if (message.type !== 'result') return
      pending.shift()
      file = ''
      report(message)
    })
    ended.then((how) => {
      const at = test ? ` in the test "${test}"` : ''
      if (file && !signal.aborted) {
        pending.shift()
        report({
          file,
          passed: 0,
          failed: 0,
          problems: [`the process ended (${how})${at}`],
          seconds: (Date.now() - start) / 1000,
        })
      }
      done([])
    })
  })
  clearTimeout(watchdog)
  const processes = await processesOf(worker.pid!, temporary)
  worker.kill('SIGKILL')
  await endProcesses(processes)
  await closed
  signal.removeEventListener('abort', stop)
  for (const { command } of processes) problems.push(`a process still runs: ${command}`)
  for (const name of readdirSync(temporary))
    if (!notOurs.includes(name)) problems.push(`a temporary file was left: ${name}`)
  rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  if (problems.length > 0 && !signal.aborted) {
    report({ file: files.join(' '), passed: 0, failed: 0, problems, seconds: (Date.now() - start) / 1000 })
  }
}

/** uvu's line for each suite: a dot per test and the sums, which the report of the file has as well. */
function withoutDots(text: string): string {
  return text.replace(/^( \S.* )?[•✘] |[•✘] | {2}\(\d+ \/ \d+\)\n/gm, '')
}
