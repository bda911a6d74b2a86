import { markFindings } from '../../findings/fingerprint.ts'
import { asJson, type JsonFinding } from '../../findings/render/json.ts'
import type { Diagnosis } from '../diagnosis.ts'

/** A diagnosis as docs/findings.schema.json describes it. */
export interface JsonDiagnosis extends JsonFinding {
  stops: readonly string[]
}

/** Diagnoses for programs. */
export function diagnosesAsJson(diagnoses: readonly Diagnosis[]): JsonDiagnosis[] {
  const marked = markFindings(diagnoses.map(({ finding }) => finding))
  return marked.map((found, index) => ({ ...asJson(found), stops: diagnoses[index]?.stops ?? [] }))
}
