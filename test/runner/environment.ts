import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** What npm, Go and git need to reach the outside, and what names the person and the terminal. */
const kept =
  /^(path|lang|tz|ci|flux_sops_corpus|user|logname|shell|term|(https?|no|all)_proxy|npm_config_.*|go.*|.*_(ca|ssl)_.*|(ssl|node_extra|curl|git_ssl)_.*)$/i

/**
 * The environment of all tests: nothing of the caller's sops, kubectl, git and mise settings reaches them, and mise uses the
 * tools on PATH. The caller's package caches stay in use. HOME is set for each file (run-file.ts).
 * @param bin directories that go before the caller's PATH
 */
export function cleanEnvironment(outside: NodeJS.ProcessEnv, bin: readonly string[]): NodeJS.ProcessEnv {
  const env = Object.fromEntries(Object.entries(outside).filter(([name]) => kept.test(name)))
  const home = outside.HOME ?? '/'
  const cache = outside.XDG_CACHE_HOME || join(home, '.cache')
  const goEnv = join(outside.XDG_CONFIG_HOME || join(home, '.config'), 'go', 'env')
  return {
    XDG_CACHE_HOME: cache,
    npm_config_cache: join(home, '.npm'),
    npm_config_userconfig: join(home, '.npmrc'),
    GOPATH: join(home, 'go'),
    GOCACHE: join(cache, 'go-build'),
    ...(existsSync(goEnv) && { GOENV: goEnv }),
    ...env,
    PATH: [...bin, dirname(process.execPath), outside.PATH ?? ''].join(delimiter),
    LC_ALL: 'C.UTF-8',
    NO_COLOR: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    MISE_TASK_RUN_AUTO_INSTALL: 'false',
  }
}

/** Those of the programs that are not on PATH; a `node` that is too old to run the tasks counts as missing. */
export function missingPrograms(programs: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const directories = (env.PATH ?? '').split(delimiter)
  const modeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.mode ?? 0
  const isThere = (program: string) =>
    directories.some((directory) => (modeOf(join(directory, program)) & 0o111) > 0)
  return programs.filter((program) => !isThere(program) || (program === 'node' && !runsTypeScript(env)))
}

function runsTypeScript(env: NodeJS.ProcessEnv): boolean {
  return Number(/^v(\d+)/.exec(execFileSync('node', ['--version'], { env, encoding: 'utf8' }))?.[1]) >= 24
}
