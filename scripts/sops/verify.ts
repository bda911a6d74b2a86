import type { Report } from '../lib/caller.ts'
import { openView } from '../lib/cluster/cluster-view.ts'
import { idOf } from '../lib/cluster/flux-objects.ts'
import { openCluster } from '../lib/cluster/kubectl.ts'
import { parseDuration } from '../lib/duration.ts'
import { CommandError, exit, Interrupted, UserError } from '../lib/errors.ts'
import { cleanUp } from './verify/clean-up.ts'
import { type Finding, Verdict } from './verify/findings/finding.ts'
import { makeRoundTrip } from './verify/round-trip.ts'
import type { Trip, VerifyOptions } from './verify/session.ts'
import { makeStages } from './verify/stages.ts'

/**
 * Proves on the real cluster that what is encrypted in the repository arrives decrypted: a Secret with a value of this run
 * is pushed, applied, compared, removed and pruned. It works in a temporary worktree on top of the remote branch, and
 * takes the Secret off the branch again whatever happens.
 *
 * @returns exit code 0: proved; 1: a stage failed; 2: it could not be checked. Never prints a value of a Secret.
 */
export async function verify(options: VerifyOptions): Promise<Report> {
  const timeout = parseDuration(options.timeout, 'timeout')
  const cluster = openCluster(options.context, options.caller)
  const trip: Trip = {
    options,
    cluster,
    stages: makeStages(options.caller),
    findings: [],
    view: openView(cluster),
    deadline: Date.now() + timeout,
  }
  let error: unknown
  let cleanedUp = false
  try {
    await makeRoundTrip(trip)
  } catch (caught) {
    error = caught
  } finally {
    cleanedUp = await cleanUp(trip)
    await Promise.all([trip.view.close().then(cluster.close), trip.branch?.close()])
  }
  if (error !== undefined && !(error instanceof UserError)) throw error
  return report(trip, error, cleanedUp)
}

function report(trip: Trip, error: UserError | undefined, cleanedUp: boolean): Report {
  const { target, stages, findings } = trip
  if (error) findings.unshift(findingOf(error, trip))
  const exitCode = error ? exitCodeOf(error, trip) : cleanedUp ? exit.done : exit.no
  const stage = stages.all().find(({ status }) => status === 'failed')
  return {
    exitCode,
    lines: [...findings.flatMap(describe), verdict(exitCode, stage?.name)],
    json: {
      result: ['passed', 'failed', 'unknown'][exitCode],
      context: trip.context,
      kustomization: target ? idOf(target.kustomization) : trip.options.kustomization,
      revision: target && trip.created ? `${target.branch}@sha1:${trip.created}` : undefined,
      secret: trip.secret,
      stages: stages.all(),
      findings,
      cleanedUp,
    },
  }
}

/** Git, a hook or the server refused: that is "no" once something was pushed, and "could not be checked" before. */
function exitCodeOf(error: UserError, { created }: Trip): number {
  if (error instanceof Verdict) return error.exitCode
  return created && error instanceof CommandError ? exit.no : exit.failed
}

function findingOf(error: UserError, { target, options }: Trip): Finding {
  if (error instanceof Verdict) return error.finding
  const object = `kustomization ${target ? idOf(target.kustomization) : options.kustomization}`
  const code = error instanceof Interrupted ? 'interrupted' : 'not-checked'
  return { code, object, message: error.message, fix: error.hint ?? 'see the message' }
}

function describe({ object, message, fix }: Finding): string[] {
  return [`${object}: ${message.replaceAll('\n', '\n  ')}`, `  fix: ${fix}`]
}

function verdict(exitCode: number, stage: string | undefined): string {
  if (exitCode === exit.done)
    return 'proved: what is encrypted in the repository arrives decrypted in the cluster, and goes when it is removed'
  return exitCode === exit.no
    ? `failed${stage ? ` at ${stage}` : ''}`
    : `could not be checked${stage ? `: ended at ${stage}` : ''}`
}
