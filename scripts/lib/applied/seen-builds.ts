import {
  builtDirectory,
  commitOf,
  type GitRepository,
  idOf,
  type Kustomization,
  sourceIdOf,
} from '../cluster/flux-objects.ts'
import type { Repository } from '../git/git.ts'
import { fetchCommit } from '../git/git-objects.ts'
import type { Gap } from '../kustomize/gap.ts'
import { additionsOf } from '../repository/additions.ts'
import type { Build } from '../repository/builds.ts'
import type { Mapping } from '../yaml/values.ts'
import { type Revision, readRevision } from './revision.ts'
import { remotesFor } from './same-repository.ts'

/** What a Kustomization of a cluster builds at a revision. */
export interface SeenBuild {
  /** `namespace/name` */
  kustomization: string
  commit: string
  build: Build
  revision: Revision
}

/** Why it cannot be seen what a Kustomization builds. */
export type NotBuilt = { kustomization: string } & (
  | { code: 'no-repository' }
  | { code: 'source-kind'; kind: string }
  | { code: 'source-missing'; source: string }
  | { code: 'no-revision'; source: string }
  /** Nothing of its source. */
  | { code: 'not-applied' }
  /** Its artifact holds submodules or files of other sources. */
  | { code: 'source-composed'; source: string }
  | { code: 'other-repository'; source: string; url: string }
  /** It is from this repository, and could not be fetched. */
  | { code: 'not-fetched'; source: string; commit: string }
  | { code: 'not-followed'; gap: Gap }
)

/** Where the cluster and the repository meet. */
export interface SourcesAtHand {
  /** All GitRepositories of the cluster, as they are when they are asked for. */
  readonly sources: readonly GitRepository[]
  /** The one that the user stands in; `undefined` outside of one. */
  repository: Repository | undefined
}

/** Which revisions of a Kustomization are of interest. */
export type RevisionsOf = (kustomization: Kustomization, source: GitRepository) => (string | undefined)[]

/** The revisions that a Kustomization has applied, has tried, or finds in its source. */
export const allRevisions: RevisionsOf = ({ status }, source) => [
  status?.lastAppliedRevision,
  status?.lastAttemptedRevision,
  source.status?.artifact?.revision,
]

/** The revision that a Kustomization has applied. */
export const appliedRevision: RevisionsOf = ({ status }) => [status?.lastAppliedRevision]

/** The revision that a Kustomization has tried last; before it has tried any, the one that it finds in its source. */
export const triedRevision: RevisionsOf = ({ status }, source) => [
  status?.lastAttemptedRevision ?? source.status?.artifact?.revision,
]

/** The revision that a Kustomization is to apply: the one that it finds in its source; without one, the one that it has tried last. */
export const dueRevision: RevisionsOf = ({ status }, source) => [
  source.status?.artifact?.revision ?? status?.lastAttemptedRevision,
]

/** Finds out what Kustomizations build at their revisions. It remembers what it has read, for the next time that it is asked. */
export interface BuildFinder {
  find(
    kustomizations: readonly Kustomization[],
    revisionsOf: RevisionsOf,
  ): Promise<{ builds: SeenBuild[]; notBuilt: NotBuilt[] }>
  /** @returns one revision of a Kustomization; `undefined` where it cannot be seen */
  revisionAt(kustomization: Kustomization, revisionsOf: RevisionsOf): Promise<Revision | undefined>
}

/** @returns what reads commits from the object store, and fetches those that are missing there; each commit is read once */
export function makeBuildFinder(hand: SourcesAtHand): BuildFinder {
  const { repository } = hand
  const remotes = remembered(remotesFor, (source) => idOf(source))
  const fetched = remembered(
    async (source: GitRepository, at: Repository, commit: string) =>
      fetchCommit(at, commit, (await remotes(source, at)).all),
    (source, _, commit) => `${commit} ${idOf(source)}`,
  )
  const revisions = remembered(
    (source: GitRepository, at: Repository, commit: string) => readRevision(at, commit, source),
    (source, _, commit) => `${commit} ${idOf(source)}`,
  )

  /** The revisions of a Kustomization, and why some are not seen. */
  async function revisionsAt(kustomization: Kustomization, revisionsOf: RevisionsOf) {
    const found: { seen: Revision[]; notBuilt: NotBuilt[] } = { seen: [], notBuilt: [] }
    const not = (why: DistributiveOmit<NotBuilt, 'kustomization'>) => {
      found.notBuilt.push({ kustomization: idOf(kustomization), ...why } as NotBuilt)
      return found
    }
    const { kind } = kustomization.spec.sourceRef
    if (kind !== 'GitRepository') return not({ code: 'source-kind', kind })
    const source = sourceIdOf(kustomization)
    const object = hand.sources.find((candidate) => idOf(candidate) === source)
    if (!object) return not({ code: 'source-missing', source })
    if (object.spec.recurseSubmodules || object.spec.include?.length)
      return not({ code: 'source-composed', source })
    const commits = new Set(
      revisionsOf(kustomization, object).flatMap((revision) => commitOf(revision) ?? []),
    )
    if (commits.size === 0)
      return not(object.status?.artifact ? { code: 'not-applied' } : { code: 'no-revision', source })
    if (!repository) return not({ code: 'no-repository' })
    for (const commit of commits) {
      if (await fetched(object, repository, commit)) {
        found.seen.push(await revisions(object, repository, commit))
        continue
      }
      const { areSame } = await remotes(object, repository)
      not(
        areSame
          ? { code: 'not-fetched', source, commit }
          : { code: 'other-repository', source, url: object.spec.url },
      )
    }
    return found
  }

  async function buildsOf(kustomization: Kustomization, revisionsOf: RevisionsOf) {
    const id = idOf(kustomization)
    const { seen, notBuilt } = await revisionsAt(kustomization, revisionsOf)
    const directory = builtDirectory(kustomization)
    const builds = seen
      // where the commit does not have the path, Flux builds nothing
      .filter(({ tree }) => tree.directories.has(directory))
      .map((revision): SeenBuild => {
        const build = revision.builder.flux(directory, additionsOf(kustomization as unknown as Mapping, ''))
        return { kustomization: id, commit: revision.commit, build, revision }
      })
    const gaps = builds.flatMap(({ build }) => build.hidden)
    return {
      builds,
      notBuilt: [
        ...notBuilt,
        ...gaps.map((gap): NotBuilt => ({ kustomization: id, code: 'not-followed', gap })),
      ],
    }
  }

  return {
    async find(kustomizations, revisionsOf) {
      const all = await Promise.all(kustomizations.map((one) => buildsOf(one, revisionsOf)))
      return {
        builds: all.flatMap(({ builds }) => builds),
        notBuilt: all.flatMap(({ notBuilt }) => notBuilt),
      }
    },
    async revisionAt(kustomization, revisionsOf) {
      return (await revisionsAt(kustomization, revisionsOf)).seen[0]
    },
  }
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never

/** A function that works out each answer once. */
function remembered<Arguments extends unknown[], Answer>(
  work: (...args: Arguments) => Promise<Answer>,
  keyOf: (...args: Arguments) => string,
): (...args: Arguments) => Promise<Answer> {
  const known = new Map<string, Promise<Answer>>()
  return (...args) => {
    const key = keyOf(...args)
    const answer = known.get(key) ?? work(...args)
    known.set(key, answer)
    return answer
  }
}
