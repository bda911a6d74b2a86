import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import type { Repository } from '../../git/git.ts'
import { type Outcome, requireProgram } from '../../program.ts'
import { attempt } from '../../run.ts'
import { abandonedDirectories, temporaryDirectory } from '../../temporary-directory.ts'
import { sopsLimit } from '../sops.ts'
import { type IdentityPipe, servePipe } from './identity-pipe.ts'

/** What the private directories are called. */
const directoryName = 'flux-sops-key'

/** For Go: to collect garbage and to look for work in other threads takes longer here than the work itself. */
const littleWork = { GOMAXPROCS: '1', GOGC: '400' }

/** How sops is run with certain identities. */
export interface IsolatedOptions extends Pick<Repository, 'env' | 'signal'> {
  /** Where sops runs, which reads the nearest `.sops.yaml` there or above; else where we run. */
  cwd?: string
  /** What else its environment has; a home directory only where this names one. */
  extra?: NodeJS.ProcessEnv
  /** A line that it gets on stdin. It may be a secret. */
  line?: string
  /** How long it may take, in ms, where that is not the usual time. */
  timeout?: number
}

/** sops with certain identities, and a directory for what it reads. */
export interface IsolatedSops {
  /** Private, absolute; it is removed afterwards. For ciphertext only. */
  directory: string
  /**
   * Runs sops, which opens the identities once for each recipient that it tries; several may run at once.
   * @param args without `sops`
   * @returns the outcome, whatever the exit code; stderr is redacted and does not say where sops has looked for other keys
   * @throws MissingProgram; the reason of `signal`; UserError where it could not be given the identities
   */
  attempt(args: readonly string[], options: IsolatedOptions): Promise<Outcome>
}

/**
 * Lends a sops that has these age identities and no others: none of the environment, of the user's key file or of SSH.
 * @param identities one a line. A secret: sops reads them from a named pipe in a private directory.
 */
export async function withIsolatedSops<T>(
  identities: string,
  use: (sops: IsolatedSops) => Promise<T>,
): Promise<T> {
  // of calls that were killed: their pipes are empty, all else is ciphertext
  for (const left of abandonedDirectories(directoryName, resolve(tmpdir())))
    rmSync(left, { recursive: true, force: true })
  const directory = temporaryDirectory(directoryName)
  const pipes: IdentityPipe[] = []
  // each for one sops at a time
  const free: IdentityPipe[] = []
  let calls = 0
  const openPipe = async (options: IsolatedOptions) => {
    // what is missing as well would be named in its place
    await requireProgram('sops', options)
    const pipe = await servePipe(identities, join(directory, `identities-${++calls}`), options)
    pipes.push(pipe)
    return pipe
  }
  const attemptSops: IsolatedSops['attempt'] = async (args, options) => {
    const { env, cwd, extra, line, signal, timeout = sopsLimit } = options
    const pipe = free.pop() ?? (await openPipe(options))
    const outcome = await attempt(['sops', ...args], {
      ...(cwd !== undefined && { cwd }),
      ...(line !== undefined && { input: `${line}\n` }),
      env: { ...littleWork, HOME: '/nonexistent', ...extra, PATH: env.PATH, SOPS_AGE_KEY_FILE: pipe.path },
      signal,
      timeout,
    })
    // whoever waits for it reads nothing, which to sops is a key that does not fit
    if (pipe.hasEnded()) throw new UserError('what hands the identities to sops was ended from outside')
    free.push(pipe)
    return { ...outcome, stderr: withoutPlaces(outcome.stderr) }
  }
  try {
    return await use({ directory, attempt: attemptSops })
  } finally {
    await Promise.all(pipes.map((pipe) => pipe.end()))
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Without the places of other keys, which sops has in an environment of ours only (sops v3.13.3 age/keysource.go formatError). */
function withoutPlaces(text: string): string {
  const sentence = 'Did not find keys in location'.replaceAll(' ', '[\\s|]+')
  return text.replace(new RegExp(`[\\s|]*${sentence}[\\s\\S]*?'\\.(?=\\s|$)`, 'g'), '')
}
