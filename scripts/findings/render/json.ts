import type { Code } from '../catalogue.ts'
import type { Severity } from '../entry.ts'
import { helpOf } from '../explain.ts'
import { worded } from '../finding.ts'
import type { MarkedFinding } from '../fingerprint.ts'

/** A finding as docs/findings.schema.json describes it. What is not known is left out. */
export interface JsonFinding {
  code: Code
  severity: Severity
  object: string | undefined
  file: string | undefined
  line: number | undefined
  column: number | undefined
  message: string
  fix: string
  help: string
  fingerprint: string
}

/** A finding for programs. */
export function asJson(found: MarkedFinding): JsonFinding {
  const { code, object, file, line, column, fingerprint } = found
  const { severity, message, fix } = worded(found)
  return { code, severity, object, file, line, column, message, fix, help: helpOf(code), fingerprint }
}
