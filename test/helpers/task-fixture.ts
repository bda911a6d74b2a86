import { chmodSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { withDirectory, writeFiles } from './files.ts'
import { type Ended, type Started, startProgram } from './program.ts'
import { type Call, miseOffline } from './task.ts'
import { userEnvironment } from './user.ts'

const scripts = join(import.meta.dirname, '..', '..', 'scripts', 'task')

export interface FixtureTask {
  /** The project whose mise configuration has the task. */
  directory: string
  env: NodeJS.ProcessEnv
  start(args: readonly string[], call?: Partial<Call>): Started
  run(args: readonly string[], call?: Partial<Call>): Promise<Ended>
}

/**
 * Makes a task `made:task` of the form that ours have, in a mise project of its own.
 * @param usage the `[USAGE]` lines, and others such as `[ONE OF] --a --b`
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
    // a line that is no flag or argument says itself what it is
    const header = [
      '[MISE] description="Made for a test"',
      ...usage.map((line) => (line.startsWith('[') ? line : `[USAGE] ${line}`)),
    ]
    writeFiles(directory, {
      'mise.toml': '[task_config]\nincludes = ["tasks"]\n',
      'tasks/made/task.ts': `#!/bin/sh
':' //; . ${JSON.stringify(join(scripts, 'start.sh'))}
${header.map((line) => `// ${line}`).join('\n')}
import(${JSON.stringify(join(scripts, 'start.js'))}).then(({ start }) =>
  start(__filename, async (usage, caller) => { ${body} }),
)
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
