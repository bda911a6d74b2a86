import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Repository } from '../../lib/git.ts'

/** How many files are looked at: more would say the same. */
const enough = 200

/** A mapping whose first key is indented below the key of its own line. */
const nested = /^[\w."'/-]+:[ \t]*(?:#.*)?\r?\n( +)[\w"'/]/gm

/**
 * By how many blanks most YAML files of a repository are indented, for sops to write them alike. Encrypted files do not count:
 * sops has indented them by its own default.
 * @param names of files that are there, relative to the root
 */
export function usualIndent({ root }: Pick<Repository, 'root'>, names: readonly string[]): 2 | 4 {
  const counts = { 2: 0, 4: 0 }
  for (const file of names.filter((name) => /\.ya?ml$/.test(name)).slice(0, enough)) {
    const text = readFileSync(join(root, file), 'utf8')
    const [width] = [...text.matchAll(nested)].map(([, blanks = '']) => blanks.length)
    if (width === 2 || width === 4) counts[width]++
  }
  return counts[4] > counts[2] ? 4 : 2
}
