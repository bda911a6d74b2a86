import { readControllers } from '../diagnosis/snapshot/read-snapshot.ts'
import type { Report } from '../lib/caller.ts'
import { openView } from '../lib/cluster/cluster-view.ts'
import { openCluster } from '../lib/cluster/kubectl.ts'
import { parseDuration } from '../lib/duration.ts'
import { UserError } from '../lib/errors.ts'
import { askDoctor, nothingSaid } from './verify/ask-doctor.ts'
import { clean, cleanUp } from './verify/clean-up.ts'
import { openEvidence } from './verify/evidence/evidence-file.ts'
import { roundTripEvidence } from './verify/evidence/round-trip-evidence.ts'
import { type ExistingOptions, verifyExisting } from './verify/existing.ts'
import { Verdict } from './verify/findings/verdict.ts'
import { prepare } from './verify/prepare.ts'
import type { Prepared } from './verify/prepare-secret.ts'
import { type ProofReport, verifyReport } from './verify/report.ts'
import { makeRoundTrip } from './verify/round-trip.ts'
import type { Progress, VerifyOptions } from './verify/session.ts'
import { makeStages } from './verify/stages.ts'

/** What the user wants: a round trip, or a look at what is there. */
export interface VerifyTaskOptions extends Omit<VerifyOptions, 'namespace' | 'recipients'>, ExistingOptions {
  existing: boolean
  /** As of `VerifyOptions`; none: the keys of the creation rule. */
  recipients: readonly string[]
}

/** Runs `sops:verify`. @throws UserError where the options do not fit, or nothing could be checked */
export async function verify(options: VerifyTaskOptions): Promise<Report> {
  if (options.existing) return verifyExisting(options)
  if (options.keyFile !== undefined)
    throw new UserError('--key-file goes with --existing: a round trip needs no private key', {
      hint: 'leave --key-file out, or give --existing',
    })
  return verifyByRoundTrip({
    ...options,
    namespace: options.namespace ?? 'default',
    recipients: options.recipients.length > 0 ? options.recipients : undefined,
  })
}

/**
 * Proves on the real cluster that what is encrypted in the repository arrives decrypted: a Secret with a value of this run
 * is pushed, applied, compared, removed and pruned. It works in a temporary worktree on top of the remote branch, and
 * takes the Secret off the branch and out of the cluster again whatever happens.
 *
 * @returns exit code 0: proved; 1: a stage failed; 2: it could not be checked. Never prints a value of a Secret.
 */
export async function verifyByRoundTrip(options: VerifyOptions): Promise<ProofReport> {
  const { caller } = options
  const started = new Date()
  const evidence = openEvidence(options.evidence, caller)
  const timeout = parseDuration(options.timeout, 'timeout')
  const cluster = openCluster(options.context, caller)
  const view = openView(cluster)
  const deadline = Date.now() + timeout
  const session = { options, cluster, view, deadline, stages: makeStages(caller), findings: [] }
  const progress: Progress = {}
  let prepared: Prepared | undefined
  let error: unknown
  try {
    prepared = await prepare(session, progress)
    await makeRoundTrip(session, prepared, progress)
  } catch (caught) {
    error = caught
  }
  try {
    // before the clean-up mends what only the test Secret has broken
    const doctor = error instanceof Verdict ? await askDoctor(session, progress) : nothingSaid
    const cleanedUp = error !== undefined && prepared ? await cleanUp(session, prepared, progress) : clean
    if (error !== undefined && !(error instanceof UserError)) throw error
    const report = verifyReport(session, progress, { error, doctor, cleanedUp })
    const controllers = options.evidence === undefined ? [] : await readControllers(cluster)
    return evidence.write(report, (result) =>
      roundTripEvidence(session, progress, { started, result, controllers, findings: report.json.findings }),
    )
  } finally {
    await Promise.all([view.close().then(cluster.close), prepared?.onBranch.branch.close()])
  }
}
