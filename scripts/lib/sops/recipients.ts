import { listAt, valueAt } from '../yaml/values.ts'
import { ciphertextStart } from './format.ts'

/** Who can decrypt a SOPS file. */
export interface KeyGroup {
  /** Age recipients, any of which can open this group. */
  age: string[]
  /** Whether a key that is not of age (PGP, a cloud KMS, Vault) can open it too. */
  others: boolean
}

/**
 * Reads from the metadata of a SOPS file of any format who can decrypt it.
 * @returns the key groups: usually one; of several, every one must be opened. `undefined` where the text is no SOPS file.
 */
export async function readKeyGroups(text: string): Promise<KeyGroup[] | undefined> {
  if (!text.includes(ciphertextStart)) return undefined
  const isSops = /^\s*["[]?sops(?:["\]]|:|_mac)/m.test(text)
  if (isSops && !/\bkey_groups\b/.test(text)) return [keyGroup(text)]
  const { parseDocuments } = await import('../yaml/documents.ts')
  // what is written on one line has it anywhere
  const blocks = parseDocuments(text).flatMap(({ value }) => valueAt(value, 'sops') ?? [])
  if (!isSops && blocks.length === 0) return undefined
  const groups = blocks.flatMap((block) => listAt(block, 'key_groups'))
  return groups.length > 0 ? groups.map((group) => keyGroup(JSON.stringify(group))) : [keyGroup(text)]
}

function keyGroup(text: string): KeyGroup {
  return {
    age: ageRecipients(text),
    others: /\b(fp|arn|resource_id|vault_url|vault_address)"?\s*[:=]/.test(text.replaceAll('__map_', ' ')),
  }
}

/** Every age recipient that a text names: a SOPS file, or a `.sops.yaml`. */
export function ageRecipients(text: string): string[] {
  return [...new Set(text.match(/\bage1[a-z0-9]{50,}\b/g))]
}

/**
 * Whether somebody can decrypt a file who has the private keys of `recipients`.
 * @param groups of the file
 * @param others whether they have keys that are not of age as well
 */
export function canDecrypt(
  groups: readonly KeyGroup[],
  recipients: ReadonlySet<string>,
  others: boolean,
): boolean {
  return groups.every(
    (group) => group.age.some((recipient) => recipients.has(recipient)) || (group.others && others),
  )
}
