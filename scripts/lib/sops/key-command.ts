import { UserError } from '../errors.ts'
import { run } from '../run.ts'

/** How long the user's own command for the key may take, in ms. It may ask for a passphrase. */
const commandLimit = 60_000

/** How the command is run. */
export interface KeyCommandOptions {
  cwd: string
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  /** Public keys whose identities are wanted. Where there are none, the command must give the key by itself. */
  recipients?: () => Promise<Iterable<string>>
}

/**
 * Runs the command in SOPS_AGE_KEY_CMD. Where it gives no identity by itself, it is told each recipient in SOPS_AGE_RECIPIENT, as sops
 * does for the recipients of a file (sops v3.13.3 age/keysource.go loadIdentities).
 * @returns what it printed. It is a secret.
 * @throws UserError where it fails; never quotes what it printed. The reason of `signal`
 */
export async function runKeyCommand(command: string, options: KeyCommandOptions): Promise<string> {
  const own = await ask(command, options)
  if (own !== undefined && hasIdentity(own)) return own
  const found: string[] = []
  for (const recipient of (await options.recipients?.()) ?? []) {
    const text = await ask(command, options, recipient)
    if (text !== undefined && hasIdentity(text)) found.push(text.trimEnd())
  }
  if (found.length > 0) return `${found.join('\n')}\n`
  if (own !== undefined) return own
  throw new UserError('the command in SOPS_AGE_KEY_CMD failed, so there is no age key', {
    hint: 'run it by hand to see why; its output is not shown here because it may hold the key',
  })
}

/**
 * sops splits the command like a shell and runs it without one; quoting means the same to one. It may ask on the terminal.
 * @returns `undefined` where it failed
 */
async function ask(
  command: string,
  { env, cwd, signal }: KeyCommandOptions,
  recipient?: string,
): Promise<string | undefined> {
  const { SOPS_AGE_KEY, ...others } = env
  const told = recipient === undefined ? others : { ...others, SOPS_AGE_RECIPIENT: recipient }
  try {
    return await run(['sh', '-c', command], {
      env: told,
      cwd,
      signal,
      timeout: commandLimit,
      terminal: true,
    })
  } catch (error) {
    if (signal.aborted || !(error instanceof UserError)) throw error
    return undefined
  }
}

function hasIdentity(text: string): boolean {
  return /^AGE-/m.test(text)
}
