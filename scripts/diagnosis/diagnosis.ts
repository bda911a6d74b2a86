import type { Finding } from '../findings/finding.ts'

/** Something that is wrong in a cluster, with what it stops. */
export interface Diagnosis {
  finding: Finding
  /** The Kustomizations that it concerns, and those that wait for them, `namespace/name`. */
  stops: readonly string[]
}

/** The same finding for several Kustomizations is told once. */
export function joinDiagnoses(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  const alike = Map.groupBy(diagnoses, ({ finding: { said: _, ...rest } }) => JSON.stringify(rest))
  return [...alike.values()].flatMap((all) => {
    const [first] = all
    return first ? [{ ...first, stops: [...new Set(all.flatMap(({ stops }) => stops))] }] : []
  })
}
