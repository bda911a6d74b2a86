import { type Finding, finding } from '../../../findings/finding.ts'
import { type KeySecretId, secretOf } from '../../../findings/key-secret.ts'
import { someOf } from '../../../findings/some-of.ts'
import type { GitRepository } from '../../../lib/cluster/flux-objects.ts'
import { exit, UserError } from '../../../lib/errors.ts'
import type { ProofReport } from '../../verify/report.ts'
import type { ClusterJudgement } from '../clusters/judge.ts'
import type { KeyUser, RotationCluster } from '../clusters/state.ts'
import type { RotateOptions } from '../options.ts'
import { sayFinding } from '../refusal.ts'
import type { RotationRun } from '../run.ts'

/** A key Secret of a cluster whose new identity is proved, and who decrypts with it. */
interface ToProve {
  cluster: RotationCluster
  id: KeySecretId
  users: readonly KeyUser[]
  /** The Kustomization that the user has chosen does not decrypt with it. */
  isThroughOthers: boolean
}

/**
 * Proves in each cluster, for each key Secret, that Flux decrypts what is encrypted to the new recipient alone, in the way that the
 * user has chosen.
 * @returns what was proved, in words
 * @throws UserError where it does not (exit 1), or could not be checked (exit 2)
 */
export async function proveValues(run: RotationRun): Promise<string> {
  const { options, stand } = run
  const wanted = stand.judgements.flatMap((judgement) => toProve(run, judgement))
  if (options.proof === 'read') return 'what arrives in the cluster was not looked at (--proof read)'
  for (const one of wanted) {
    if (one.isThroughOthers) sayFinding(throughOthers(one, options), run)
    await proveOne(run, one)
  }
  if (wanted.length === 0) return 'no Kustomization decrypts with it, so nothing could be looked at'
  const keys = wanted.length === 1 ? '' : ` with each of ${wanted.length} key Secrets`
  return `a test Secret encrypted to the new one alone arrived decrypted${keys}`
}

/** That a proof does not go through the Kustomization that the user has chosen. */
function throughOthers({ id, users }: ToProve, { kustomization = '' }: RotateOptions): Finding {
  const facts = {
    chosen: `kustomization ${kustomization}`,
    users: someOf(
      users.map((user) => user.id),
      3,
    ),
  }
  return finding('proof-through-others', { object: secretOf(id) }, facts)
}

/** What a proof that pushes nothing leaves unproved, a finding for each key Secret. */
export function notLookedAt(run: RotationRun): Finding[] {
  if (run.options.proof !== 'read') return []
  return run.stand.judgements
    .flatMap((judgement) => toProve(run, judgement))
    .map(({ users }) => finding('proof-by-reading', { object: `kustomization ${users[0]?.id}` }, {}))
}

/** The Secrets that hold the new identity, each once. */
function toProve({ stand, options }: RotationRun, { context, secrets }: ClusterJudgement): ToProve[] {
  const cluster = stand.survey.clusters.find((one) => one.context === context)
  if (!cluster) return []
  const { kustomization: chosen } = options
  const isChosen = ({ id }: KeyUser) =>
    chosen === undefined || id === chosen || id === `flux-system/${chosen}`
  return secrets.flatMap(({ namespace, name, status }) => {
    const secret = `${namespace}/${name}`
    const users = cluster.users.filter((user) => user.secret === secret && user.notSeen.length === 0)
    const meant = users.filter(isChosen)
    const isProved = status === 'both' || status === 'new'
    if (!isProved || users.length === 0) return []
    const isThroughOthers = meant.length === 0
    return [{ cluster, id: { namespace, name }, users: isThroughOthers ? users : meant, isThroughOthers }]
  })
}

/** Not every Kustomization can carry a test Secret: the first that can decides. */
async function proveOne(run: RotationRun, { users, cluster }: ToProve): Promise<void> {
  let last: UserError | undefined
  for (const user of users) {
    const { exitCode, lines } = await prove(run, cluster, user)
    if (exitCode === exit.done) return
    last = new UserError(lines.join('\n'), { exitCode: exitCode === exit.no ? exit.no : exit.notDone })
    if (exitCode === exit.no) break
  }
  if (last) throw last
}

async function prove(
  { options, rotation, stand }: RotationRun,
  { context }: RotationCluster,
  { id, kustomization, source }: KeyUser,
): Promise<ProofReport> {
  const { remote } = options
  // below it stands the line of the stage that this is a part of
  const caller = { ...options.caller, say: (line: string) => options.caller.say(`  ${line}`) }
  const timeout = `${Math.round(options.timeout / 1000)}s`
  const proof = { context, recipients: [rotation.next], remote, timeout, caller }
  if (options.proof === 'canary' && source) {
    const { proveByCanary } = await import('../proof/canary.ts')
    const { repository } = stand.survey
    return proveByCanary({ ...proof, kustomization, source: source as GitRepository, repository })
  }
  const { proveByRoundTrip } = await import('../proof/round-trip.ts')
  return proveByRoundTrip({ ...proof, kustomization: id })
}
