import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Ended, type ProgramOptions, type Started, startProgram } from './program.ts'

const root = join(import.meta.dirname, '..', '..')

export type { Ended }

/** mise looks nothing up on the network: the tools of the runner are on PATH. */
export const miseOffline = { MISE_OFFLINE: '1' }

/** `cwd` is where the user stands, `env` the user's environment (`userEnvironment`). */
export interface Call extends ProgramOptions {
  /** `node`: the entry file, plain. `mise`: `mise run`, with this checkout's tasks in the user's global configuration. */
  via?: 'node' | 'mise'
  /** A program and its arguments that starts the task in its turn, as `strace` does. */
  under?: readonly string[]
}

/** Starts a task such as `flux:sops-key` through its real entry. */
export function startTask(name: string, args: readonly string[], call: Call): Started {
  const command =
    call.via === 'mise'
      ? miseCommand(name, args, call)
      : [process.execPath, join(root, 'tasks', `${name.replace(':', '/')}.ts`), ...args]
  const { under = [] } = call
  return startProgram([...under, ...command], { ...call, env: { ...miseOffline, ...call.env } })
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
