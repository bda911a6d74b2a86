import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { writeFiles } from '../helpers/files.ts'
import type { Place } from '../helpers/flux/verify.ts'

/** Gives the user's clone what a run must not touch: a stash, and staged, changed and new files. */
export async function startWork({ clone, git }: Place): Promise<void> {
  writeFiles(clone, { 'README.md': 'stashed\n' })
  await git('stash', '--quiet')
  writeFiles(clone, { 'README.md': 'changed\n', 'staged.yaml': 'a: 1\n', 'new.yaml': 'b: 2\n' })
  await git('add', 'staged.yaml')
  await git('config', 'user.signingkey', 'none')
}

/**
 * What the user has, by path: every file of the clone, `.git` included, as a hash of its bytes. Left out is what git writes for
 * each commit, and each push: where the branch of the remote was seen last.
 */
export function userState({ clone }: Place): Record<string, string> {
  const files = readdirSync(clone, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(clone, join(entry.parentPath, entry.name)))
    .filter((file) => !/^\.git\/(objects|(logs\/)?refs\/remotes)\//.test(file))
  return Object.fromEntries(files.map((file) => [file, hashOf(join(clone, file))]))
}

function hashOf(file: string): string {
  const bytes = (() => {
    try {
      return readFileSync(file)
    } catch {
      return readlinkSync(file)
    }
  })()
  return createHash('sha256').update(bytes).digest('hex')
}
