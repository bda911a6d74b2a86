import type { FluxUse } from '../../lib/applied/flux-use.ts'
import type { Kept } from '../../lib/applied/kept.ts'
import { type NamedGroups, provenGroups } from '../../lib/applied/proven.ts'
import { readSecretUse, type SecretUse } from '../../lib/applied/secret-use.ts'
import { builtDirectory } from '../../lib/cluster/flux-objects.ts'
import type { KeySecret } from '../../lib/cluster/key-secret.ts'
import type { Identity } from '../../lib/sops/age.ts'
import type { EncryptedFile } from '../../lib/sops/encrypted-files.ts'
import { changeOf, type KeyChange, loses, opens, takesOut } from './change.ts'
import { findOutage, type Outage } from './outage.ts'
import type { SecretPlan } from './plan.ts'
import type { WorkingTree } from './working-tree.ts'
import { findWrongCluster, type WrongCluster } from './wrong-cluster.ts'

/** What would come of writing a Secret. Files are relative to the root. */
export interface Consequences {
  /** `undefined` where nobody is known to. */
  kept: Kept | undefined
  wrong: WrongCluster | undefined
  outage: Outage | undefined
  /** Whether an identity goes. */
  takesOut: boolean
  /** Files that the cluster builds and the Secret will not open; it does not now either. */
  notOpened: string[]
  /** Files of the working tree, not applied yet, that need an identity which goes. */
  willBeLost: string[]
}

/** What the consequences are taken from. */
export interface Grounds {
  /** The new ones. */
  identities: readonly Identity[]
  /** Whether the other age identities of the Secret go. */
  only: boolean
  /** `undefined` where the user may not read it. */
  use: FluxUse | undefined
  /** `undefined` outside of a repository. */
  tree: WorkingTree | undefined
}

/**
 * Finds what would come of a plan that changes the key.
 * @param live what the Secret holds now
 */
export async function consequencesOf(
  { namespace, manifest }: SecretPlan,
  live: KeySecret,
  { identities, only, use, tree: named }: Grounds,
): Promise<Omit<Consequences, 'kept'>> {
  const change = changeOf(live, identities, only)
  const prove = async <One extends NamedGroups>(files: readonly One[]) =>
    Promise.all(files.map(async (one) => ({ ...one, documents: await provenGroups(one, identities) })))
  const used = await readSecretUse(use, { namespace, name: manifest.metadata.name }, named?.repository)
  const applied = used && { ...used, files: await prove(used.files) }
  const tree = named && provenTree(named, prove)
  const around = { applied, mayList: use !== undefined, tree }
  const [wrong, outage, willBeLost] = await Promise.all([
    findWrongCluster(change, use, around),
    findOutage(change, around),
    applied && tree && takesOut(change) ? lostWhenPushed(change, applied, tree) : [],
  ])
  const files = applied?.files ?? []
  const notOpened = files.filter(({ documents }) => !opens(change, documents)).map(({ file }) => file)
  return { wrong, outage, takesOut: takesOut(change), notOpened: [...new Set(notOpened)], willBeLost }
}

/** A working tree whose files are proven, once. */
function provenTree(
  tree: WorkingTree,
  prove: (files: readonly EncryptedFile[]) => Promise<EncryptedFile[]>,
): WorkingTree {
  let files: Promise<EncryptedFile[]> | undefined
  return {
    ...tree,
    encryptedFiles() {
      files ??= tree.encryptedFiles().then(prove)
      return files
    },
  }
}

/** The files of the working tree that lie in the path of a Kustomization and are not applied. */
async function lostWhenPushed(
  change: KeyChange,
  { users, files }: SecretUse,
  tree: WorkingTree,
): Promise<string[]> {
  const applied = new Set(files.map(({ file }) => file))
  const directories = users.map(builtDirectory)
  const isBuilt = (file: string) =>
    directories.some((directory) => directory === '.' || file.startsWith(`${directory}/`))
  const here = await tree.encryptedFiles()
  return here
    .filter(({ file, documents }) => !applied.has(file) && isBuilt(file) && loses(change, documents))
    .map(({ file }) => file)
}
