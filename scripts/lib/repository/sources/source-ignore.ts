import { posix } from 'node:path'
import { matchesGlob } from './go-glob.ts'

/** What source-controller leaves out of an artifact by itself, where nobody says anything else (fluxcd/pkg sourceignore v0.18.0). */
const always = ['.git/', '.gitignore', '.gitmodules', '.gitattributes']
const byDefault = [
  ...['*.jpg', '*.jpeg', '*.gif', '*.png', '*.wmv', '*.flv', '*.tar.gz', '*.zip'],
  ...['.github/', '.circleci/', '.travis.yml', '.gitlab-ci.yml', 'appveyor.yml', '.drone.yml'],
  ...['cloudbuild.yaml', 'codeship-services.yml', 'codeship-steps.yml'],
  ...['**/.goreleaser.yml', '**/.sops.yaml', '**/.flux.yaml'],
]

/** The name of the files that say what an artifact leaves out. */
export const sourceIgnoreFile = '.sourceignore'

/** What says that a file is left out. */
export interface LeftOut {
  pattern: string
  /** The `.sourceignore` that has it, relative to the root; `spec.ignore`; `undefined`: Flux does so by itself. */
  by: string | undefined
}

interface Pattern extends LeftOut {
  /** The directory that it is for, as a list of names. */
  domain: string[]
  names: string[]
  includes: boolean
  directoriesOnly: boolean
  hasSlash: boolean
}

/**
 * Reads what source-controller leaves out of an artifact. Its rules look like those of git, and differ: a file can be taken in
 * again below a directory that is left out, and `**` is read in another way (fluxcd/pkg sourceignore v0.18.0).
 * @param files the text of each `.sourceignore`, by its path relative to the root
 * @param ignore `spec.ignore` of the source
 * @returns tells why a file is left out; `undefined` where it is not. Takes a path relative to the root.
 */
export function readSourceIgnore(
  files: ReadonlyMap<string, string>,
  ignore: string | undefined,
): (file: string) => LeftOut | undefined {
  const own = [...files].flatMap(([file, text]) => patternsOf(text, posix.dirname(file), file))
  own.push(...patternsOf(ignore ?? '', '.', 'spec.ignore'))
  const builtIn = own.length > 0 ? always : [...always, ...byDefault]
  const patterns = [...builtIn.map((pattern) => parse(pattern, '.', undefined)), ...own].toReversed()
  return (file) => {
    const path = file.split('/')
    // the last one that matches counts
    const found = patterns.find((pattern) => matches(pattern, path))
    return found && !found.includes ? { pattern: found.pattern, by: found.by } : undefined
  }
}

function patternsOf(text: string, directory: string, by: string): Pattern[] {
  const lines = text.split(/\r?\n/).filter((line) => !line.startsWith('#') && line.trim() !== '')
  return lines.map((line) => parse(line, directory, by))
}

function parse(pattern: string, directory: string, by: string | undefined): Pattern {
  const includes = pattern.startsWith('!')
  let rest = includes ? pattern.slice(1) : pattern
  if (!rest.endsWith('\\ ')) rest = rest.replace(/ +$/, '')
  const directoriesOnly = rest.endsWith('/')
  if (directoriesOnly) rest = rest.slice(0, -1)
  const domain = directory === '.' ? [] : directory.split('/')
  const hasSlash = rest.includes('/')
  return { pattern, by, domain, names: rest.split('/'), includes, directoriesOnly, hasSlash }
}

function matches(pattern: Pattern, whole: readonly string[]): boolean {
  const { domain, hasSlash } = pattern
  if (whole.length <= domain.length || domain.some((name, index) => whole[index] !== name)) return false
  const path = whole.slice(domain.length)
  return hasSlash ? matchesPath(pattern, path) : matchesName(pattern, path)
}

function matchesName({ names: [name = ''], directoriesOnly }: Pattern, path: readonly string[]): boolean {
  const index = path.findIndex((part) => matchesGlob(name, part))
  return index >= 0 && !(directoriesOnly && index === path.length - 1)
}

/** As `globMatch` of source-controller does it, name by name, its oddities included. */
function matchesPath({ names, directoriesOnly }: Pattern, path: readonly string[]): boolean {
  const left = [...path]
  let matched = false
  let anyDepth = false
  for (const [index, name] of names.entries()) {
    if (name === '') {
      anyDepth = false
      continue
    }
    if (name === '**') {
      if (index === names.length - 1) break
      anyDepth = true
      continue
    }
    if (name.includes('**') || left.length === 0) return false
    if (anyDepth) {
      anyDepth = false
      const found = left.findIndex((part) => matchesGlob(name, part))
      matched = found >= 0
      left.splice(0, found < 0 ? left.length : found + 1)
    } else {
      if (!matchesGlob(name, `${left.shift()}`)) return false
      matched = true
    }
  }
  return matched && !(directoriesOnly && left.length === 0)
}
