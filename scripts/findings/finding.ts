import { type Code, catalogue } from './catalogue.ts'
import { type Entry, type FactsOf, fill, fillFix, type Severity } from './entry.ts'

/** Where something was found. */
export interface FindingPlace {
  /** Relative to the root of the repository, with `/`. */
  file?: string | undefined
  /** From 1. */
  line?: number | undefined
  /** From 1, in UTF-16 units. */
  column?: number | undefined
  /** An object of a cluster or of a manifest: `kustomization flux-system/apps`. */
  object?: string | undefined
}

/** Something that was found. It holds no value of a Secret and no private key. */
export interface Finding extends FindingPlace {
  code: Code
  /** What the texts of its entry want to know. */
  facts: Readonly<Record<string, string>>
  /** What Flux says itself, of which the entry is the likely cause. */
  said?: string | undefined
  /** A sentence without capital and full stop: what has come of it in the cluster. */
  effect?: string | undefined
}

/** @returns a finding with all facts that the entry of its code names */
export function finding<One extends Code>(
  code: One,
  place: FindingPlace,
  facts: FactsOf<(typeof catalogue)[One]>,
): Finding {
  const { file, line, column, object } = place
  return { code, file, line, column, object, facts }
}

/**
 * What people read of a finding.
 * @param nameOf how its file is called in what is to be done; by its path from the root, where it is not given
 */
export function worded(
  { code, facts, said, effect }: Finding,
  nameOf = (file: string) => file,
): { severity: Severity; message: string; fix: string } {
  const { severity, seen, fix }: Entry = catalogue[code]
  const message = [fill(seen, facts), ...(effect === undefined ? [] : [effect])].join('\n')
  return {
    severity,
    message: said === undefined ? message : `${said}\nlikely cause: ${message}`,
    fix: fillFix(fix, renamed(facts, nameOf)),
  }
}

function renamed(facts: Finding['facts'], nameOf: (file: string) => string): Finding['facts'] {
  const called = ['file', 'renamed'].flatMap((name) => {
    const file = facts[name]
    return file === undefined ? [] : [[name, nameOf(file)]]
  })
  return { ...facts, ...Object.fromEntries(called) }
}

/** How bad a finding is. */
export function severityOf({ code }: Finding): Severity {
  const { severity }: Entry = catalogue[code]
  return severity
}
