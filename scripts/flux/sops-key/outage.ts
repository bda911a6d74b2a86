import { type Decrypted, findDecryptedFiles, type NotSeen } from '../../lib/applied/decrypted-files.ts'
import { type FluxUse, usersOf } from '../../lib/applied/flux-use.ts'
import { ageDataKey, type KeySecret, recipientsOf } from '../../lib/cluster/key-secret.ts'
import type { Repository } from '../../lib/git.ts'
import type { Identity } from '../../lib/sops/age.ts'
import { recipientsInRules } from '../../lib/sops/creation-rules.ts'
import { findEncryptedFiles, isSparse } from '../../lib/sops/encrypted-files.ts'
import { canDecrypt, type KeyGroup } from '../../lib/sops/recipients.ts'

/** Why a key must not be replaced: files would be lost to Flux, or it cannot be seen whether. Files are relative to the root. */
export type Outage =
  | { code: 'no-repository' }
  | { code: 'sparse-checkout' }
  /** Files of the repository, where the cluster does not say what it decrypts. */
  | { code: 'files-lost'; files: string[] }
  /** Files that the cluster has applied; `notPushed`: those that need the old key no more in the working tree. */
  | { code: 'applied-files-lost'; files: string[]; notPushed: string[] }
  | { code: 'not-seen'; notSeen: NotSeen[] }

/** What is known of those who use a key Secret. */
export interface KeyUsers {
  secret: { namespace: string; name: string }
  /** `undefined` where the user may not read it. */
  use: FluxUse | undefined
  /** `undefined` where the task runs outside of one. */
  repository: Repository | undefined
}

/**
 * Looks for the files that Flux can decrypt now and could not decrypt with the new key. The Kustomizations of the cluster that
 * use the Secret say which these are, at the revisions that they have applied; where none does, all of the working tree count.
 * @param live what the Secret holds now; its other data keys stay
 * @param identities the new ones
 * @returns `undefined` where nothing is lost
 */
export async function findOutage(
  live: KeySecret,
  identities: readonly Identity[],
  { secret, use, repository }: KeyUsers,
): Promise<Outage | undefined> {
  const before = new Set(recipientsOf(live.ageEntries))
  const staying = recipientsOf(live.ageEntries.filter(({ dataKey }) => dataKey !== ageDataKey))
  const after = new Set([...staying, ...identities.map(({ recipient }) => recipient)])
  if (before.isSubsetOf(after)) return undefined
  const others = live.otherDataKeys.length > 0
  const isLost = (groups: readonly KeyGroup[]) =>
    canDecrypt(groups, before, others) && !canDecrypt(groups, after, others)
  const users = use ? usersOf(use, secret) : []
  if (use && users.length > 0)
    return appliedOutage(await findDecryptedFiles(users, use.sources, repository), isLost, repository)
  if (!repository) return { code: 'no-repository' }
  if (await isSparse(repository)) return { code: 'sparse-checkout' }
  const files = (await findEncryptedFiles(repository)).filter(({ groups }) => isLost(groups))
  return files.length > 0 ? { code: 'files-lost', files: files.map(({ file }) => file) } : undefined
}

async function appliedOutage(
  { files, notSeen }: Decrypted,
  isLost: (groups: readonly KeyGroup[]) => boolean,
  repository: Repository | undefined,
): Promise<Outage | undefined> {
  const lost = [...new Set(files.filter(({ groups }) => isLost(groups)).map(({ file }) => file))].toSorted()
  if (lost.length > 0 && repository) {
    const here = await findEncryptedFiles(repository)
    const needsIt = (file: string) => here.some((one) => one.file === file && isLost(one.groups))
    return { code: 'applied-files-lost', files: lost, notPushed: lost.filter((file) => !needsIt(file)) }
  }
  return notSeen.length > 0 ? { code: 'not-seen', notSeen } : undefined
}

/**
 * Looks for identities that are new in a cluster, open no file of the repository and are in no creation rule.
 * @param lives what the Secrets that get the key hold now
 * @returns their recipients
 */
export async function findUnusedIdentities(
  lives: readonly KeySecret[],
  identities: readonly Identity[],
  repository: Repository | undefined,
): Promise<string[]> {
  const known = lives.map(({ ageEntries }) => recipientsOf(ageEntries))
  const added = identities
    .map(({ recipient }) => recipient)
    .filter((recipient) => !known.every((held) => held.includes(recipient)))
  if (added.length === 0 || !repository) return []
  const [files, rules] = await Promise.all([findEncryptedFiles(repository), recipientsInRules(repository)])
  const used = new Set([...rules, ...files.flatMap(({ groups }) => groups.flatMap(({ age }) => age))])
  return added.filter((recipient) => !used.has(recipient))
}
