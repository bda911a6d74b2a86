import { chmodSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { withDirectory, writeFiles } from './files.ts'
import { type Ended, type Started, startProgram } from './program.ts'
import { type Call, miseOffline } from './task.ts'
import { userEnvironment } from './user.ts'

const taskBoundary = join(import.meta.dirname, '..', '..', 'scripts', 'task', 'run-task.ts')

export interface FixtureTask {
  /** The project whose mise configuration has the task. */
  directory: string
  env: NodeJS.ProcessEnv
  start(args: readonly string[], call?: Partial<Call>): Started
  run(args: readonly string[], call?: Partial<Call>): Promise<Ended>
}

/**
 * Makes a task `made:task` of the form that ours have, in a mise project of its own.
 * @param usage the `[USAGE]` lines
 * @param body of `async (usage, caller) => { … }`
 */
export async function withFixtureTask<T>(
  usage: readonly string[],
  body: string,
  use: (task: FixtureTask) => Promise<T>,
): Promise<T> {
  return withDirectory(async (parent) => {
    const directory = join(realpathSync(parent), 'project')
    const entry = join(directory, 'tasks', 'made', 'task.ts')
    const header = [
      '[MISE] description="Made for a test"',
      '[MISE] env={NODE_COMPILE_CACHE="{{xdg_cache_home}}/flux-sops-tasks/compile"}',
      ...usage.map((line) => `[USAGE] ${line}`),
    ]
    writeFiles(directory, {
      'mise.toml': '[task_config]\nincludes = ["tasks"]\n',
      'tasks/made/task.ts': `#!/usr/bin/env node
${header.map((line) => `// ${line}`).join('\n')}
import { runTask } from ${JSON.stringify(taskBoundary)}
await runTask(import.meta.filename, async (usage, caller) => { ${body} })
`,
    })
    chmodSync(entry, 0o755)
    const env = { ...userEnvironment(parent), ...miseOffline, MISE_TRUSTED_CONFIG_PATHS: directory }
    const start = (args: readonly string[], { via, ...call }: Partial<Call> = {}) => {
      const command = via === 'mise' ? ['mise', 'run', '--quiet', 'made:task'] : [process.execPath, entry]
      return startProgram([...command, ...args], { cwd: directory, ...call, env: { ...env, ...call.env } })
    }
    return use({ directory, env, start, run: async (args, call) => start(args, call).ended })
  })
}
