import { newlineBefore } from '../../../lib/yaml/lines.ts'

/** What the comments above an identity say of it. */
export interface IdentityComment {
  /** When it was made, in ms since 1970: `# created:`, as age-keygen writes it (age v1.3.1 cmd/age-keygen/keygen.go). */
  created?: number
  /** The recipient that it is to take the place of: `# replaces:`, as `sops:rotate` writes it. */
  replaces?: string
}

/** The comments of a key file by the identities below them. @param text a secret */
export function commentsIn(text: string): Map<string, IdentityComment> {
  const found = new Map<string, IdentityComment>()
  let above: IdentityComment = {}
  for (const line of text.split('\n').map((one) => one.trim())) {
    const [, name, value = ''] = /^# (created|replaces): (.*)$/.exec(line) ?? []
    if (name === 'created' && !Number.isNaN(Date.parse(value))) above.created = Date.parse(value)
    else if (name === 'replaces') above.replaces = value
    if (line.startsWith('#')) continue
    if (line !== '') found.set(line, above)
    above = {}
  }
  return found
}

/**
 * The lines of a new identity, which say whose place it takes: so a run that was broken off is known to have made it for that, and not
 * somebody for another repository.
 * @param text as age-keygen writes it, a secret
 */
export function successorText(text: string, old: string): string {
  return text.replace(/^(?=AGE-SECRET-KEY-)/m, `# replaces: ${old}\n`)
}

/** A key file with more lines at its end, in its own line ends. Both are secrets. */
export function appended(before: string, lines: string): string {
  const newline = newlineBefore(before, before.length)
  const gap = before === '' || before.endsWith('\n') ? '' : newline
  return `${before}${gap}${lines.replaceAll('\n', newline)}`
}
