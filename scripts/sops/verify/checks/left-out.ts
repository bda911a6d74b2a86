import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { finding } from '../../../findings/finding.ts'
import { type GitRepository, idOf } from '../../../lib/cluster/flux-objects.ts'
import { pathBelow } from '../../../lib/paths.ts'
import { readSourceIgnore, sourceIgnoreFile } from '../../../lib/repository/sources/source-ignore.ts'
import { leftOutOf } from '../findings/target.ts'
import { failed } from '../findings/verdict.ts'

/**
 * Sees to it that files get into the artifact of a source.
 * @param root of the worktree that they are in, absolute
 * @param files relative to it
 * @throws Verdict where the source leaves one of them out
 */
export function refuseLeftOut(root: string, files: readonly string[], source: GitRepository): void {
  const object = `gitrepository ${idOf(source)}`
  const { ignore, sparseCheckout = [] } = source.spec
  const checkedOut = sparseCheckout.map((start) => start.replace(/^\.\//, ''))
  for (const file of files) {
    const isOut = checkedOut.length > 0 && !checkedOut.some((start) => file.startsWith(start))
    if (isOut) throw failed(finding('not-checked-out', { object }, { file }))
    const above = readSourceIgnore(textsOf(root, ignoreFilesAbove(file)), ignore)(file)
    // what Flux leaves out by default counts only where no file of these is anywhere
    const found =
      above && above.by === undefined
        ? readSourceIgnore(textsOf(root, allIgnoreFiles(root)), ignore)(file)
        : above
    if (found) throw failed(leftOutOf(object, file, found))
  }
}

function ignoreFilesAbove(file: string): string[] {
  const parts = posix.dirname(file).split('/')
  return ['', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))].map((directory) =>
    posix.join(directory, sourceIgnoreFile),
  )
}

function allIgnoreFiles(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  return entries
    .filter(({ name }) => name === sourceIgnoreFile)
    .map(({ parentPath, name }) => `${pathBelow(root, join(parentPath, name))}`)
}

function textsOf(root: string, files: readonly string[]): Map<string, string> {
  const found = [...new Set(files)].filter((file) => existsSync(join(root, file)))
  return new Map(found.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
}
