import { chosen } from '../../../scripts/diagnosis/choice.ts'
import { diagnose } from '../../../scripts/diagnosis/diagnose.ts'
import type { Diagnosis } from '../../../scripts/diagnosis/diagnosis.ts'
import { type Evidence, gatherEvidence } from '../../../scripts/diagnosis/evidence.ts'
import { readSnapshot } from '../../../scripts/diagnosis/snapshot/read-snapshot.ts'
import type { Snapshot } from '../../../scripts/diagnosis/snapshot/snapshot.ts'
import { type Finding, worded } from '../../../scripts/findings/finding.ts'
import { openCluster } from '../../../scripts/lib/cluster/kubectl.ts'
import type { Identity } from '../../../scripts/lib/sops/age.ts'
import { type FluxCase, withCases } from './run-cases.ts'
import type { Flux } from './sandbox.ts'

/** What the doctor says of a case, the worst first. */
export interface DiagnosedCase {
  diagnoses: readonly Diagnosis[]
  /** The first of them. */
  headline: Finding | undefined
  /** What a person reads of that. */
  message: string
  fix: string
}

/** How somebody asks the doctor. */
export interface Asking {
  /** The key at hand. */
  identities?: readonly Identity[]
  /** Outside of any repository. */
  isOutside?: boolean
}

/** Runs `use` with what the doctor looks at, in the clone of `flux`. */
export async function withEvidence<T>(
  { clone: root, env }: Flux,
  use: (evidence: Evidence) => Promise<T>,
  { identities, isOutside = false }: Asking = {},
): Promise<T> {
  const { signal } = new AbortController()
  const cluster = openCluster(undefined, { env, signal, note: () => {} })
  try {
    const snapshot = await readSnapshot(cluster, undefined)
    const repository = isOutside ? undefined : { root, env, signal }
    return await use(gatherEvidence(snapshot, repository, identities, { env, signal }))
  } finally {
    await cluster.close()
  }
}

/** @returns all that the doctor finds in the clone of `flux` */
export async function diagnoseFlux(
  flux: Flux,
  asking?: Asking,
): Promise<{ diagnoses: Diagnosis[]; snapshot: Evidence['snapshot'] }> {
  const look = async (evidence: Evidence) => ({
    diagnoses: await diagnose(evidence),
    snapshot: evidence.snapshot,
  })
  return withEvidence(flux, look, asking)
}

/** What the doctor says of each case on the real Flux, by its name, as `flux:doctor NAME` does. */
export async function diagnoseCases(cases: readonly FluxCase[]): Promise<Map<string, DiagnosedCase>> {
  return withCases(cases, (flux) => diagnosedCases(flux, cases))
}

/** What the doctor says of each case, by its name, as long as the cases are there. */
export async function diagnosedCases(
  flux: Flux,
  cases: readonly FluxCase[],
  asking?: Asking,
): Promise<Map<string, DiagnosedCase>> {
  const { diagnoses, snapshot } = await diagnoseFlux(flux, asking)
  return ofCases(cases, diagnoses, snapshot)
}

/** What of all that the doctor finds it would say of each case, by its name. */
export function ofCases(
  cases: readonly FluxCase[],
  diagnoses: readonly Diagnosis[],
  snapshot: Snapshot,
): Map<string, DiagnosedCase> {
  return new Map(
    cases.map(({ name }) => {
      const own = diagnoses.filter(chosen([name], snapshot))
      const headline = own[0]?.finding
      const words = headline ? worded(headline) : { message: '', fix: '' }
      return [name, { diagnoses: own, headline, message: words.message, fix: words.fix }]
    }),
  )
}
