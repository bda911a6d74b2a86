import { ageDataKey, type KeySecret, otherKinds, recipientsOf } from '../../lib/cluster/key-secret.ts'
import type { Identity } from '../../lib/sops/age.ts'
import { canDecrypt, type KeyGroups } from '../../lib/sops/recipients.ts'

/** Who a key Secret can decrypt for, before and after a change: recipients of age. */
export interface KeyChange {
  before: ReadonlySet<string>
  after: ReadonlySet<string>
  /** The kinds of other keys that it holds. They stay. */
  others: string[]
}

/**
 * @param live what the Secret holds now
 * @param identities the new ones
 * @param only whether its other age identities go
 */
export function changeOf(live: KeySecret, identities: readonly Identity[], only: boolean): KeyChange {
  const staying = only ? [] : live.ageEntries.filter(({ dataKey }) => dataKey !== ageDataKey)
  return {
    before: new Set(recipientsOf(live.ageEntries)),
    after: new Set([...recipientsOf(staying), ...identities.map(({ recipient }) => recipient)]),
    others: otherKinds(live.otherDataKeys),
  }
}

/** Whether no identity comes and none goes, and there is one. */
export function opensTheSame({ before, after }: KeyChange): boolean {
  return before.size > 0 && before.size === after.size && before.isSubsetOf(after)
}

/** Whether an identity goes. */
export function takesOut({ before, after }: KeyChange): boolean {
  return !before.isSubsetOf(after)
}

/** Whether the Secret can open a file after the change. */
export function opens({ after, others }: KeyChange, documents: readonly KeyGroups[]): boolean {
  return canDecrypt(documents, after, others)
}

/** Whether the Secret can open a file now, and not after the change. */
export function loses(change: KeyChange, documents: readonly KeyGroups[]): boolean {
  return canDecrypt(documents, change.before, change.others) && !opens(change, documents)
}
