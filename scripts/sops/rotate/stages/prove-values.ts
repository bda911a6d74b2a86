import { type Finding, finding } from '../../../findings/finding.ts'
import { type KeySecretId, secretOf } from '../../../findings/key-secret.ts'
import { someOf } from '../../../findings/some-of.ts'
import type { GitRepository } from '../../../lib/cluster/flux-objects.ts'
import { exit, UserError } from '../../../lib/errors.ts'
import { whyNoCarrier } from '../../verify/checks/carrier.ts'
import type { ProofReport } from '../../verify/report.ts'
import type { ClusterJudgement, HeldStatus } from '../clusters/judge.ts'
import type { KeyUser, RotationCluster } from '../clusters/state.ts'
import type { RotateOptions } from '../options.ts'
import type { AskedRights } from '../proof/canary/rights.ts'
import { refuseFor, sayFinding } from '../refusal.ts'
import type { RotationRun } from '../run.ts'

/** A key Secret of a cluster whose new identity is proved, and who decrypts with it. */
interface ToProve {
  cluster: RotationCluster
  id: KeySecretId
  users: readonly KeyUser[]
  /** Those of them that the proof may go through; none: it is proved by reading alone. */
  carriers: readonly KeyUser[]
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
  if (options.proof === 'read') return 'what arrives in the cluster was not looked at (--proof read)'
  const wanted = stand.judgements.flatMap((judgement) => toProve(run, judgement))
  const [carried, uncarried] = [true, false].map((is) =>
    wanted.filter(({ carriers }) => carriers.length > 0 === is),
  ) as [ToProve[], ToProve[]]
  for (const one of uncarried) sayFinding(withoutCarrier(one, options), run)
  for (const one of carried) {
    if (one.isThroughOthers) sayFinding(throughOthers(one, options), run)
    await proveOne(run, one)
  }
  if (wanted.length === 0) return 'no Kustomization decrypts with it, so nothing could be looked at'
  if (carried.length === 0)
    return 'no Kustomization that decrypts with it is seen, so nothing could be looked at'
  const count = uncarried.length === 0 ? 'each' : `${carried.length}`
  const keys = wanted.length === 1 ? '' : ` with ${count} of ${wanted.length} key Secrets`
  return `a test Secret encrypted to the new one alone arrived decrypted${keys}`
}

/** That nothing is pushed for a key Secret, and why. */
function withoutCarrier({ id, users }: ToProve, options: RotateOptions): Finding {
  const why = users.map((user) => `${user.id} ${whyNoProof(user, options)}`)
  return finding('proof-without-carrier', { object: secretOf(id) }, { users: someOf(why, 3) })
}

/** Why a proof cannot go through a Kustomization; `undefined` where it can. A canary has one of its own. */
function whyNoProof(
  { kustomization, source, notSeen }: KeyUser,
  { proof }: RotateOptions,
): string | undefined {
  if (notSeen.length > 0) return 'has files that are not seen'
  return proof === 'canary' && source ? undefined : whyNoCarrier(kustomization, source as GitRepository)
}

/** That a proof does not go through the Kustomization that the user has chosen. */
function throughOthers({ id, carriers }: ToProve, { kustomization = '' }: RotateOptions): Finding {
  const facts = {
    chosen: `kustomization ${kustomization}`,
    users: someOf(
      carriers.map((user) => user.id),
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

/**
 * Sees to it that the user has what a canary needs, for each key Secret that is going to be proved by one, before anything is written.
 * @throws UserError (exit 2) where a right is missing; KubectlError
 */
export async function requireProofRights(run: RotationRun): Promise<void> {
  const { options, stand } = run
  if (options.proof !== 'canary' || stand.survey.clusterError) return
  const { lackingRights } = await import('../proof/canary/rights.ts')
  const found: Finding[] = []
  for (const judgement of stand.judgements) {
    const asked: AskedRights = new Map()
    for (const { cluster, carriers } of toProve(run, judgement, ['old', 'both', 'new'])) {
      const lacking = await Promise.all(
        carriers.map(({ kustomization, source }) =>
          lackingRights(cluster.cluster, { kustomization, source: source as GitRepository }, asked),
        ),
      )
      // not every Kustomization can carry a canary, and one is enough
      const [first] = lacking
      if (first && lacking.every((one) => one !== undefined)) found.push(first)
    }
  }
  refuseFor(found, run, exit.notDone)
}

/**
 * The Secrets that hold the new identity, each once. Where not one of a cluster can be proved, it is tried all the same: that says why.
 * @param held what else they may hold
 */
function toProve(
  { stand, options }: RotationRun,
  { context, secrets }: ClusterJudgement,
  held: readonly HeldStatus[] = ['both', 'new'],
): ToProve[] {
  const cluster = stand.survey.clusters.find((one) => one.context === context)
  if (!cluster) return []
  const { kustomization: chosen } = options
  const isChosen = ({ id }: KeyUser) => id === chosen || id === `flux-system/${chosen}`
  const found = secrets.flatMap(({ namespace, name, status }) => {
    const secret = `${namespace}/${name}`
    const users = cluster.users.filter((user) => user.secret === secret)
    if (!held.includes(status) || users.length === 0) return []
    const seen = users.filter(({ notSeen }) => notSeen.length === 0)
    const meant = chosen === undefined ? [] : seen.filter(isChosen)
    const able = seen.filter((user) => whyNoProof(user, options) === undefined)
    const isThroughOthers = chosen !== undefined && meant.length === 0
    const carriers = meant.length > 0 ? meant : able
    return [{ cluster, id: { namespace, name }, users, seen, carriers, isThroughOthers }]
  })
  const isLost = found.every(({ carriers }) => carriers.length === 0)
  return isLost ? found.map((one) => ({ ...one, carriers: one.seen })) : found
}

/** The first that can be tried decides. */
async function proveOne(run: RotationRun, { carriers, cluster }: ToProve): Promise<void> {
  let last: UserError | undefined
  for (const user of carriers) {
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
