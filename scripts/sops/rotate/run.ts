import type { Code } from '../../findings/catalogue.ts'
import type { Finding } from '../../findings/finding.ts'
import { pathInRepository } from '../../lib/git/git.ts'
import { remotesOf } from '../../lib/git/git-objects.ts'
import type { Identity } from '../../lib/sops/age.ts'
import { type Behind, readBehind } from './behind.ts'
import { type ClusterJudgement, judgeCluster } from './clusters/judge.ts'
import { copiesBehind } from './clusters/keeper-behind.ts'
import type { JudgeOptions } from './clusters/proof.ts'
import { readRotationCluster } from './clusters/read.ts'
import type { RotationCluster } from './clusters/state.ts'
import { countPlace } from './count.ts'
import type { NextChoice, NextKey } from './key/next-key.ts'
import type { RotateOptions } from './options.ts'
import { rotationRefusal } from './refusal.ts'
import type { StageLog } from './reports/stage-log.ts'
import type { Departure, Rotation } from './rotation.ts'
import { countGitKeys, type GitKeys, readGitKeys, withoutGitKeys } from './stages/git-keys.ts'
import type { HeldCounts, PlaceCounts, Standing } from './standing.ts'
import { type FileState, fileStates } from './state/file-states.ts'
import type { PlaceName } from './state/places.ts'
import { readPlacesAgain, type Survey } from './survey.ts'

/** How a rotation stands: what was read, what it means, and what decides the next step. */
export interface Stand {
  survey: Survey
  states: readonly FileState[]
  /** What of the past could not be looked at. */
  unread: readonly Finding[]
  judgements: readonly ClusterJudgement[]
  standing: Standing
  behind: Behind
  gitKeys: GitKeys
}

/** One run in which a recipient goes. */
export interface DepartureRun {
  options: RotateOptions
  rotation: Departure
  stand: Stand
}

/** One run of a rotation. */
export interface RotationRun extends DepartureRun {
  rotation: Rotation
  /** The identity of the new recipient, or why it is not at hand. */
  next: NextChoice
  log: StageLog
}

/** Works out how a rotation stands. */
export async function readStand(survey: Survey, rotation: Departure, options: RotateOptions): Promise<Stand> {
  const { places, repository, clusters, ring } = survey
  const [all, behind, remotes] = await Promise.all([
    fileStates(places, rotation, repository),
    readBehind(repository, places),
    remotesOf(repository),
  ])
  const states = all.states.filter(({ file }) => isMeant(file, survey, options))
  const countAt = (name: PlaceName): PlaceCounts | undefined => {
    const place = places[name]
    const counts = place && countPlace(name, place, states, rotation, { isLimited: options.paths.length > 0 })
    const isCutOver = counts !== undefined && counts.oldOnly + counts.both === 0
    // what could get no new data key the user takes as it is
    return options.rewrap && isCutOver ? { ...counts, reWrapped: 0 } : counts
  }
  const judged = (all: readonly RotationCluster[]) =>
    all.map((cluster) => judgeCluster(cluster, rotation, judgeOptions(survey, options)))
  const isSeen = !options.noCluster && !survey.clusterError
  const gitKeys = await readGitKeys(
    places,
    isSeen ? clusters : undefined,
    rotation,
    ring.identities,
    repository,
  )
  const judgements = judged(clusters)
  const written = heldIn(judged(withoutGitKeys(clusters, gitKeys)))
  return {
    survey,
    states,
    unread: all.unread,
    judgements,
    behind,
    gitKeys,
    standing: {
      isLimited: options.paths.length > 0,
      tree: countAt('workingTree') ?? nothing,
      head: countAt('head') ?? nothing,
      tip: countAt('branch'),
      isUnpublished: remotes.size > 0 && places.unread.some(({ code }) => code === 'branch-unset'),
      isBehind: behind.isChanged,
      clusters: isSeen ? written : undefined,
      lateCopies: clusters.flatMap((cluster) => copiesBehind(cluster, rotation.old)).length,
      applied: withOld(heldIn(judgements)) - withOld(written),
      unproved: isSeen ? unprovedUsers(judgements).length : 0,
      inGit: countGitKeys(gitKeys, rotation, places),
    },
  }
}

/** Whether a file is below the paths that the user has named. */
function isMeant(file: string, { repository }: Survey, { paths, caller }: RotateOptions): boolean {
  const wanted = paths.map((path) => pathInRepository(repository, caller.cwd, path))
  return (
    wanted.length === 0 || wanted.some((path) => path === '.' || file === path || file.startsWith(`${path}/`))
  )
}

const nothing: PlaceCounts = { oldOnly: 0, both: 0, newOnly: 0, reWrapped: 0 }

/** How many key Secrets of all clusters hold which identity. */
function heldIn(judgements: readonly ClusterJudgement[]): HeldCounts {
  const all = judgements.flatMap(({ secrets }) =>
    secrets.flatMap(({ status, copyOf }) => (copyOf === undefined ? status : [])),
  )
  const count = (status: (typeof all)[number]) => all.filter((one) => one === status).length
  return { old: count('old'), both: count('both'), new: count('new') }
}

/** The Kustomizations whose key is not seen, of which nobody has said that they were looked at. */
export function unseenKeys(judgements: readonly ClusterJudgement[]): Finding[] {
  return unprovedUsers(judgements).filter(({ code }) => code === 'rotate-controller-key-unseen')
}

/** These, and the Kustomizations whose Secret holds neither identity, and so does not open their files. */
export function unprovedUsers(judgements: readonly ClusterJudgement[]): Finding[] {
  const codes: readonly Code[] = ['rotate-controller-key-unseen', 'rotate-other-secret']
  return judgements.flatMap(({ secretsProof }) =>
    secretsProof.findings.filter(({ code }) => codes.includes(code)),
  )
}

function withOld({ old, both }: HeldCounts): number {
  return old + both
}

/** What the judgement of a cluster needs besides it. */
export function judgeOptions({ places: { tip } }: Survey, { checked }: RotateOptions): JudgeOptions {
  return { checked, tip: tip?.commit === undefined ? undefined : { branch: tip.name, commit: tip.commit } }
}

/** The clusters as they are by now. */
export async function readClustersAgain({
  stand: { survey },
  options: { caller },
}: RotationRun): Promise<RotationCluster[]> {
  return Promise.all(
    survey.clusters.map(({ cluster, context }) =>
      readRotationCluster(cluster, context, survey.repository, caller),
    ),
  )
}

/** As things are after something was written. @param clusters as they are now */
export async function readStandAgain(
  { stand: { survey }, rotation, options }: RotationRun,
  clusters: readonly RotationCluster[] = survey.clusters,
): Promise<Stand> {
  const places = await readPlacesAgain(survey.repository, clusters, options)
  return readStand({ ...survey, clusters, places }, rotation, options)
}

/**
 * The identities at hand that are left once the old one is gone: the new one, and those that open with it what needs several key
 * groups. Secret.
 * @throws as `requireNext`
 */
export function identitiesLeft(run: RotationRun): Identity[] {
  const { identity } = requireNext(run)
  const gone = [run.rotation.old, identity.recipient]
  return [identity, ...run.stand.survey.ring.identities.filter(({ recipient }) => !gone.includes(recipient))]
}

/** The key of the new recipient. @throws UserError where it is not at hand */
export function requireNext(run: RotationRun): NextKey {
  const { next } = run
  if ('next' in next) return next.next
  throw rotationRefusal(next.refusals, run)
}
