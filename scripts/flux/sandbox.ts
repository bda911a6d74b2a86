import { delimiter } from 'node:path'
import type { Caller, Report } from '../lib/caller.ts'
import { exit, UserError } from '../lib/errors.ts'
import { repositoryRoot, shortCommit } from '../lib/git.ts'
import { attempt } from '../lib/run.ts'
import { buildBinaries } from '../sandbox/build.ts'
import { runCommand } from '../sandbox/command.ts'
import { applyFluxSystem, requestSync, waitForFirstSync } from '../sandbox/flux-system.ts'
import { currentBranch, type Mirror, mirror, watchBranch } from '../sandbox/mirror.ts'
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts'

/** What the user wants of `flux:sandbox`. */
export interface SandboxTaskOptions {
  /** The directory in the repository, relative to its root, that holds the Flux Kustomizations of the cluster. */
  path: string
  /** The command to run on the sandbox; empty: it runs until Ctrl-C. */
  command: readonly string[]
  caller: Caller
}

/**
 * `flux:sandbox`: a real Flux on this machine that follows the branch checked out in the user's repository.
 * The user's repository and kubeconfig are only read.
 * @returns exit code 0 after Ctrl-C, else that of the command
 * @throws UserError where there is nothing to serve, or a part of the sandbox can't be built, does not start or ends
 */
export async function sandbox({ path: given, command, caller }: SandboxTaskOptions): Promise<Report> {
  const { cwd, env, signal, note, status } = caller
  const root = await repositoryRoot(cwd, env)
  const branch = await currentBranch(root, env)
  const path = given.replace(/^\.?\/+|\/+$/g, '')
  await requireDirectory(root, path, branch, env)
  const binaries = await buildBinaries({ cacheHome: env.XDG_CACHE_HOME, env, signal, note, status })
  status('starting the sandbox')
  const running = await startSandbox({ binaries, env, signal }).finally(() => status(undefined))
  try {
    const bare = await running.createRepository('flux-system', branch)
    const url = running.gitUrl('flux-system')
    const source = { root, branch, bare, env }
    await mirror(source)
    await applyFluxSystem(running, { url, branch, path })
    note(`Flux follows the commits of ${branch}; it also takes pushes to ${url}`)
    const stopFollowing = await follow(running, source, caller)
    try {
      if (command.length > 0) {
        status('waiting for the first sync')
        const stopped = untilAborted(signal, running.broken)
        const synced = await Promise.race([waitForFirstSync(running), stopped]).finally(() =>
          status(undefined),
        )
        if (synced === false)
          note('Flux has not applied the repository: see kustomization flux-system/flux-system')
        const exitCode = await runCommand(command, {
          cwd,
          env: commandEnvironment(env, running, binaries.bin),
          signal,
          broken: running.broken,
        })
        return { exitCode, lines: [], json: {} }
      }
      caller.say(`export KUBECONFIG=${running.kubeconfig}`)
      note('Ctrl-C stops it and removes everything of it')
      await untilAborted(signal, running.broken)
      running.broken.throwIfAborted()
      return { exitCode: exit.done, lines: [], json: {} }
    } finally {
      stopFollowing()
    }
  } finally {
    await running.stop()
  }
}

async function requireDirectory(
  root: string,
  path: string,
  branch: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { code, stdout } = await attempt(['git', 'cat-file', '-t', `HEAD:${path}`], { cwd: root, env })
  if (code === 0 && stdout.trim() === 'tree') return
  throw new UserError(`cannot serve this repository: the last commit of ${branch} has no directory ${path}`, {
    hint: "name the directory of the cluster's Flux Kustomizations with --path, and commit it",
  })
}

/** Brings every new commit of the user's branch to Flux, at once. */
function follow(running: Sandbox, source: Mirror, { note }: Caller): Promise<() => void> {
  const { branch } = source
  const url = running.gitUrl('flux-system')
  return watchBranch(
    source,
    async (commit) => {
      if (await mirror(source)) {
        await requestSync(running)
        note(`Flux gets ${shortCommit(commit)} of ${branch}`)
      } else {
        note(
          `Flux does not get ${shortCommit(commit)}: its ${branch} has commits that yours has not; \`git pull --rebase ${url} ${branch}\` fetches them`,
        )
      }
    },
    (error) => {
      if (!running.broken.aborted)
        note(error instanceof UserError ? error.message : 'a new commit could not be served')
    },
  )
}

/** What the command gets: the user's environment and the way to the sandbox. */
function commandEnvironment(env: NodeJS.ProcessEnv, running: Sandbox, bin: string): NodeJS.ProcessEnv {
  return {
    ...env,
    KUBECONFIG: running.kubeconfig,
    FLUX_SANDBOX_GIT_URL: running.gitUrl('flux-system'),
    PATH: [env.PATH, bin].filter(Boolean).join(delimiter),
    no_proxy: [env.no_proxy ?? env.NO_PROXY, '127.0.0.1'].filter(Boolean).join(','),
  }
}

function untilAborted(...signals: AbortSignal[]): Promise<void> {
  const any = AbortSignal.any(signals)
  return new Promise((done) => {
    if (any.aborted) done()
    else any.addEventListener('abort', () => done())
  })
}
