import { type ChildProcess, spawn } from 'node:child_process'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface Started {
  child: ChildProcess
  ended: Promise<Ended>
}

export interface ProgramOptions {
  cwd: string
  env: NodeJS.ProcessEnv
  input?: string
  /** In a process group of its own, which gets the signals of a terminal: `process.kill(-pid, 'SIGINT')`. */
  detached?: boolean
}

/** Starts a program with its output kept and `input` on its stdin. */
export function startProgram(
  [program, ...args]: readonly string[],
  { cwd, env, input = '', detached = false }: ProgramOptions,
): Started {
  const child = spawn(program!, args, { cwd, env, detached, stdio: 'pipe' })
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk) => {
      said[stream] += chunk
    })
  }
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...said }))
  })
  return { child, ended }
}
