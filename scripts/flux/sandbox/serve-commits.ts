import { delimiter } from 'node:path'
import type { Caller, Report } from '../../lib/caller.ts'
import { exit, UserError } from '../../lib/errors.ts'
import { shortCommit } from '../../lib/git/git.ts'
import { runCommand } from '../../sandbox/command.ts'
import { waitForFirstSync } from '../../sandbox/flux-system.ts'
import type { Followed, Following } from '../../sandbox/follow/follow-repository.ts'
import type { State } from '../../sandbox/follow/states.ts'
import { kindLines, stateLines, statesJson } from '../../sandbox/follow/words.ts'
import { mirror, watchBranch } from '../../sandbox/mirror.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'

/** A sandbox that follows a repository, and for what. */
interface Serving {
  running: Sandbox
  followed: Followed
  following: Following
  /** The directory of the programs. */
  bin: string
  /** The command to run; empty: none. */
  command: readonly string[]
  caller: Caller
}

/** How long Flux may take with a commit before it is told how far it has come, in ms. */
const syncLimit = 300_000

/**
 * Brings the commits of the branch to Flux, and tells what it makes of them, until the command ends, or Ctrl-C where there is none.
 * @returns exit code 0 after Ctrl-C, else that of the command
 * @throws UserError where a part of the sandbox ends, or the command can't be started
 */
export async function serveCommits(served: Serving): Promise<Report> {
  const { running, followed, command, caller } = served
  const stopped = untilAborted(caller.signal, running.broken)
  const over = new AbortController()
  const ended = AbortSignal.any([caller.signal, running.broken, over.signal])
  const tell = teller(served, ended)
  const stopFollowing = await follow(served, tell)
  const first = tell(followed.commit)
  try {
    if (command.length > 0) return await runOnSandbox(served, first, stopped)
    if (caller.document) {
      const states = await Promise.race([first, stopped])
      if (states) caller.document(documentOf(served, states))
    } else caller.say(`export KUBECONFIG=${running.kubeconfig}`)
    caller.note('Ctrl-C stops it and removes everything of it')
    await stopped
    running.broken.throwIfAborted()
    return { exitCode: exit.done, lines: [], json: undefined }
  } finally {
    over.abort()
    stopFollowing()
  }
}

type States = ReadonlyMap<string, State>

/** What `--json` tells as soon as Flux has come to an end with the first commit. */
function documentOf({ running, followed, following }: Serving, states: States): Record<string, unknown> {
  const { branch, commit, sync } = followed
  return {
    kubeconfig: running.kubeconfig,
    gitUrl: following.url,
    branch,
    commit,
    path: sync.path,
    kinds: following.kinds(),
    kustomizations: statesJson(states),
  }
}

/**
 * Tells what Flux makes of a commit when it has come to an end with it, as far as it is news.
 * @param ended when it is of no interest any more
 */
function teller(
  { following, caller }: Serving,
  ended: AbortSignal,
): (commit: string) => Promise<States | undefined> {
  const told = new Set<string>()
  return async (commit) => {
    try {
      const states = await following.settle(commit, Date.now() + syncLimit)
      const [summary = '', ...reasons] = stateLines(states, shortCommit(commit))
      for (const line of [...kindLines(following.kinds()), summary, ...reasons]) {
        if (!told.has(line)) caller.note(line)
        told.add(line)
      }
      return states
    } catch (error) {
      if (ended.aborted) return undefined
      if (!(error instanceof UserError)) throw error
      caller.note(`what Flux made of ${shortCommit(commit)} is not known: ${error.message}`)
      return undefined
    }
  }
}

/** Brings every new commit of the user's branch to Flux, at once. */
function follow(
  { running, following, caller }: Serving,
  tell: (commit: string) => Promise<unknown>,
): Promise<() => void> {
  const { note } = caller
  const { source, url } = following
  const { branch } = source
  return watchBranch(
    source,
    async (commit) => {
      if (await running.alone(() => mirror(source))) {
        await following.requestSync()
        note(`Flux gets ${shortCommit(commit)} of ${branch}`)
        tell(commit)
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

async function runOnSandbox(
  { running, followed, following, bin, command, caller }: Serving,
  first: Promise<unknown>,
  stopped: Promise<void>,
): Promise<Report> {
  const { cwd, env, signal, note, status } = caller
  const { metadata } = followed.sync.kustomization
  status('waiting for the first sync')
  // where Flux has come to an end without it, it does not come any more
  const over = first.then(() => false)
  const synced = await Promise.race([waitForFirstSync(running, metadata), over, stopped]).finally(() =>
    status(undefined),
  )
  if (synced === false)
    note(`Flux has not applied the repository: see kustomization ${metadata.namespace}/${metadata.name}`)
  const exitCode = await runCommand(command, {
    cwd,
    env: environmentOf(env, { running, following, bin }),
    signal,
    broken: running.broken,
  })
  return { exitCode, lines: [], json: undefined }
}

/** What the command gets: the user's environment and the way to the sandbox. */
function environmentOf(
  env: NodeJS.ProcessEnv,
  { running, following, bin }: Pick<Serving, 'running' | 'following' | 'bin'>,
): NodeJS.ProcessEnv {
  return {
    ...env,
    KUBECONFIG: running.kubeconfig,
    FLUX_SANDBOX_GIT_URL: following.url,
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
