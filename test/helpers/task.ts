import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

export interface Call {
  /** Where the user stands. */
  cwd: string
  /** The user's environment (`userEnvironment`). */
  env: NodeJS.ProcessEnv
  input?: string
  /** `node`: the entry file, plain. `mise`: `mise run`, with this checkout's tasks in the user's global configuration. */
  via?: 'node' | 'mise'
}

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** Starts a task such as `flux:sops-key` through its real entry. */
export function startTask(
  name: string,
  args: readonly string[],
  call: Call,
): { child: ChildProcess; ended: Promise<Ended> } {
  const [program, ...rest] =
    call.via === 'mise'
      ? miseCommand(name, args, call)
      : [process.execPath, join(root, 'tasks', `${name.replace(':', '/')}.ts`), ...args]
  // the header asks for Node 24, which mise would look up on the network: the runner's is on PATH
  const env = { MISE_OFFLINE: '1', MISE_DISABLE_TOOLS: 'node', ...call.env }
  const child = spawn(program!, rest, { cwd: call.cwd, env, stdio: 'pipe' })
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk) => {
      said[stream] += chunk
    })
  }
  child.stdin.on('error', () => {})
  child.stdin.end(call.input ?? '')
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...said }))
  })
  return { child, ended }
}

/** Runs a task through its real entry and waits for its end. */
export async function runTask(name: string, args: readonly string[], call: Call): Promise<Ended> {
  return startTask(name, args, call).ended
}

function miseCommand(name: string, args: readonly string[], { env }: Call): string[] {
  const directory = join(env.HOME!, '.config', 'mise')
  mkdirSync(directory, { recursive: true })
  writeFileSync(
    join(directory, 'config.toml'),
    `[task_config]\nincludes = [${JSON.stringify(join(root, 'tasks'))}]\n`,
  )
  return ['mise', 'run', '--quiet', name, ...args]
}
