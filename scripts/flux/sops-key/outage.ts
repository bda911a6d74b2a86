import type { NotSeen } from '../../lib/applied/decrypted-files.ts'
import type { SecretUse } from '../../lib/applied/secret-use.ts'
import { isSparse } from '../../lib/sops/encrypted-files.ts'
import type { KeyGroups } from '../../lib/sops/recipients.ts'
import { type KeyChange, loses, opens, takesOut } from './change.ts'
import type { WorkingTree } from './working-tree.ts'

/** A file that is in question: relative to the root, with what opens it. */
export interface FileInQuestion {
  file: string
  documents: KeyGroups[]
}

/** Why a key must not be replaced: files would be lost to Flux, or it cannot be seen whether. */
export type Outage =
  | { code: 'no-repository' }
  | { code: 'sparse-checkout' }
  /** The user may not list the Kustomizations of the cluster. */
  | { code: 'users-unseen' }
  /** Files of the repository, where the cluster does not say what it decrypts. */
  | { code: 'files-lost'; files: FileInQuestion[] }
  /** Files that the cluster has applied; `notPushed`: how many of them need the old key no more in the working tree. */
  | { code: 'applied-files-lost'; files: FileInQuestion[]; notPushed: number }
  | { code: 'files-unseen'; notSeen: NotSeen[] }
  /** Files that the cluster builds, none of which the Secret could open. */
  | { code: 'opens-nothing'; files: FileInQuestion[] }

/** What is known of those who use a key Secret. */
export interface SecretUsers {
  /** `undefined` where no Kustomization that can be seen uses it. */
  applied: SecretUse | undefined
  /** Whether the user may list the Kustomizations. */
  mayList: boolean
  /** `undefined` where the task runs outside of one. */
  tree: WorkingTree | undefined
}

/**
 * Looks for the files that Flux can decrypt now and could not decrypt after a change. The Kustomizations of the cluster that
 * use the Secret say which these are, at the revisions that they have applied; where none does, all of the working tree count.
 * @returns `undefined` where nothing is lost, and something can be opened where there is anything
 */
export async function findOutage(
  change: KeyChange,
  { applied, mayList, tree }: SecretUsers,
): Promise<Outage | undefined> {
  if (applied) {
    const lost = uniqueFiles(applied.files.filter(({ documents }) => loses(change, documents)))
    if (lost.length > 0)
      return { code: 'applied-files-lost', files: lost, notPushed: await cutOver(lost, change, tree) }
    if (takesOut(change) && applied.notSeen.length > 0)
      return { code: 'files-unseen', notSeen: applied.notSeen }
    const opensNothing =
      applied.files.length > 0 && !applied.files.some((one) => opens(change, one.documents))
    return opensNothing ? { code: 'opens-nothing', files: uniqueFiles(applied.files) } : undefined
  }
  if (!takesOut(change)) return undefined
  if (!tree) return { code: 'no-repository' }
  if (await isSparse(tree.repository)) return { code: 'sparse-checkout' }
  const files = (await tree.encryptedFiles()).filter(({ documents }) => loses(change, documents))
  if (files.length > 0) return { code: 'files-lost', files }
  return mayList ? undefined : { code: 'users-unseen' }
}

/** How many of the files need the old key no more as they are in the working tree. */
async function cutOver(
  files: readonly FileInQuestion[],
  change: KeyChange,
  tree: WorkingTree | undefined,
): Promise<number> {
  if (!tree) return 0
  const here = await tree.encryptedFiles()
  const needsIt = new Set(here.filter(({ documents }) => loses(change, documents)).map(({ file }) => file))
  return files.filter(({ file }) => !needsIt.has(file)).length
}

/** A file may be applied at several revisions, and by several Kustomizations. */
function uniqueFiles(files: readonly FileInQuestion[]): FileInQuestion[] {
  const byName = new Map(files.map((one) => [one.file, one]))
  return [...byName.values()].toSorted((one, other) => (one.file < other.file ? -1 : 1))
}
