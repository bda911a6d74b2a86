import { type Finding, finding } from '../../findings/finding.ts'
import { flagsFor, secretOf, unusableEntry } from '../../findings/key-secret.ts'
import { noIdentity, unusableKey } from '../../findings/unusable-key.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import { pluginLinesIn } from '../../lib/cluster/key-secret.ts'
import { canDecrypt, isPostQuantum } from '../../lib/sops/recipients.ts'
import type { Evidence } from '../evidence.ts'
import { isRead } from '../snapshot/snapshot.ts'
import { declaredKeySecret } from './declared-key-secret.ts'
import { copyCommand } from './fitting-key.ts'
import { readsPostQuantum } from './key-controller.ts'
import type { HeldKeys, Keys, UsedSecret } from './read-keys.ts'
import { recipientLine } from './recipient-line.ts'

/** Whether a snapshot can tell if a Secret is there. */
export function isSeen({ id }: UsedSecret, { snapshot }: Evidence): boolean {
  const isLookedInto = snapshot.namespace === undefined || snapshot.namespace === id.namespace
  return isLookedInto && isRead(snapshot, 'secrets')
}

/**
 * What keeps the controller from having any key of a Secret: it is not there, or holds nothing that it could use.
 * @returns `undefined` where nothing does, and where the user may not see it
 */
export async function judgeKeySecret(used: UsedSecret, evidence: Evidence): Promise<Finding | undefined> {
  if (!isSeen(used, evidence)) return undefined
  const keys = await evidence.keys()
  const held = keys.secrets.get(`${used.id.namespace}/${used.id.name}`)
  return held ? judgeContent(held, keys) : missing(used, keys, evidence)
}

async function missing(used: UsedSecret, keys: Keys, evidence: Evidence): Promise<Finding> {
  const { id, users } = used
  const place = { object: secretOf(id) }
  const flags = flagsFor(id)
  if (users.every(({ spec }) => !spec.decryption?.secretRef))
    return finding('controller-key-missing', place, { flags })
  const bringing = (await evidence.unopened()).find(
    ({ brings }) => brings && secretOf(brings) === secretOf(id),
  )
  // who waits for it in vain waits for what another Kustomization cannot open
  if (bringing) return bringing.finding
  const ids = new Set(users.map(idOf))
  const { files: all } = await evidence.decrypted()
  const files = all.filter((file) => ids.has(file.kustomization))
  const declaring = all.filter((file) => declaredKeySecret(file, [id]))
  const [own] = declaring
  if (own && declaring.every((file) => files.includes(file))) {
    const { file, kustomization } = own
    const facts = { kustomization, file, flags }
    return finding('key-secret-in-own-path', { ...place, file, line: recipientLine(own.text()) }, facts)
  }
  const named = [...keys.secrets.values()].filter((held) => held.id.name === id.name)
  // every tenant may have a Secret of this name, with a key of their own
  const isAlike = new Set(named.map(({ recipients }) => [...recipients].toSorted().join())).size === 1
  const fits = ({ recipients }: HeldKeys) =>
    files.length > 0
      ? files.some(({ documents }) => canDecrypt(documents, recipients))
      : isAlike && recipients.size > 0
  const other = named.find(fits)
  const [dataKey] = other ? ([...other.byDataKey].find(([, found]) => found.length > 0) ?? []) : []
  if (!other || dataKey === undefined) return finding('key-secret-missing', place, { flags })
  const copy = copyCommand(other.id, dataKey, id)
  return finding('key-secret-elsewhere', place, { other: other.id.namespace, copy })
}

function judgeContent(held: HeldKeys, { controller }: Keys): Finding | undefined {
  const { id, ageEntries, identities, kinds, byDataKey } = held
  const place = { object: secretOf(id) }
  const bad = ageEntries.find(({ badLine }) => badLine)
  if (bad?.badLine) return unusableKey(id, { dataKey: bad.dataKey, reason: bad.badLine.reason }, place)
  const junk = junkOf(held)
  if (junk !== undefined)
    return finding(
      'entry-unusable',
      place,
      unusableEntry(id, { dataKey: junk, reason: 'it is no OpenPGP key' }),
    )
  const newer = ageEntries.find((entry) => entry.identities.some(({ recipient }) => isPostQuantum(recipient)))
  if (newer && readsPostQuantum(controller) === false)
    return finding('controller-too-old-for-key', place, {
      dataKey: newer.dataKey,
      version: `${controller?.version}`,
    })
  if (identities.length > 0 || kinds.length > 0 || pluginLinesIn(ageEntries).length > 0) return undefined
  const [dataKey] = [...byDataKey].find(([, recipients]) => recipients.length > 0) ?? []
  return dataKey === undefined
    ? noIdentity(id, held, place)
    : finding('key-wrong-suffix', place, { dataKey, copy: copyCommand(id, dataKey, id) })
}

/** A data key for OpenPGP with a text that is none; gpg reads binary keys as well. */
function junkOf({ secret, otherDataKeys }: HeldKeys): string | undefined {
  return otherDataKeys.find((dataKey) => {
    if (!dataKey.endsWith('.asc')) return false
    const bytes = Buffer.from(secret.data?.[dataKey] ?? '', 'base64')
    return !bytes.includes('-----BEGIN PGP ') && bytes.every((byte) => byte < 0x80)
  })
}
