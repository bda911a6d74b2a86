import { delimiter, join, resolve } from 'node:path'
import type { Caller, Report } from '../lib/caller.ts'
import { exit, Interrupted, UserError } from '../lib/errors.ts'
import { installDependencies } from './install.ts'
import { callerOf, print, watchOutput } from './output.ts'
import { printError } from './print-error.ts'
import { readUsage, type Usage, wantsJson } from './usage.ts'

/** What ends a process that does not answer it. Unanswered, SIGUSR1 opens Node's debugger to everybody on the machine. */
const signals = [
  ...(['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const),
  ...(['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGXCPU'] as const),
]

type Task = (usage: Usage, caller: Caller) => Promise<Report>

/**
 * Runs a task: the one place that reads options, prints, turns errors into exit codes and answers signals.
 * It uses no package, so that it works in a bare clone, where it installs the packages first.
 *
 * Ctrl-C and SIGTERM abort `caller.signal`; the task cleans up and ends by itself, so a second signal changes nothing. When it
 * is over and only its output is not read, a signal ends it.
 *
 * @param entry the file of the task, its `__filename`: its header declares the options
 */
export async function runTask(entry: string, task: Task): Promise<void> {
  const name = taskName(entry)
  const abort = new AbortController()
  let isOver = false
  for (const signal of signals) {
    process.on(signal, () => {
      if (isOver) process.exit(process.exitCode || exit.notDone)
      abort.abort(new Interrupted(signal))
    })
  }
  watchOutput()
  let json = wantsJson(entry, process.argv.slice(2), process.env)
  // one document, whatever happens behind it
  const printDocument = (document: Record<string, unknown>) => {
    print(process.stdout, JSON.stringify({ task: name, ...document }, null, 2))
    json = false
  }
  // only the first error counts: those behind it are its consequences
  const fail = (error: unknown) => {
    process.exitCode ||= printError(name, error, json)
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error) => {
      fail(error)
      abort.abort(new Interrupted('internal error'))
    })
  }
  // Node's own would quote the error
  process.removeAllListeners('warning')
  try {
    const cwd = process.env.MISE_ORIGINAL_CWD || currentDirectory()
    const env = environmentOfChildren(process.env, cwd)
    const usage = readUsage(entry, process.argv.slice(2), process.env, cwd)
    if (typeof usage === 'string') return print(process.stdout, usage)
    refuseDebugOutput(process.env)
    await installDependencies(join(import.meta.dirname, '..', '..'), env, abort.signal)
    const caller = callerOf(cwd, env, json, abort.signal)
    const report = await task(usage, { ...caller, document: json ? printDocument : undefined })
    if (process.exitCode) return
    if (json && report.json) printDocument(report.json)
    else printReport(report)
    process.exitCode = report.exitCode
  } catch (error) {
    fail(error)
  } finally {
    isOver = true
  }
}

function printReport({ lines, hints = [] }: Report): void {
  for (const line of lines) print(process.stdout, line)
  for (const hint of hints) {
    print(process.stderr, `hint: ${hint.text}`)
    for (const line of hint.lines) print(process.stderr, `  ${line}`)
  }
}

/** It would hold what programs get by stdin: keys, and values of Secrets. Node reads the variable before us. */
function refuseDebugOutput({ NODE_DEBUG }: NodeJS.ProcessEnv): void {
  if (!NODE_DEBUG) return
  throw new UserError(`NODE_DEBUG is set (${NODE_DEBUG}): Node would print keys and values of Secrets`, {
    hint: 'unset NODE_DEBUG',
  })
}

function currentDirectory(): string {
  try {
    return process.cwd()
  } catch {
    throw new UserError('the directory that you are in does not exist any more', {
      hint: 'go to another one',
    })
  }
}

/** `…/tasks/flux/sops-key.ts` -> `flux:sops-key` */
function taskName(entry: string): string {
  return entry.split(/[\\/]/).slice(-2).join(':').replace(/\.ts$/, '')
}

/**
 * Without what is set for this task alone: the options by mise, and the compile cache (start.sh). A relative path means one from
 * where the user stands, and not from where a program runs.
 */
function environmentOfChildren(env: NodeJS.ProcessEnv, cwd: string): NodeJS.ProcessEnv {
  const isOurs = ([name, value = '']: [string, string | undefined]) =>
    name.startsWith('usage_') || (name === 'NODE_COMPILE_CACHE' && value.endsWith('/flux-sops-tasks/compile'))
  const absolute = (path: string) => path && resolve(cwd, path)
  const { KUBECONFIG, SOPS_AGE_KEY_FILE, SOPS_CONFIG } = env
  return {
    ...Object.fromEntries(Object.entries(env).filter((entry) => !isOurs(entry))),
    ...(KUBECONFIG && { KUBECONFIG: KUBECONFIG.split(delimiter).map(absolute).join(delimiter) }),
    ...(SOPS_AGE_KEY_FILE && { SOPS_AGE_KEY_FILE: absolute(SOPS_AGE_KEY_FILE) }),
    ...(SOPS_CONFIG && { SOPS_CONFIG: absolute(SOPS_CONFIG) }),
  }
}
