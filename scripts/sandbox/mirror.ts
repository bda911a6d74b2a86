import { unwatchFile, watchFile } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '../lib/errors.ts'
import { attempt, run } from '../lib/run.ts'

/** The user's branch, and the bare repository of the sandbox that shows its commits to Flux. */
export interface Mirror {
  /** The root of the user's repository, which is only read. */
  root: string
  branch: string
  /** The bare repository. */
  bare: string
  env: NodeJS.ProcessEnv
}

/**
 * The branch that is checked out in the repository `root`.
 * @throws UserError for a detached HEAD and for a branch without a commit
 */
export async function currentBranch(root: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout } = await attempt(['git', 'symbolic-ref', '--quiet', '--short', 'HEAD'], {
    cwd: root,
    env,
  })
  const branch = stdout.trim()
  if (code !== 0 || !branch) {
    throw new UserError('cannot serve this repository: no branch is checked out (detached HEAD)', {
      hint: 'check a branch out: `git switch BRANCH`',
    })
  }
  const { code: unborn } = await attempt(['git', 'rev-parse', '--verify', '--quiet', 'HEAD'], {
    cwd: root,
    env,
  })
  if (unborn === 0) return branch
  throw new UserError(`cannot serve this repository: its branch ${branch} has no commit yet`, {
    hint: 'commit something first',
  })
}

/**
 * Brings the commits of the user's branch into the bare repository. It fetches, so that no hook and no push setting of
 * the user has a say.
 * @returns whether the bare branch is at the user's commit now; false where it has commits that the user's has not
 * @throws UserError with what git said where it fails otherwise
 */
export async function mirror({ root, branch, bare, env }: Mirror): Promise<boolean> {
  const ref = `refs/heads/${branch}`
  const fetch = ['git', '-c', 'core.hooksPath=/dev/null', 'fetch', '--no-tags', '--update-shallow']
  fetch.push('--no-write-fetch-head', root, `${ref}:${ref}`)
  // LC_ALL: its answer is read
  const { code, stderr } = await attempt(fetch, { cwd: bare, env: { ...env, GIT_DIR: bare, LC_ALL: 'C' } })
  if (code === 0) return true
  if (/non-fast-forward/.test(stderr)) return false
  throw new UserError(`cannot bring the branch ${branch} into the sandbox: ${stderr.trim()}`)
}

/**
 * Calls `moved` with the new commit whenever the user's branch moves, at most once a second and never twice at once.
 * It looks at the files that git writes a branch to, so that nothing runs while nothing changes.
 * @param failed told what git said when it could not be asked
 * @returns how to stop it
 */
export async function watchBranch(
  { root, branch, env }: Mirror,
  moved: (commit: string) => Promise<void>,
  failed: (error: unknown) => void,
): Promise<() => void> {
  const git = async (...args: string[]) => (await run(['git', ...args], { cwd: root, env })).trim()
  const tip = () => git('rev-parse', '--verify', '--quiet', `refs/heads/${branch}`)
  const stores = [`refs/heads/${branch}`, 'reftable/tables.list']
  const files = await Promise.all(
    stores.map(async (path) => resolve(root, await git('rev-parse', '--git-path', path))),
  )
  let commit = await tip()
  let turn = Promise.resolve()
  const look = () => {
    turn = turn
      .then(async () => {
        const now = await tip()
        if (now === commit) return
        commit = now
        await moved(now)
      })
      .catch(failed)
  }
  for (const file of files) watchFile(file, { interval: 1000 }, look)
  return () => {
    for (const file of files) unwatchFile(file, look)
  }
}
