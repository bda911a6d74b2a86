import type { Caller, Report } from '../lib/caller.ts'
import { exit, UserError } from '../lib/errors.ts'
import { callGit, repositoryRoot } from '../lib/git/git.ts'
import { buildBinaries, programsDirectory } from '../sandbox/build.ts'
import { chooseSync } from '../sandbox/follow/choose-sync.ts'
import { followRepository, policiesToFollow } from '../sandbox/follow/follow-repository.ts'
import { findSyncs } from '../sandbox/follow/syncs.ts'
import { limits } from '../sandbox/follow/words.ts'
import { currentBranch } from '../sandbox/mirror.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { serveCommits } from './sandbox/serve-commits.ts'

/** What the user wants of `flux:sandbox`. */
export interface SandboxTaskOptions {
  /** The directory in the repository, relative to its root, that the cluster builds; found where `undefined`. */
  path: string | undefined
  /** The command to run on the sandbox; empty: it runs until Ctrl-C. */
  command: readonly string[]
  /** Say only where the programs are built. */
  cacheDirectory: boolean
  caller: Caller
}

/**
 * `flux:sandbox`: a real Flux on this machine that follows the branch checked out in the user's repository.
 * The user's repository and kubeconfig are only read, and nothing is fetched from where the repository comes from.
 * @returns exit code 0 after Ctrl-C, else that of the command
 * @throws UserError where there is nothing to serve, or a part of the sandbox can't be built, does not start or ends
 */
export async function sandbox({
  path,
  command,
  cacheDirectory,
  caller,
}: SandboxTaskOptions): Promise<Report> {
  if (cacheDirectory) {
    const directory = programsDirectory(caller.env.XDG_CACHE_HOME)
    return { exitCode: exit.done, lines: [directory], json: { result: 'passed', directory } }
  }
  if (caller.document && command.length > 0)
    throw new UserError('--json and a command exclude each other, for the output is that of the command', {
      hint: 'the command finds the sandbox by KUBECONFIG and FLUX_SANDBOX_GIT_URL',
    })
  const { cwd, env, signal, note, status } = caller
  const repository = { root: await repositoryRoot(cwd, env), env, signal }
  const branch = await currentBranch(repository.root, env)
  const commit = (await callGit(repository, ['rev-parse', 'HEAD'])).trim()
  const syncs = await findSyncs(repository, commit)
  const sync = await chooseSync(repository, branch, path, syncs)
  const binaries = await buildBinaries({ cacheHome: env.XDG_CACHE_HOME, env, signal, note, status })
  const followed = { repository, branch, commit, sync, syncs }
  const objects = await policiesToFollow(followed)
  status('starting the sandbox')
  const { keySecret } = sync
  const running = await startSandbox({ binaries, env, signal, objects, keySecret }).finally(() =>
    status(undefined),
  )
  try {
    const following = await followRepository(running, followed, binaries.bin)
    try {
      if (sync.file !== undefined) note(`this is the cluster of ${sync.file}: Flux builds ${sync.path}`)
      if (keySecret !== undefined)
        note(`kustomize-controller has the key of Secret flux-system/${keySecret} (--sops-age-secret)`)
      note(`Flux follows the commits of ${branch}; it also takes pushes to ${following.url}`)
      note(limits)
      return await serveCommits({ running, followed, following, bin: binaries.bin, command, caller })
    } finally {
      await following.close()
    }
  } finally {
    await running.stop()
  }
}
