import { visible } from '../../../findings/render/visible.ts'
import { shortCommit } from '../../../lib/git/git.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import type { Exposed } from './exposed.ts'

/** The list for people of what a recipient could decrypt, as Markdown. */
export function exposedMarkdown(list: readonly Exposed[], old: string): string {
  const title = `# What ${shortRecipient(old)} could decrypt`
  if (list.length === 0) return `${title}\n\nNo version of any file that is known here was encrypted to it.\n`
  const files = new Set(list.map(({ file }) => file)).size
  const count = `${list.length} ${list.length === 1 ? 'value' : 'values'} in ${files} ${files === 1 ? 'file' : 'files'}.`
  return [
    title,
    '',
    `${count} Change each of them where it is used: at the database, at the provider, in the program.`,
    '',
    'Nothing that is done to this repository takes these values back. Whoever has the identity and any copy of the repository can decrypt them for ever: new recipients, new data keys and a rewritten history change nothing about that.',
    '',
    'Where "unchanged" is ticked, HEAD has the same ciphertext, so the value is still the same. Where it is not, the value may still be the same: a new data key changes every ciphertext.',
    '',
    '| file | key | last version | unchanged |',
    '| --- | --- | --- | --- |',
    ...list.map(({ file, key, commit, isSame }) =>
      row([code(file), code(key), shortCommit(commit), isSame ? '✓' : '']),
    ),
    '',
  ].join('\n')
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** A text that people can have written as they like; in a table a `|` ends the cell also in code (https://github.github.com/gfm/#tables-extension-). */
function code(text: string): string {
  const shown = visible(text).replaceAll('|', '\\|')
  const ticks = '`'.repeat(Math.max(0, ...(shown.match(/`+/g) ?? []).map(({ length }) => length)) + 1)
  const space = ticks.length > 1 ? ' ' : ''
  return `${ticks}${space}${shown}${space}${ticks}`
}
