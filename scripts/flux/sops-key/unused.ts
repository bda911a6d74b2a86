import { type KeySecret, recipientsOf } from '../../lib/cluster/key-secret.ts'
import type { Identity } from '../../lib/sops/age.ts'
import type { WorkingTree } from './working-tree.ts'

/**
 * Looks for identities that are new in a cluster, open no file of the repository and are in no creation rule.
 * @param lives what the Secrets that get the key hold now
 * @returns their recipients
 */
export async function findUnusedIdentities(
  lives: readonly KeySecret[],
  identities: readonly Identity[],
  tree: WorkingTree | undefined,
): Promise<string[]> {
  const known = lives.map(({ ageEntries }) => recipientsOf(ageEntries))
  const added = identities
    .map(({ recipient }) => recipient)
    .filter((recipient) => !known.every((held) => held.includes(recipient)))
  if (added.length === 0 || !tree) return []
  const used = await tree.recipients()
  return added.filter((recipient) => !used.has(recipient))
}
