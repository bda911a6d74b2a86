import { join, relative } from 'node:path'
import type { Caller, Report } from '../lib/caller.ts'
import { refuseUncommitted } from '../lib/commit.ts'
import { exit } from '../lib/errors.ts'
import { nameOf } from '../lib/repository/flux-file.ts'
import { rows } from '../lib/rows.ts'
import { commitChanges } from './test-secret/commit.ts'
import { findTarget, pathsOf } from './test-secret/destination.ts'
import { findTestSecret, removeTestSecret } from './test-secret/test-secret.ts'

export interface TestRemoveOptions {
  /** Name, namespace/name or file of the Flux Kustomization. */
  kustomization: string
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
  const { cwd, env, signal } = caller
  const { repository, kustomization, place } = await findTarget(options, caller)
  if (options.commit && findTestSecret(place))
    await refuseUncommitted(repository, pathsOf(place), (path) => relative(cwd, join(place.root, path)))
  const removed = await removeTestSecret(place, { env, signal })
  if (removed.problem) caller.note(`warning: it was removed, but with and without it, ${removed.problem}`)
  const message = `chore(flux): remove ${name} after verification`
  const commit = options.commit ? await commitChanges(repository, removed, message, caller) : undefined

  const { result, files } = removed
  return {
    exitCode: exit.done,
    lines: [
      `secret/${name} ${result}`,
      ...rows({
        kustomization: `${nameOf(kustomization)} (${kustomization.file})`,
        files: files.map((file) => relative(cwd, join(place.root, file))),
        commit,
      }),
    ],
    json: {
      result,
      kustomization: nameOf(kustomization),
      path: relative(place.root, place.path),
      files,
      ...(commit && { commit }),
    },
  }
}
