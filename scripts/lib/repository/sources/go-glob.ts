const known = new Map<string, (name: string) => boolean>()

/**
 * Whether a pattern matches a name, as `filepath.Match` of Go reads it: `*`, `?`, `[a-z]`, `[^a-z]`, and a backslash before what
 * is meant as it is. A pattern that is malformed matches nothing.
 * @param name without `/`
 */
export function matchesGlob(pattern: string, name: string): boolean {
  const glob = known.get(pattern) ?? globOf(pattern)
  known.set(pattern, glob)
  return glob(name)
}

function globOf(pattern: string): (name: string) => boolean {
  // the most of them need no expression, and all files are held against them
  const [, star, plain] = /^(\*?)([^*?[\\]*)$/.exec(pattern) ?? []
  if (plain !== undefined) return (name) => (star ? name.endsWith(plain) : name === plain)
  const test = regExpOf(pattern)
  return (name) => test?.test(name) ?? false
}

function regExpOf(pattern: string): RegExp | undefined {
  const part = /\*+|\?|\[(\^?)((?:\\.|[^\]\\])+)\]|\\(.)|([^*?[\\])/gsu
  const text = translate(pattern, part, ([all, not, set, escaped, plain]) => {
    if (all.startsWith('*')) return '[^]*'
    if (all === '?') return '[^]'
    if (set === undefined) return RegExp.escape(escaped ?? plain ?? '')
    const members = membersOf(set)
    return members && `[${not}${members}]`
  })
  return text === undefined ? undefined : new RegExp(`^${text}$`, 'u')
}

/** What is in the brackets of a pattern, for a RegExp. */
function membersOf(set: string): string | undefined {
  const range = /(\\.|[^\\-])(?:-(\\.|[^\\-]))?/gsu
  return translate(set, range, ([, from = '', to]) => {
    const [first, last] = [from, to ?? from].map((one) => one.replace(/^\\/, ''))
    // one that is the wrong way round holds nothing
    return `${first}` > `${last}` ? '\\P{Any}' : `${RegExp.escape(`${first}`)}-${RegExp.escape(`${last}`)}`
  })
}

/** Translates all parts of a text. @returns `undefined` where a part cannot be, or something is between them */
function translate(
  text: string,
  part: RegExp,
  translation: (found: RegExpExecArray) => string | undefined,
): string | undefined {
  let result = ''
  let end = 0
  for (const found of text.matchAll(part)) {
    const translated = found.index === end ? translation(found) : undefined
    if (translated === undefined) return undefined
    result += translated
    end += found[0].length
  }
  return end === text.length ? result : undefined
}
