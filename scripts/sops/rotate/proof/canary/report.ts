import { type Finding, finding } from '../../../../findings/finding.ts'
import { idOf } from '../../../../lib/cluster/flux-objects.ts'
import { KubectlError } from '../../../../lib/cluster/kubectl-error.ts'
import { exit, type UserError } from '../../../../lib/errors.ts'
import { listRecipients } from '../../../../lib/sops/recipients.ts'
import { essenceOf, PushError } from '../../../verify/branch/push.ts'
import { Verdict } from '../../../verify/findings/verdict.ts'
import { findingOf, type ProofReport } from '../../../verify/report.ts'
import { resultFor } from '../../../verify/result.ts'
import { shownFinding } from '../round-trip.ts'
import type { CanaryProof, CanarySession } from './canary.ts'
import type { Canary } from './prepare.ts'
import { canaryForbidden } from './rights.ts'

/** How far a proof by a canary has come. Each part is missing until it has happened. */
export interface CanaryProgress {
  /** The name of the context. */
  context?: string
  /** `unsure`: a push was started, and its end was not seen. */
  pushed?: 'unsure' | 'done' | undefined
  /** The value was right. */
  isProved: boolean
}

/** What the proof says. @param end `left`: what is left of it where it has ended with an error */
export function canaryReport(
  { options, stages, findings: noted }: CanarySession,
  canary: Canary | undefined,
  {
    error,
    left,
    progress,
  }: { error: UserError | undefined; left: readonly Finding[]; progress: CanaryProgress },
): ProofReport {
  // what could not be removed at first may be gone by now
  const isOver = progress.isProved && error instanceof Verdict
  const decisive = error && !isOver ? errorFinding(error, options) : undefined
  const exitCode =
    left.length > 0
      ? exit.no
      : decisive
        ? error instanceof Verdict
          ? error.exitCode
          : exit.notDone
        : exit.done
  const findings = [...(decisive ? [decisive] : []), ...noted, ...left].map(shownFinding)
  const to = listRecipients(options.recipients)
  const own = idOf(options.kustomization)
  const verdict = progress.isProved
    ? `proved: with the key of kustomization ${own}, Flux decrypts what is encrypted to ${to} alone`
    : exitCode === exit.notDone
      ? 'could not be checked'
      : `failed: that Flux decrypts what is encrypted to ${to} alone was not seen`
  return {
    exitCode,
    lines: [
      ...findings.flatMap(({ object, message, fix }) => [
        `${object}: ${message.replaceAll('\n', '\n  ')}`,
        `  hint: ${fix}`,
      ]),
      verdict,
    ],
    json: {
      way: 'canary',
      result: resultFor(exitCode),
      context: progress.context,
      kustomization: own,
      branch: canary?.place.branch,
      secret: canary && `${canary.place.secret.namespace}/${canary.place.secret.name}`,
      recipients: options.recipients,
      stages: stages.all().filter(({ name }) => !unused.includes(name)),
      findings,
      cleanedUp: left.length === 0,
    },
  }
}

/** The stages of a round trip that a canary does not have: one stage removes it. */
const unused: readonly string[] = ['removal-applied', 'pruned']

function errorFinding(error: UserError, options: CanaryProof): Finding {
  if (error instanceof PushError && error.finding.code !== 'push-broken-off')
    return finding('canary-not-pushed', { object: error.finding.object }, { says: essenceOf(error.stderr) })
  if (error instanceof KubectlError && error.problem === 'forbidden')
    return canaryForbidden(options, error.message)
  return findingOf(error, idOf(options.kustomization), 'sops:rotate')
}
