import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { addAbortSignal } from 'node:stream'
import { text as readAll } from 'node:stream/consumers'
import { UserError } from '../errors.ts'
import { pathBelow } from '../paths.ts'
import { run } from '../run.ts'

/** Where an age key is looked for. */
export interface KeyOptions {
  /** `--key-file`: a path, or `-` for stdin. */
  keyFile: string | undefined
  /** Where the user stands: relative paths start there. */
  cwd: string
  /** The root of the repository, where `.age-key.txt` is looked for; `undefined` outside of one. */
  root: string | undefined
  env: NodeJS.ProcessEnv
  signal: AbortSignal
}

/** An age key as it was found. */
export interface FoundKey {
  /** What was found, unchecked. It is a secret. */
  text: string
  /** Where it was found, for people, relative to `cwd` where it is below that: `SOPS_AGE_KEY_FILE (keys.txt)`. */
  source: string
}

/**
 * Finds the age private key: the first that is there of `--key-file`, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY,
 * SOPS_AGE_KEY_CMD, `.age-key.txt` in the repository, and the default file of sops (`age/keysource.go` loadIdentities).
 * @returns undefined where there is none
 * @throws UserError where the first that is named cannot be read; never quotes what it read. The reason of `signal` where
 *   that is aborted; stdin then keeps the process no longer.
 */
export async function findKey(options: KeyOptions): Promise<FoundKey | undefined> {
  const { env, cwd, root } = options
  const shown = (file: string) => pathBelow(cwd, file) ?? file
  if (options.keyFile === '-') return { text: await readStdin(options.signal), source: 'stdin' }
  if (options.keyFile) return { text: readKeyFile(options.keyFile), source: shown(options.keyFile) }
  if (env.SOPS_AGE_KEY_FILE) {
    const file = resolve(cwd, env.SOPS_AGE_KEY_FILE)
    return { text: readKeyFile(file, 'SOPS_AGE_KEY_FILE'), source: `SOPS_AGE_KEY_FILE (${shown(file)})` }
  }
  // in this variable alone, sops takes several identities on a line
  if (env.SOPS_AGE_KEY)
    return { text: env.SOPS_AGE_KEY.replace(/[ \t]+(?=AGE-)/g, '\n'), source: 'SOPS_AGE_KEY' }
  if (env.SOPS_AGE_KEY_CMD)
    return { text: await runKeyCommand(env.SOPS_AGE_KEY_CMD, options), source: 'SOPS_AGE_KEY_CMD' }
  for (const file of [root && join(root, '.age-key.txt'), join(cwd, '.age-key.txt'), defaultFile(env)]) {
    if (file && isFile(file)) return { text: readKeyFile(file), source: shown(file) }
  }
  return undefined
}

/** As `findKey`. @throws UserError where there is no key at all, with all places that were looked at */
export async function requireKey(options: KeyOptions): Promise<FoundKey> {
  const found = await findKey(options)
  if (found) return found
  throw new UserError(
    'no age private key found: not in SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, SOPS_AGE_KEY_CMD, .age-key.txt or the default file of sops',
    {
      hint: 'make one with `age-keygen -o .age-key.txt` and keep it out of git, or name its file in SOPS_AGE_KEY_FILE',
    },
  )
}

async function readStdin(signal: AbortSignal): Promise<string> {
  signal.throwIfAborted()
  try {
    return await readAll(addAbortSignal(signal, process.stdin))
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

function readKeyFile(file: string, variable?: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = {
      ENOENT: 'there is no such file',
      EACCES: 'permission denied',
      EISDIR: 'it is a directory',
    }[(error as NodeJS.ErrnoException).code ?? '']
    throw new UserError(
      `cannot read the age key file ${file}${variable ? ` that ${variable} names` : ''}: ${reason ?? (error as NodeJS.ErrnoException).code}`,
    )
  }
}

/** sops splits the command like a shell and runs it without one; quoting means the same to bash. It may ask on the terminal. */
async function runKeyCommand(command: string, { env, cwd, signal }: KeyOptions): Promise<string> {
  const { SOPS_AGE_KEY, ...others } = env
  try {
    return await run(['bash', '-c', command], {
      env: others,
      cwd,
      signal,
      timeout: 60_000,
      terminal: true,
    })
  } catch (error) {
    if (signal.aborted) throw error
    throw new UserError('the command in SOPS_AGE_KEY_CMD failed, so there is no age key', {
      hint: 'run it by hand to see why; its output is not shown here because it may hold the key',
    })
  }
}

function defaultFile(env: NodeJS.ProcessEnv): string {
  const home = env.HOME ?? homedir()
  const config =
    env.XDG_CONFIG_HOME ||
    (process.platform === 'darwin' ? join(home, 'Library', 'Application Support') : join(home, '.config'))
  return join(config, 'sops', 'age', 'keys.txt')
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
