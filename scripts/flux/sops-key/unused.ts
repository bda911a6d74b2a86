import { type KeySecret, recipientsOf } from '../../lib/cluster/key-secret.ts'
import type { Repository } from '../../lib/git.ts'
import type { Identity } from '../../lib/sops/age.ts'
import { recipientsInRules } from '../../lib/sops/creation-rules.ts'
import { findEncryptedFiles } from '../../lib/sops/encrypted-files.ts'
import { recipientsAmong } from '../../lib/sops/recipients.ts'

/** The age recipients of the files of a working tree, and those that its creation rules name. */
export async function recipientsOfRepository(repository: Repository): Promise<Set<string>> {
  const [files, rules] = await Promise.all([findEncryptedFiles(repository), recipientsInRules(repository)])
  return new Set([...rules, ...files.flatMap(({ documents }) => recipientsAmong(documents))])
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
  const used = await recipientsOfRepository(repository)
  return added.filter((recipient) => !used.has(recipient))
}
