import type { GitRepository, Kustomization } from '../cluster/flux-objects.ts'
import type { Repository } from '../git/git.ts'
import { type KeyGroups, readKeyGroups } from '../sops/recipients.ts'
import {
  allRevisions,
  type BuildFinder,
  makeBuildFinder,
  type NotBuilt,
  type SeenBuild,
} from './seen-builds.ts'

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
export type NotSeen =
  | NotBuilt
  /** A SOPS file inside of a value, for example. */
  | { kustomization: string; code: 'recipients-not-read'; file: string }

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
 * @param finder where one has read some of it already
 */
export async function findDecryptedFiles(
  kustomizations: readonly Kustomization[],
  sources: readonly GitRepository[],
  repository: Repository | undefined,
  finder: BuildFinder = makeBuildFinder({ sources, repository }),
): Promise<Decrypted> {
  const { builds, notBuilt } = await finder.find(kustomizations, allRevisions)
  const found = await Promise.all(builds.map(filesIn))
  return {
    files: found.flatMap(({ files }) => files),
    notSeen: [...notBuilt, ...found.flatMap(({ notSeen }) => notSeen)],
  }
}

/** The encrypted files in the build of a path. */
async function filesIn({ kustomization, commit, build, revision }: SeenBuild): Promise<Decrypted> {
  const decrypted: Decrypted = { files: [], notSeen: [] }
  for (const file of build.encrypted) {
    const text = () => revision.textOf(file)
    const documents = await readKeyGroups(text())
    if (documents) decrypted.files.push({ file, documents, text, commit, kustomization })
    else decrypted.notSeen.push({ kustomization, code: 'recipients-not-read', file })
  }
  return decrypted
}
