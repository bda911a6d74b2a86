import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from '@iarna/toml'

/** The mise tool that a program comes with, where the names differ. */
const toolOf: Record<string, string> = { 'age-keygen': 'age' }

/** The files that mise reads the configuration of a directory from (https://mise.jdx.dev/configuration.html). */
export const miseConfigFiles = [
  'mise.local.toml',
  'mise.toml',
  '.mise.local.toml',
  '.mise.toml',
  'mise/config.toml',
  '.mise/config.toml',
  '.config/mise.toml',
  '.config/mise/config.toml',
  '.config/mise/mise.toml',
]

/**
 * How to get a program that is not on PATH: `mise install` where the mise configuration above `cwd` names it already,
 * else `mise use` with the version that these tasks are tested with.
 * Never throws and never quotes a configuration file, which may hold secrets in `[env]`.
 */
export function howToGet(program: string, cwd: string, env: NodeJS.ProcessEnv): string {
  const tool = toolOf[program] ?? program
  const tested = tools(join(import.meta.dirname, '..', '..', '.mise.toml'))[tool]
  if (tested === undefined) return `install ${program}, for example with your system's package manager`
  for (let directory = cwd; ; directory = dirname(directory)) {
    if (miseConfigFiles.some((file) => tool in tools(join(directory, file)))) {
      return env.MISE_TASK_NAME
        ? `\`mise install ${tool}\`: your mise configuration names it`
        : `\`mise install ${tool}\`, then start the task with \`mise run\`: your mise configuration names it`
    }
    if (dirname(directory) === directory)
      return `\`mise use ${tool}@${tested}\`, the version that these tasks are tested with`
  }
}

/** The `[tools]` table of a mise configuration file; empty where there is no such file or it can't be read. */
function tools(file: string): Record<string, unknown> {
  try {
    return (parse(readFileSync(file, 'utf8')).tools ?? {}) as Record<string, unknown>
  } catch {
    return {}
  }
}
