import { shellWord } from '../lib/paths.ts'

/** How bad a finding can be, the worst first: an error or a warning makes the answer no, a note is only to be known. */
export const severities = ['error', 'warning', 'note'] as const

/** How bad a finding is. */
export type Severity = (typeof severities)[number]

/**
 * What is known of everything that has one code. `seen` and `fix` may have the facts of a finding in braces, `{recipient}`: no
 * fact is a value of a Secret or a private key.
 */
export interface Entry {
  severity: Severity
  /** A sentence without capital and full stop: what was seen. */
  seen: string
  /** What it means for the cluster or the team, in one or two sentences. */
  means: string
  /** What to do, as an order without full stop; a command stands between backticks. */
  fix: string
  /** Where the rule is from: a document, a source file with its version, an issue. */
  source: string
}

/** The names of the facts in a text. */
type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never

/** The facts that a finding of an entry has to bring. */
export type FactsOf<One extends Entry> = Readonly<Record<NamesIn<One['seen']> | NamesIn<One['fix']>, string>>

/** What a person reads of an entry that was seen. */
export function seenOf<One extends Entry>(
  { seen }: One,
  facts: Readonly<Record<NamesIn<One['seen']>, string>>,
): string {
  return fill(seen, facts)
}

/** What a person is to do about an entry that was seen. */
export function fixOf<One extends Entry>(
  { fix }: One,
  facts: Readonly<Record<NamesIn<One['fix']>, string>>,
): string {
  return fillFix(fix, facts)
}

/** The facts that are names of files: anybody can give a file a name that a shell takes for a command. */
const filesAmongFacts: readonly string[] = ['file', 'renamed', 'ignoreLine']

/** What to do, with its facts; within backticks, as a command, the names of files are words of a shell. */
export function fillFix(fix: string, facts: Readonly<Record<string, string>>): string {
  const quoted = Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      filesAmongFacts.includes(name) ? shellWord(value) : value,
    ]),
  )
  const parts = fix.split('`')
  return parts.map((part, index) => fill(part, index % 2 === 1 ? quoted : facts)).join('`')
}

/** A text of an entry with its facts. */
export function fill(text: string, facts: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => facts[name] ?? all)
}
