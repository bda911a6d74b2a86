import { UserError } from '../lib/errors.ts'
import type { Flag, Header } from '../task/header.ts'

/** A row of text for each entry, in Markdown. */
type Row = readonly string[]

/** The flags and arguments of a task as a table: what to write, what it means, and what it is where it is not given. */
export function flagTable({ flags, argument }: Header): string {
  const rows = flags.map((flag): Row => [nameOf(flag), flag.help, defaultOf(flag)])
  if (argument)
    rows.push([
      code(`${argument.afterDashes ? '-- ' : ''}${argument.name.toUpperCase()}…`),
      argument.help,
      '',
    ])
  return table(['flag', 'what it does', 'default'], rows)
}

function nameOf({ short, name, value }: Flag): string {
  const long = `--${name}${value === undefined ? '' : ` ${value.toUpperCase()}`}`
  return [...(short ? [`-${short}`] : []), long].map(code).join(', ')
}

/** A variable as a shell writes it. A flag has no variable and a default at once. */
function defaultOf({ variable, fallback }: Flag): string {
  const value = variable ? `$${variable}` : fallback
  return value ? code(value) : ''
}

/**
 * The tasks as a table, each with a link to its page.
 * @param tasks `page` is relative to the document that gets the table
 */
export function taskTable(tasks: readonly { name: string; page: string; description: string }[]): string {
  return table(
    ['task', 'what it does'],
    tasks.map(({ name, page, description }) => [`[${name}](${page})`, description]),
  )
}

function table(titles: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(titles), `|${titles.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

const code = (text: string) => `\`${text}\``

/** The comments between which a document keeps a table that is made. */
const place = /(<!-- made by `npm run docs` [^\n]* -->\n)[\s\S]*?(<!-- end -->)/

/**
 * A document with a new table in the place that it keeps for one.
 * @param file how it is called in the error
 * @throws UserError where it keeps no place
 */
export function withTable(text: string, made: string, file: string): string {
  if (!place.test(text))
    throw new UserError(`${file} has no place for its table`, {
      hint: 'a place begins with <!-- made by `npm run docs` … --> and ends with <!-- end -->',
    })
  return text.replace(place, (_, begin, end) => `${begin}\n${made}\n\n${end}`)
}
