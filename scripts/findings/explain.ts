import { type Code, catalogue } from './catalogue.ts'
import type { Entry } from './entry.ts'

/** Where a code is described, relative to the root of this project. */
export function helpOf(code: Code): string {
  return `docs/findings.md#${code}`
}

/** A text of an entry for people who have no finding before them: `{oldName}` is `OLD-NAME`. */
export function generalized(text: string): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => name.replace(/(?=[A-Z])/g, '-').toUpperCase())
}

/** How bad a code is, what it means, what to do, and where the rule is from: a paragraph each, plain and good Markdown as well. */
export function explainCode(code: Code): string[] {
  const { severity, seen, means, fix, source }: Entry = catalogue[code]
  return [`${severity}: ${generalized(seen)}`, means, `What to do: ${generalized(fix)}`, `Source: ${source}`]
}
