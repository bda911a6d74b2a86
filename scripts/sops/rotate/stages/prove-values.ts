import { exit, UserError } from '../../../lib/errors.ts'
import type { ClusterJudgement } from '../clusters/judge.ts'
import type { RotationRun } from '../run.ts'

/** A key Secret of a cluster whose new identity is proved, and the Kustomizations that the proof can go through. */
interface ToProve {
  context: string
  secret: string
  kustomizations: readonly string[]
}

/**
 * Proves in each cluster, for each key Secret, that Flux decrypts what is encrypted to the new recipient alone.
 * @returns what was proved, in words
 * @throws UserError where it does not (exit 1), or could not be checked (exit 2)
 */
export async function proveValues(run: RotationRun): Promise<string> {
  const { options } = run
  if (options.proof === 'read') return 'the value in the cluster was not looked at'
  const wanted = run.stand.judgements.flatMap((judgement) => toProve(run, judgement))
  for (const one of wanted) await proveOne(run, one)
  return `a Secret that only it opens arrived decrypted (${wanted.map(({ context, secret }) => `${secret} in ${context}`).join(', ')})`
}

/** The Secrets that hold the new identity, each once, with who decrypts with it. */
function toProve({ stand, options }: RotationRun, { context, secrets }: ClusterJudgement): ToProve[] {
  const state = stand.survey.clusters.find((cluster) => cluster.context === context)
  return secrets.flatMap(({ namespace, name, status }) => {
    const secret = `${namespace}/${name}`
    const users = (state?.users ?? []).filter((user) => user.secret === secret && user.notSeen.length === 0)
    const chosen = options.kustomization
    const kustomizations = users
      .filter(({ id }) => chosen === undefined || id === chosen || id === `flux-system/${chosen}`)
      .map(({ id }) => id)
    const isProved = status === 'both' || status === 'new'
    return isProved && kustomizations.length > 0 ? [{ context, secret, kustomizations }] : []
  })
}

async function proveOne(run: RotationRun, { context, kustomizations }: ToProve): Promise<void> {
  const { options, rotation } = run
  const { proveByRoundTrip } = await import('../proof/round-trip.ts')
  let last: UserError | undefined
  for (const kustomization of kustomizations) {
    const report = await proveByRoundTrip({
      context,
      kustomization,
      recipients: [rotation.next],
      remote: options.remote,
      timeout: `${Math.round(options.timeout / 1000)}s`,
      caller: options.caller,
    })
    if (report.exitCode === exit.done) return
    last = new UserError(report.lines.join('\n'), {
      exitCode: report.exitCode === exit.no ? exit.no : exit.notDone,
    })
    if (report.exitCode === exit.no) throw last
  }
  if (last) throw last
}
