import { join } from 'node:path'
import type { Caller, Report } from '../lib/caller.ts'
import { exit } from '../lib/errors.ts'
import { refuseUncommitted } from '../lib/git/commit.ts'
import { shortCommit } from '../lib/git/git.ts'
import { namesFrom, pathBelow } from '../lib/paths.ts'
import { nameOf as nameOfKustomization } from '../lib/repository/flux-file.ts'
import { rows } from '../lib/rows.ts'
import { commitChanges, removeMessage } from './test-secret/commit.ts'
import { findDestination, pathsOf } from './test-secret/destination.ts'
import { findTestSecret } from './test-secret/found.ts'
import { removeTestSecret } from './test-secret/test-secret.ts'

/** What the user wants of `sops:test-remove`. */
export interface TestRemoveOptions {
  /** The Flux Kustomization as `findKustomization` takes it; `undefined`: it is chosen (`chooseKustomization`). */
  kustomization: string | undefined
  /** Of the Secret and of its directory. */
  name: string
  commit: boolean
  caller: Caller
}

/**
 * Removes what `testCreate` made: the repository is then byte for byte what it was before. Needs no key.
 * @throws UserError where something else is at its place (exit 2) or the removal must not be (exit 1)
 */
export async function testRemove(options: TestRemoveOptions): Promise<Report> {
  const { name, caller } = options
  const { repository, kustomization, place } = await findDestination(options, caller, true)
  const { root, path } = place
  const nameOf = (file: string) => namesFrom(caller.cwd)(join(root, file))
  if (options.commit && findTestSecret(place)) await refuseUncommitted(repository, pathsOf(place), nameOf)
  const removed = await removeTestSecret(place, caller)
  if (removed.problem) caller.note(`warning: it was removed, but with and without it, ${removed.problem}`)
  const commit = options.commit
    ? await commitChanges(repository, removed, removeMessage(name), caller)
    : undefined

  const { result, files } = removed
  return {
    exitCode: exit.done,
    lines: [
      `secret/${name} ${result}`,
      ...rows({
        kustomization: `${nameOfKustomization(kustomization)} (${nameOf(kustomization.file)})`,
        files: files.map(nameOf),
        commit: commit && shortCommit(commit),
      }),
    ],
    json: {
      result,
      kustomization: nameOfKustomization(kustomization),
      path: pathBelow(root, path),
      files,
      ...(commit && { commit }),
    },
  }
}
