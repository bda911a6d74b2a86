import { commitOf, idOf } from '../../lib/cluster/flux-objects.ts'
import { recipientsAmong, shortRecipient } from '../../lib/sops/recipients.ts'
import type { Evidence } from '../evidence.ts'
import { isRead } from '../snapshot/snapshot.ts'

/** Where a recipient of age is used, and who has its identity. */
export interface RecipientRow {
  recipient: string
  /** How many files that Flux has applied, or has tried to apply at first, are encrypted to it; `undefined` where none of them could be seen. */
  files: number | undefined
  /** How many creation rules of the working tree name it; `undefined` outside of a repository. */
  rules: number | undefined
  /** The key Secrets that hold its identity, `namespace/name`; `undefined` where the user may not list Secrets. */
  secrets: readonly string[] | undefined
}

/**
 * The recipients of files and rules and those of the identities in the cluster, side by side.
 * @returns those with the most files first
 * @throws UserError where a file with creation rules cannot be read
 */
export async function tabulateRecipients(evidence: Evidence): Promise<RecipientRow[]> {
  const { repository, snapshot } = evidence
  const [keys, files, rules] = await Promise.all([
    evidence.keys(),
    filesByRecipient(evidence),
    repository && readRules(repository),
  ])
  const seesSecrets = isRead(snapshot, 'secrets')
  const holders = [...keys.secrets].flatMap(([secret, { recipients }]) =>
    [...recipients].map((recipient) => ({ recipient, secret })),
  )
  const held = Map.groupBy(holders, ({ recipient }) => recipient)
  const named = (rules ?? []).flatMap(({ recipients }) => recipients)
  const all = new Set([...(files?.keys() ?? []), ...named, ...held.keys()])
  const rows = [...all].map((recipient): RecipientRow => {
    return {
      recipient,
      files: files && (files.get(recipient)?.size ?? 0),
      rules: rules?.filter(({ recipients }) => recipients.includes(recipient)).length,
      secrets: seesSecrets ? (held.get(recipient) ?? []).map(({ secret }) => secret).toSorted() : undefined,
    }
  })
  return rows.toSorted(
    (a, b) =>
      (b.files ?? 0) - (a.files ?? 0) ||
      (b.rules ?? 0) - (a.rules ?? 0) ||
      (a.recipient < b.recipient ? -1 : 1),
  )
}

/** The names of the files of the applied revisions, by recipient; `undefined` where none of them could be seen. */
async function filesByRecipient({
  snapshot,
  decrypted,
}: Evidence): Promise<Map<string, Set<string>> | undefined> {
  const { files, notSeen } = await decrypted()
  if (files.length === 0 && notSeen.length > 0) return undefined
  const applied = new Map(
    [...snapshot.kustomizations.values()].map((one) => [
      idOf(one),
      commitOf(one.status?.lastAppliedRevision),
    ]),
  )
  const found = new Map<string, Set<string>>()
  for (const { file, commit, kustomization, documents } of files) {
    // what has applied nothing yet counts with what it has tried
    if ((applied.get(kustomization) ?? commit) !== commit) continue
    for (const recipient of recipientsAmong(documents))
      found.set(recipient, (found.get(recipient) ?? new Set()).add(file))
  }
  return found
}

async function readRules(repository: NonNullable<Evidence['repository']>) {
  const { readAllRules } = await import('../../lib/sops/creation-rules.ts')
  return readAllRules(repository)
}

/** How wide a line may be. */
const columns = 80

/** The table for a person: two lines for each recipient, but for those of which there is nothing in the cluster. */
export function linesOfRecipients(table: readonly RecipientRow[]): string[] {
  const used = table.filter(({ files, secrets }) => files !== 0 || secrets?.length !== 0)
  return used.flatMap(({ recipient, files, rules, secrets }) => {
    const use = `    ${count(files, 'file')}, ${count(rules, 'rule')}; `
    return [`  ${shortRecipient(recipient)}`, `${use}${holdersOf(secrets, columns - use.length)}`]
  })
}

function count(number: number | undefined, noun: string): string {
  if (number === undefined) return `${noun}s not seen`
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** The Secrets by name, as many as there is room for, and one at least. */
function holdersOf(secrets: readonly string[] | undefined, room: number): string {
  if (!secrets) return 'Secrets not read'
  if (secrets.length === 0) return 'holder unknown'
  const lines = secrets.map((_, index) => {
    const more = secrets.length - index - 1
    return `held by ${secrets.slice(0, index + 1).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  })
  return lines.findLast((line) => line.length <= room) ?? `${lines[0]}`
}
