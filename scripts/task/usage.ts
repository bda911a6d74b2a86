import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { UserError } from '../lib/errors.ts'
import { type Header, readHeader } from './header.ts'
import { helpText } from './help.ts'

/** The options of one call of a task, as its header declares them. */
export interface Usage {
  /** The value of `--name`, or its default; `undefined` where neither is there. */
  text(name: string): string | undefined
  /** As `text`, for a flag whose header gives a default. */
  required(name: string): string
  /** Whether `--name` was given. */
  flag(name: string): boolean
  /** All values of a repeatable flag or of the positional arguments. */
  list(name: string): string[]
  /** `--name` as a path, relative to where the user stands; `-` stays as it is. */
  path(name: string): string | undefined
}

/**
 * Reads the options of the task whose entry file is `entry`.
 *
 * mise parses them by the entry's `[USAGE]` lines and passes them on as `usage_*`. Run without mise
 * (`node tasks/flux/sops-key.ts --dry-run`) the same lines are used to parse `argv`, so that the header stays
 * the only place that knows flags, their variables and defaults.
 *
 * @param cwd where the user stands: relative paths start there
 * @returns the options, or the text to print where `--help` was asked for
 * @throws UserError for a flag that the header does not declare, for one whose value is missing or empty, and for flags that
 *   exclude each other
 */
export function readUsage(
  entry: string,
  argv: string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
): Usage | string {
  const header = readHeader(entry)
  const given = startedByMise(entry, env) ? fromMise(header, env) : fromArguments(header, argv)
  if (given === 'help') return helpText(entry, header)
  refuseExclusive(header, given)
  return usageOf(header, withDefaults(header, given, env), cwd)
}

/** Whether `--json` or `--format json` asks for a document, also where the other options are wrong. Takes what `readUsage` takes. */
export function wantsJson(entry: string, argv: string[], env: NodeJS.ProcessEnv): boolean {
  const { flags } = readHeader(entry)
  const given = startedByMise(entry, env) ? (name: string) => env[`usage_${name}`] : valuesIn(argv)
  const format = flags.find(({ name }) => name === 'format')
  const isJson = flags.some(({ name }) => name === 'json') && given('json') === 'true'
  return isJson || (format !== undefined && (given('format') || env[format.variable ?? '']) === 'json')
}

/** What flags say in arguments that may be wrong elsewhere. */
function valuesIn(argv: string[]): (name: string) => string | undefined {
  const options = { json: { type: 'boolean' }, format: { type: 'string' } } as const
  const { values } = parseArgs({ args: argv, options, strict: false })
  return (name) => (values[name] === undefined ? undefined : `${values[name]}`)
}

function startedByMise(entry: string, env: NodeJS.ProcessEnv): boolean {
  const file = env.MISE_TASK_FILE
  if (!file) return false
  try {
    return realpathSync(file) === realpathSync(entry)
  } catch {
    return false
  }
}

type Values = Map<string, string[]>

function usageOf(header: Header, values: Values, cwd: string): Usage {
  const text = (name: string) => values.get(name)?.at(-1)
  const missing = (name: string) => new UserError(`--${name} needs a value`, { hint: 'see --help' })
  const empty = header.flags.find(({ name, value }) => value !== undefined && values.get(name)?.includes(''))
  if (empty) throw missing(empty.name)
  return {
    text,
    required(name) {
      const value = text(name)
      if (value !== undefined) return value
      throw missing(name)
    },
    flag: (name) => text(name) === 'true',
    list(name) {
      const list = values.get(name) ?? []
      // mise hands a flag that it does not know to the positional arguments
      const mayHoldFlag = header.argument?.name === name && !header.argument.afterDashes
      const unknown = mayHoldFlag && list.find((value) => /^-./.test(value))
      if (unknown) throw new UserError(`unknown flag ${unknown}`, { hint: 'see --help' })
      return list
    },
    path(name) {
      const value = text(name)
      return value === undefined || value === '-' ? value : resolve(cwd, value)
    },
  }
}

function refuseExclusive({ exclusive }: Header, given: Values): void {
  for (const names of exclusive) {
    const [one, other] = names.filter((name) => given.has(name)).map((name) => `--${name}`)
    if (one && other)
      throw new UserError(`${one} and ${other} exclude each other`, { hint: 'give one of them' })
  }
}

/** With the value of its variable, or its default, for each flag that was not given. An empty variable is none. */
function withDefaults({ flags }: Header, given: Values, env: NodeJS.ProcessEnv): Values {
  const values = new Map(given)
  for (const { name, variable, fallback } of flags) {
    const value = (variable && env[variable]) || fallback
    if (!values.has(name) && value !== undefined) values.set(name, [value])
  }
  return values
}

/**
 * mise adds defaults and variables by itself, but no version before 2026.5 those of `[env]`: only what is neither was given.
 * So a flag with a variable has no default in the header, which would hide it.
 */
function fromMise({ flags, argument }: Header, env: NodeJS.ProcessEnv): Values {
  const values: Values = new Map()
  const passedOn = (name: string) => env[`usage_${name.replaceAll('-', '_')}`]
  for (const { name, many, variable, fallback } of flags) {
    const value = passedOn(name)
    if (value === undefined) continue
    const list = many ? splitQuoted(value) : [value]
    const isPreset = (one: string) => one === fallback || (variable !== undefined && one === env[variable])
    // older versions of mise do not quote the value of a variable
    if (!isPreset(value) && !(list.length === 1 && list.every(isPreset))) values.set(name, list)
  }
  if (argument) values.set(argument.name, splitQuoted(passedOn(argument.name) ?? ''))
  return values
}

/** Several values reach us as one string, quoted for a shell by mise: `a 'b c'\''d'`. */
export function splitQuoted(text: string): string[] {
  // not \s: mise leaves the blanks of other alphabets as they are
  const words = text.match(/(?:'[^']*'|\\.|[^ \t\r\n'\\])+/g) ?? []
  return words.map((word) => word.replace(/'([^']*)'|\\(.)/g, (_, quoted, escaped) => quoted ?? escaped))
}

function fromArguments(header: Header, argv: string[]): Values | 'help' {
  const options: Record<string, { type: 'string' | 'boolean'; multiple: true; short?: string }> = {
    help: { type: 'boolean', multiple: true, short: 'h' },
  }
  for (const flag of header.flags) {
    options[flag.name] = { type: flag.value === undefined ? 'boolean' : 'string', multiple: true }
    if (flag.short) options[flag.name] = { ...options[flag.name]!, short: flag.short }
  }
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: argv, options, allowPositionals: header.argument !== undefined })
  } catch (error) {
    throw new UserError(reasonOf(error as Error), { hint: 'see --help' })
  }
  if (parsed.values.help) return 'help'
  if (header.argument?.afterDashes && parsed.positionals.length > 0 && !argv.includes('--')) {
    throw new UserError(`unexpected argument ${parsed.positionals[0]}: a command goes behind --`, {
      hint: 'see --help',
    })
  }
  const values: Values = new Map()
  for (const flag of header.flags) {
    const given = parsed.values[flag.name] as (string | boolean)[] | undefined
    if (given) values.set(flag.name, given.map(String))
  }
  if (header.argument) values.set(header.argument.name, parsed.positionals)
  return values
}

/** What Node's parser says, in our words: `unknown option '--x'`. */
function reasonOf({ message }: Error): string {
  const [sentence = ''] = message.split(/\. (?:To specify|This command|Did you)|\n/)
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}
