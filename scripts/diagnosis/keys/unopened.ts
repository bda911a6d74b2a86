import { type Finding, type FindingPlace, finding } from '../../findings/finding.ts'
import { flagsFor, type KeySecretId, secretOf } from '../../findings/key-secret.ts'
import type { Decrypted, DecryptedFile } from '../../lib/applied/decrypted-files.ts'
import { commitOf, conditionOf, idOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { pluginLinesIn } from '../../lib/cluster/key-secret.ts'
import type { Identity } from '../../lib/sops/age.ts'
import { holdsObject, isDecryptionDisabled } from '../../lib/sops/format.ts'
import {
  canDecrypt,
  isPluginRecipient,
  type KeyGroups,
  listRecipients,
  providerKeys,
  recipientsAmong,
} from '../../lib/sops/recipients.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { saidBy } from '../condition/explain.ts'
import { objectIn } from '../condition/object-in.ts'
import { type Snapshot, snapshotKeyOf } from '../snapshot/snapshot.ts'
import { declaredKeySecret } from './declared-key-secret.ts'
import type { HeldKeys, Keys } from './read-keys.ts'
import { recipientLine } from './recipient-line.ts'
import { unfittingKey } from './unfitting-key.ts'

/** Files that the Secret of their Kustomizations does not open, all of them encrypted to the same keys. */
export interface Unopened {
  files: readonly DecryptedFile[]
  /** `namespace/name` */
  kustomizations: readonly string[]
  /** The key Secret that they bring; `undefined` where they bring none. */
  brings: KeySecretId | undefined
  finding: Finding
}

/** What is looked at. */
interface Looked {
  snapshot: Snapshot
  keys: Keys
  decrypted: Decrypted
  /** The key at hand. */
  identities: readonly Identity[] | undefined
}

/**
 * Finds the files that no identity of their Kustomization's Secret opens, at the revisions that their sources have now. Where no
 * identity of a Secret can be read, that is another finding.
 */
export function findUnopened({ snapshot, keys, decrypted, identities }: Looked): Unopened[] {
  const ids = [...keys.used.values()].map(({ id }) => id)
  return [...keys.used].flatMap(([key, { users }]) => {
    const held = keys.secrets.get(key)
    if (!held || held.recipients.size === 0) return []
    const current = new Map(users.filter(({ spec }) => !spec.suspend).map((one) => [idOf(one), one]))
    const files = decrypted.files.filter((file) => {
      const user = current.get(file.kustomization)
      const isCurrent = user && file.commit === currentCommit(user, snapshot)
      return isCurrent && !mayOpen(held, file.documents) && !isLeftAlone(file) && !isProven(user, held, file)
    })
    const groups = Map.groupBy(files, (file) =>
      JSON.stringify([declaredKeySecret(file, ids), file.documents]),
    )
    return [...groups.values()].flatMap((alike) => {
      const isNamed = (file: DecryptedFile) => isComplainedOf(file, current.get(file.kustomization))
      const sorted = alike
        .toSorted((a, b) => (a.file < b.file ? -1 : 1))
        .toSorted((a, b) => Number(isNamed(b)) - Number(isNamed(a)))
      const [first] = sorted
      if (!first) return []
      const brings = declaredKeySecret(first, ids)
      const of = [...new Set(alike.map(({ kustomization }) => kustomization))]
      const object = of.length === 1 ? `kustomization ${of[0]}` : secretOf(held.id)
      const place = { object, file: first.file, line: recipientLine(first.text()) }
      const found = brings
        ? lockedIn(brings, first, held, place)
        : unfittingKey({ what: namesOf(sorted), documents: first.documents }, held, place, {
            keys,
            identities,
          })
      return [{ files: sorted, kustomizations: of, brings, finding: found }]
    })
  })
}

/** Whether a file declares the object that its Kustomization names where it fails. */
function isComplainedOf({ text }: DecryptedFile, user: Kustomization | undefined): boolean {
  const ready = user && conditionOf(user, 'Ready')
  const named = ready?.status === 'False' ? objectIn(saidBy(ready)) : undefined
  return named !== undefined && holdsObject(text(), named.kind, named.name)
}

/** Whether the controller decrypts nothing of a file. */
function isLeftAlone({ text }: DecryptedFile): boolean {
  return parseDocuments(text()).every(({ value }) => isDecryptionDisabled(value))
}

/** Whether a Kustomization has applied a file with the Secret as it is: then whatever it decrypts of it was opened. */
function isProven(user: Kustomization, { secret }: HeldKeys, { commit }: DecryptedFile): boolean {
  const ready = conditionOf(user, 'Ready')
  const changes = secret.metadata.managedFields?.map(({ time }) => time ?? '') ?? []
  const isUnchanged = changes.every((time) => time !== '' && time < (ready?.lastTransitionTime ?? ''))
  return (
    ready?.status === 'True' &&
    commitOf(user.status?.lastAppliedRevision) === commit &&
    changes.length > 0 &&
    isUnchanged
  )
}

/** That a file which brings a key Secret is not for the key that would have to open it. */
function lockedIn(
  brings: KeySecretId,
  { file, documents }: DecryptedFile,
  { id, recipients }: HeldKeys,
  place: FindingPlace,
): Finding {
  return finding('key-secret-locked-in', place, {
    brings: secretOf(brings),
    recipients: listRecipients(recipientsAmong(documents)),
    here: `${secretOf(id)} has the key of ${listRecipients([...recipients])}`,
    file,
    flags: flagsFor(brings),
  })
}

/** `a.yaml`, `a.yaml (and 2 more)` */
function namesOf(files: readonly DecryptedFile[]): string {
  const [first, ...others] = new Set(files.map(({ file }) => file))
  return others.length > 0 ? `${first} (and ${others.length} more)` : `${first}`
}

/** The commit that a Kustomization builds next, or has tried last. */
function currentCommit(kustomization: Kustomization, { sources }: Snapshot): string | undefined {
  const fetched = sources.get(snapshotKeyOf(kustomization))?.status?.artifact?.revision
  return commitOf(fetched ?? kustomization.status?.lastAttemptedRevision)
}

/** Whether a Secret opens a file, or the controller may: by an identity of its own with a cloud, or by a plugin in its image. */
function mayOpen({ recipients, kinds, ageEntries }: HeldKeys, documents: readonly KeyGroups[]): boolean {
  const ofPlugins =
    pluginLinesIn(ageEntries).length > 0 ? recipientsAmong(documents).filter(isPluginRecipient) : []
  return canDecrypt(documents, new Set([...recipients, ...ofPlugins]), [...kinds, ...providerKeys])
}
