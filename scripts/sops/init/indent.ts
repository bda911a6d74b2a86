/** How many files are looked at: more would say the same. */
const enough = 200

/** A mapping whose first key is indented below the key of its own line. */
const nested = /^[\w."'/-]+:[ \t]*(?:#.*)?\r?\n( +)[\w"'/]/gm

/**
 * By how many blanks most YAML files of a repository are indented, for sops to write its own alike.
 * @param textOf `undefined` for what is no file
 */
export function usualIndent(names: readonly string[], textOf: (file: string) => string | undefined): 2 | 4 {
  const counts = { 2: 0, 4: 0 }
  for (const file of names.filter((name) => /\.ya?ml$/.test(name)).slice(0, enough)) {
    const [width] = [...(textOf(file) ?? '').matchAll(nested)].map(([, blanks = '']) => blanks.length)
    if (width === 2 || width === 4) counts[width]++
  }
  return counts[4] > counts[2] ? 4 : 2
}
