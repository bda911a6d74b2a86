import { readFileSync } from 'node:fs'

/** A flag as a `[USAGE]` line declares it. */
export interface Flag {
  /** Without dashes. */
  name: string
  /** Its one letter. */
  short: string | undefined
  /** How its value is called; `undefined` for a flag that takes none. */
  value: string | undefined
  /** Whether it may be given several times. */
  many: boolean
  /** The environment variable that gives its value where it is not given. */
  variable: string | undefined
  /** What it is where neither is given. */
  fallback: string | undefined
  help: string
}

/** The positional argument, `[name]` in the header; always repeatable. */
export interface Argument {
  name: string
  help: string
  /** It is a command line of its own, behind `--`. */
  afterDashes: boolean
}

/** What an entry declares. */
export interface Header {
  description: string
  flags: Flag[]
  argument: Argument | undefined
  /** Groups of flags, by their names, of which one at most may be given. */
  exclusive: string[][]
}

/**
 * Reads the `// [MISE]` and `// [USAGE]` lines of an entry. Only the forms that our entries use are known:
 * `flag "-n --name <value>" default="…" env="…" var=#true help="…"` and `arg "[name]" var=#true double_dash="…" help="…"`
 * (https://usage.jdx.dev/spec/reference/flag). usage knows no flags that exclude each other: `// [ONE OF] --a --b` is ours.
 */
export function readHeader(entry: string): Header {
  const header: Header = { description: '', flags: [], argument: undefined, exclusive: [] }
  for (const line of readFileSync(entry, 'utf8').split('\n')) {
    const [, kind, rest] = /^\/\/ \[(MISE|USAGE|ONE OF)\] (.*)$/.exec(line) ?? []
    if (kind === 'MISE') header.description ||= property(rest, 'description') ?? ''
    if (kind === 'ONE OF') header.exclusive.push(rest!.split(' ').map((flag) => flag.replace(/^--/, '')))
    const [, what, spec, properties] =
      /^(flag|arg) "([^"]*)"(.*)$/.exec(kind === 'USAGE' ? (rest ?? '') : '') ?? []
    if (!what || !spec) continue
    const help = property(properties, 'help') ?? ''
    if (what === 'arg') {
      header.argument = {
        name: spec.replace(/[[\]<>]/g, ''),
        help,
        afterDashes: /\bdouble_dash=/.test(properties ?? ''),
      }
      continue
    }
    const [, short, name = '', value] = /^(?:-(\w) )?--([\w-]+)(?: <([^>]+)>)?$/.exec(spec) ?? []
    const many = /\bvar=#true\b/.test(properties ?? '')
    const [variable, fallback] = [property(properties, 'env'), property(properties, 'default')]
    header.flags.push({ name, short, value, many, variable, fallback, help })
  }
  return header
}

function property(text: string | undefined, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(text ?? '')?.[1]
}
