import type { Identity } from '../sops/age.ts'
import type { KeyGroups } from '../sops/recipients.ts'

/** A SOPS file with what its metadata says of who can open it. */
export interface NamedGroups {
  /** Its name tells the format. */
  file: string
  documents: KeyGroups[]
  text(): string
}

/**
 * What is known of who opens a file: a recipient whose identity is here, and does not open its stanza, opens nothing.
 * @param identities that are at hand
 * @returns the key groups without these recipients
 */
export async function provenGroups(
  { file, documents, text }: NamedGroups,
  identities: readonly Identity[],
): Promise<KeyGroups[]> {
  const isNamed = identities.some(({ recipient }) =>
    documents.some(({ groups }) => groups.some(({ age }) => age.includes(recipient))),
  )
  if (!isNamed) return documents
  const { openFile } = await import('../sops/reader/open-file.ts')
  const { faults } = await openFile(Buffer.from(text()), file, { identities })
  const damaged = new Set(faults.flatMap(({ recipient }) => recipient ?? []))
  if (damaged.size === 0) return documents
  return documents.map(({ groups, threshold }) => ({
    groups: groups.map(({ age, others }) => ({ age: age.filter((one) => !damaged.has(one)), others })),
    threshold,
  }))
}
