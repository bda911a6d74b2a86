import { markFindings } from '../../findings/fingerprint.ts'
import { asJson, type JsonFinding } from '../../findings/render/json.ts'
import type { Diagnosis } from '../diagnosis.ts'
import { withContext } from './with-context.ts'

/** A diagnosis as docs/findings.schema.json describes it. */
export interface JsonDiagnosis extends JsonFinding {
  stops: readonly string[]
}

/** Diagnoses for programs. @param context that was named; `undefined`: the current one */
export function diagnosesAsJson(
  diagnoses: readonly Diagnosis[],
  context: string | undefined,
): JsonDiagnosis[] {
  const marked = markFindings(diagnoses.map(({ finding }) => finding))
  return marked.map((found, index) => {
    const json = asJson(found)
    return { ...json, fix: withContext(json.fix, context), stops: diagnoses[index]?.stops ?? [] }
  })
}
