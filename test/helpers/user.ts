import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The environment of a user who has what the runner has on PATH (the built tools, git, node, mise) and nothing else:
 * HOME is `<directory>/home`; there is no age key, no git identity, no cluster.
 */
export function userEnvironment(directory: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const home = join(directory, 'home')
  mkdirSync(home, { recursive: true })
  const { PATH, TMPDIR, NODE_COMPILE_CACHE } = process.env
  return {
    PATH,
    ...(TMPDIR && { TMPDIR }),
    // that of the run: start.sh gives a task one too
    ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }),
    HOME: home,
    LC_ALL: 'C.UTF-8',
    NO_COLOR: '1',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    MISE_TASK_RUN_AUTO_INSTALL: 'false',
    ...more,
  }
}
