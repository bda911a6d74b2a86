import { builtDirectory, commitOf, type Kustomization } from '../cluster/flux-objects.ts'
import type { Repository } from '../git/git.ts'
import { filesOfCommit, hasCommit, readBlobs, searchCommit } from '../git/git-objects.ts'
import { holdsObject } from '../sops/format.ts'
import { parseDocuments } from '../yaml/documents.ts'
import { textAt } from '../yaml/values.ts'

/**
 * Finds where a repository declares a Secret that a Kustomization has applied.
 * @param name of the Secret
 * @returns files of the applied revision, relative to the root; those in the path of the Kustomization where there are some, and
 *   none where the revision is not in this repository
 */
export async function secretDeclaredIn(
  kustomization: Kustomization,
  name: string,
  repository: Repository,
): Promise<string[]> {
  const commit = commitOf(kustomization.status?.lastAppliedRevision)
  if (!commit || !(await hasCommit(repository, commit))) return []
  const [found, blobs] = await Promise.all([
    searchCommit(repository, commit, [name]),
    filesOfCommit(repository, commit),
  ])
  const manifests = found.filter((file) => /\.(ya?ml|json)$/.test(file) && blobs.has(file))
  const texts = await readBlobs(
    repository,
    manifests.map((file) => blobs.get(file)!),
  )
  const secret = { kind: 'Secret', name }
  const declaring = manifests.filter((file) => declares(texts.get(blobs.get(file)!) ?? '', secret))
  const directory = builtDirectory(kustomization)
  const inPath = declaring.filter((file) => directory === '.' || file.startsWith(`${directory}/`))
  return inPath.length > 0 ? inPath : declaring
}

/** An object, in whatever namespace. */
export interface NamedObject {
  kind: string
  name: string
}

/** Whether a text of manifests declares an object; where it cannot be parsed it is enough that it has the kind and the name. */
export function declares(text: string, { kind, name }: NamedObject): boolean {
  return (
    holdsObject(text, kind, name) &&
    parseDocuments(text).some(
      ({ value, problem }) =>
        problem !== undefined ||
        (textAt(value, 'kind') === kind && textAt(value, 'metadata', 'name') === name),
    )
  )
}
