import { ageDataKey, type KeySecret, recipientsOf } from '../../lib/cluster/key-secret.ts'
import type { Repository } from '../../lib/git.ts'
import type { Identity } from '../../lib/sops/age.ts'
import { recipientsInRules } from '../../lib/sops/creation-rules.ts'
import { findEncryptedFiles, isSparse } from '../../lib/sops/encrypted-files.ts'
import { canDecrypt } from '../../lib/sops/recipients.ts'

/** Why a key must not be replaced: files would be lost to Flux, or it cannot be seen whether. */
export type Outage =
  | { code: 'no-repository' }
  | { code: 'sparse-checkout' }
  /** `files`: relative to the root of the repository. */
  | { code: 'files-lost'; files: string[] }

/**
 * Looks for the files that Flux can decrypt now and could not decrypt with the new key.
 * @param live what the Secret holds now; its other data keys stay
 * @param identities the new ones
 * @param repository none: the task runs outside of one
 * @returns `undefined` where nothing is lost
 */
export async function findOutage(
  live: KeySecret,
  identities: readonly Identity[],
  repository: Repository | undefined,
): Promise<Outage | undefined> {
  const before = new Set(recipientsOf(live.ageEntries))
  const staying = recipientsOf(live.ageEntries.filter(({ dataKey }) => dataKey !== ageDataKey))
  const after = new Set([...staying, ...identities.map(({ recipient }) => recipient)])
  if (before.isSubsetOf(after)) return undefined
  if (!repository) return { code: 'no-repository' }
  if (await isSparse(repository)) return { code: 'sparse-checkout' }
  const others = live.otherDataKeys.length > 0
  const lost = (await findEncryptedFiles(repository)).filter(
    ({ groups }) => canDecrypt(groups, before, others) && !canDecrypt(groups, after, others),
  )
  return lost.length > 0 ? { code: 'files-lost', files: lost.map(({ file }) => file) } : undefined
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
