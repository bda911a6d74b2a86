import { type Finding, finding, worded } from '../../../findings/finding.ts'
import type { Caller } from '../../../lib/caller.ts'
import type { ProofReport } from '../../verify/report.ts'
import { verifyByRoundTrip } from '../../verify.ts'

/** What a value is proved with. */
export interface RoundTripProof {
  /** Of the kubeconfig; the current one where `undefined`. */
  context: string | undefined
  /** Whose key is proved, `namespace/name`. */
  kustomization: string
  /** The test Secret is encrypted to these alone. */
  recipients: readonly string[]
  /** Name or URL of the remote that Flux follows. */
  remote: string
  /** How long the cluster may take for everything, as `5m`. */
  timeout: string
  caller: Caller
}

/** Where a branch does not take the commits of a proof. */
const refusals: readonly string[] = ['protected-branch', 'no-push-right', 'push-refused']

/**
 * Proves that Flux decrypts what is encrypted to these recipients alone, as `sops:verify` does: two commits on the branch that
 * Flux follows.
 * @returns exit code 0: proved; 1: it does not; 2: it could not be checked. Where the branch takes no push, a finding names the
 *   other ways.
 */
export async function proveByRoundTrip(options: RoundTripProof): Promise<ProofReport> {
  const whole = {
    ...options,
    namespace: 'default',
    fileName: undefined,
    takeOver: false,
    evidence: undefined,
  }
  const report = await verifyByRoundTrip(whole)
  const { findings } = report.json
  const refused = findings.find(({ code }) => refusals.includes(code))
  if (!refused) return { ...report, json: { way: 'verify', ...report.json } }
  const other = shownFinding(finding('proof-other-way', { object: 'sops:rotate --proof verify' }, {}))
  return {
    ...report,
    lines: [...report.lines, `${other.object}: ${other.message}`, `  hint: ${other.fix}`],
    json: { way: 'verify', ...report.json, findings: [...findings, other] },
  }
}

/** A finding as the documents of proofs have it. */
export function shownFinding(found: Finding): ProofReport['json']['findings'][number] {
  const { message, fix } = worded(found)
  return { code: found.code, object: `${found.object}`, message, fix }
}
