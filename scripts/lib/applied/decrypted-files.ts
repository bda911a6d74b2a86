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
import { type KeyGroups, readKeyGroups } from '../sops/recipients.ts'
import type { Mapping } from '../yaml/values.ts'
import { type Revision, readRevision } from './revision.ts'
import { remotesFor } from './same-repository.ts'

/** A file that a Kustomization of a cluster builds and decrypts. */
export interface DecryptedFile {
  /** Relative to the root of the repository. */
  file: string
  commit: string
  /** `namespace/name` */
  kustomization: string
  /** The key groups of each of its documents. */
  documents: KeyGroups[]
  /** What is in it. */
  text(): string
}

/** Why it cannot be seen which files a Kustomization decrypts. */
export type NotSeen = { kustomization: string } & (
  | { code: 'no-repository' }
  | { code: 'source-kind'; kind: string }
  | { code: 'source-missing'; source: string }
  | { code: 'no-revision'; source: string }
  /** Its artifact holds submodules or files of other sources. */
  | { code: 'source-composed'; source: string }
  | { code: 'other-repository'; source: string; url: string }
  /** It is from this repository, and could not be fetched. */
  | { code: 'not-fetched'; source: string; commit: string }
  | { code: 'not-followed'; gap: Gap }
  /** A SOPS file inside of a value, for example. */
  | { code: 'recipients-not-read'; file: string }
)

/** What a cluster decrypts. */
export interface Decrypted {
  files: DecryptedFile[]
  /** What is not known, which is never nothing. */
  notSeen: NotSeen[]
}

/**
 * Finds the files that Kustomizations of a cluster build and decrypt, at each revision that they have applied, have tried, or
 * are about to apply. It reads commits from the object store, and fetches those that are missing there.
 * @param kustomizations as the cluster has them
 * @param sources all GitRepositories of the cluster
 * @param repository that the user stands in; `undefined` outside of one
 */
export async function findDecryptedFiles(
  kustomizations: readonly Kustomization[],
  sources: readonly GitRepository[],
  repository: Repository | undefined,
): Promise<Decrypted> {
  const revisions = new Map<string, Promise<Revision>>()
  const revisionAt = (commit: string, at: Repository, source: GitRepository) => {
    const id = `${commit} ${idOf(source)}`
    const known = revisions.get(id) ?? readRevision(at, commit, source)
    revisions.set(id, known)
    return known
  }
  const found = await Promise.all(
    kustomizations.map((kustomization) => decryptedBy(kustomization, sources, repository, revisionAt)),
  )
  return { files: found.flatMap(({ files }) => files), notSeen: found.flatMap(({ notSeen }) => notSeen) }
}

async function decryptedBy(
  kustomization: Kustomization,
  sources: readonly GitRepository[],
  repository: Repository | undefined,
  revisionAt: (commit: string, repository: Repository, source: GitRepository) => Promise<Revision>,
): Promise<Decrypted> {
  const id = idOf(kustomization)
  const nothing = (why: DistributiveOmit<NotSeen, 'kustomization'>) => ({
    files: [],
    notSeen: [{ kustomization: id, ...why } as NotSeen],
  })
  const { kind } = kustomization.spec.sourceRef
  if (kind !== 'GitRepository') return nothing({ code: 'source-kind', kind })
  const source = sourceIdOf(kustomization)
  const object = sources.find((candidate) => idOf(candidate) === source)
  if (!object) return nothing({ code: 'source-missing', source })
  if (object.spec.recurseSubmodules || object.spec.include?.length)
    return nothing({ code: 'source-composed', source })
  const commits = commitsOf(kustomization, object)
  if (commits.length === 0) return nothing({ code: 'no-revision', source })
  if (!repository) return nothing({ code: 'no-repository' })
  const remotes = await remotesFor(object, repository)
  const decrypted: Decrypted = { files: [], notSeen: [] }
  for (const commit of commits) {
    if (!(await fetchCommit(repository, commit, remotes.all))) {
      const why = remotes.areSame
        ? ({ code: 'not-fetched', source, commit } as const)
        : ({ code: 'other-repository', source, url: object.spec.url } as const)
      decrypted.notSeen.push({ kustomization: id, ...why })
      continue
    }
    const revision = await revisionAt(commit, repository, object)
    const { files, gaps } = await filesAt(kustomization, revision)
    for (const gap of gaps) decrypted.notSeen.push({ kustomization: id, code: 'not-followed', gap })
    for (const { file, documents, text } of files)
      if (documents) decrypted.files.push({ file, documents, text, commit, kustomization: id })
      else decrypted.notSeen.push({ kustomization: id, code: 'recipients-not-read', file })
  }
  return decrypted
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never

/** The commits that a Kustomization has applied, has tried, or finds in its source. */
function commitsOf({ status }: Kustomization, source: GitRepository): string[] {
  const revisions = [
    status?.lastAppliedRevision,
    status?.lastAttemptedRevision,
    source.status?.artifact?.revision,
  ]
  return [...new Set(revisions.flatMap((revision) => commitOf(revision) ?? []))]
}

/** The encrypted files in the build of a path; none where the commit does not have the path, so that Flux builds nothing. */
async function filesAt(
  kustomization: Kustomization,
  { tree, builder, textOf }: Revision,
): Promise<{
  files: (Pick<DecryptedFile, 'file' | 'text'> & { documents: KeyGroups[] | undefined })[]
  gaps: readonly Gap[]
}> {
  const directory = builtDirectory(kustomization)
  if (!tree.directories.has(directory)) return { files: [], gaps: [] }
  const value = kustomization as unknown as Mapping
  const { encrypted, hidden } = builder.flux(directory, additionsOf(value, ''))
  const files = await Promise.all(
    [...encrypted].map(async (file) => {
      const text = () => textOf(file)
      return { file, documents: await readKeyGroups(text()), text }
    }),
  )
  return { files, gaps: hidden }
}
