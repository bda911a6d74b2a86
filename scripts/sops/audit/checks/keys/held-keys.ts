import { privateKeysIn, recipientOf } from '../../../../lib/sops/private-keys.ts'
import { recipientsOfStanzas } from '../../../../lib/sops/recipients.ts'
import type { SopsFile, Subject } from '../../subject.ts'

/** A private key where it was found, by its public key. */
export interface HeldKey {
  recipient: string
  /** Where in the text. */
  offset: number
}

/** The private keys of age in a text, each once. */
export async function keysHeldBy(text: string): Promise<HeldKey[]> {
  const found = new Map<string, number>()
  for (const { secret, offset } of await privateKeysIn(text)) {
    const recipient = await recipientOf(secret)
    if (recipient && !found.has(recipient)) found.set(recipient, offset)
  }
  return [...found].map(([recipient, offset]) => ({ recipient, offset }))
}

/** All that a repository encrypts to: the age recipients of its files and of its creation rules. */
export function recipientsInUse({ rules }: Subject, sopsFiles: readonly SopsFile[]): Set<string> {
  const ofRules = rules.files.flatMap((file) => (file.rules ?? []).flatMap(({ recipients }) => recipients))
  const groups = sopsFiles.flatMap(({ metadata }) => metadata?.groups ?? [])
  return new Set([...ofRules, ...recipientsOfStanzas(groups)])
}
