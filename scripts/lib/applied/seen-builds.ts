import {
  builtDirectory,
  commitOf,
  type GitRepository,
  idOf,
  type Kustomization,
  sourceIdOf,
} from '../cluster/flux-objects.ts'
import type { Repository } from '../git.ts'
import { fetchCommit } from '../git-objects.ts'
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
  /** All GitRepositories of the cluster. */
  sources: readonly GitRepository[]
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

/** Finds out what Kustomizations build at their revisions. It remembers what it has read, for the next time that it is asked. */
export type BuildFinder = (
  kustomizations: readonly Kustomization[],
  revisionsOf: RevisionsOf,
) => Promise<{ builds: SeenBuild[]; notBuilt: NotBuilt[] }>

/** @returns what reads commits from the object store, and fetches those that are missing there; each commit is read once */
export function makeBuildFinder({ sources, repository }: SourcesAtHand): BuildFinder {
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

  async function buildsOf(kustomization: Kustomization, revisionsOf: RevisionsOf) {
    const id = idOf(kustomization)
    const found: { builds: SeenBuild[]; notBuilt: NotBuilt[] } = { builds: [], notBuilt: [] }
    const not = (why: DistributiveOmit<NotBuilt, 'kustomization'>) => {
      found.notBuilt.push({ kustomization: id, ...why } as NotBuilt)
      return found
    }
    const { kind } = kustomization.spec.sourceRef
    if (kind !== 'GitRepository') return not({ code: 'source-kind', kind })
    const source = sourceIdOf(kustomization)
    const object = sources.find((candidate) => idOf(candidate) === source)
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
      if (!(await fetched(object, repository, commit))) {
        const { areSame } = await remotes(object, repository)
        not(
          areSame
            ? { code: 'not-fetched', source, commit }
            : { code: 'other-repository', source, url: object.spec.url },
        )
        continue
      }
      const revision = await revisions(object, repository, commit)
      const { tree, builder } = revision
      const directory = builtDirectory(kustomization)
      // where the commit does not have the path, Flux builds nothing
      if (!tree.directories.has(directory)) continue
      const build = builder.flux(directory, additionsOf(kustomization as unknown as Mapping, ''))
      found.builds.push({ kustomization: id, commit, build, revision })
      for (const gap of build.hidden) not({ code: 'not-followed', gap })
    }
    return found
  }

  return async (kustomizations, revisionsOf) => {
    const all = await Promise.all(kustomizations.map((one) => buildsOf(one, revisionsOf)))
    return {
      builds: all.flatMap(({ builds }) => builds),
      notBuilt: all.flatMap(({ notBuilt }) => notBuilt),
    }
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
