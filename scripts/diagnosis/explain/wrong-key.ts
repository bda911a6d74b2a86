import { type Finding, finding } from '../../findings/finding.ts'
import { flagsFor, type KeySecretId, secretOf } from '../../findings/key-secret.ts'
import type { DecryptedFile } from '../../lib/applied/decrypted-files.ts'
import { provenGroups } from '../../lib/applied/proven.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import {
  ageRecipients,
  canDecrypt,
  isPluginRecipient,
  listRecipients,
  recipientsAmong,
} from '../../lib/sops/recipients.ts'
import type { Evidence } from '../evidence.ts'
import { type HeldKeys, keySecretFor } from '../keys/read-keys.ts'
import { recipientLine } from '../keys/recipient-line.ts'
import { unfittingKey } from '../keys/unfitting-key.ts'
import type { Explainer, Failure } from './failure.ts'
import { encryptedFileOf } from './file-of.ts'
import { mended } from './key-secret.ts'

/** Finds the file that the key Secret does not open, with the recipients on both sides and the key that would open it. */
export const explainWrongKey: Explainer = async (failure, evidence) => {
  const id = idOf(failure.kustomization)
  const [file, all, keys] = await Promise.all([
    encryptedFileOf(failure, evidence),
    evidence.unopened(),
    evidence.keys(),
  ])
  const own = all.filter(({ kustomizations }) => kustomizations.includes(id))
  const found = file ? own.find(({ files }) => files.includes(file)) : own[0]
  if (found) return found.finding
  const secret = keySecretFor(failure.kustomization, keys.controller)
  const held = secret && keys.secrets.get(`${secret.namespace}/${secret.name}`)
  if (file && secret) return ofFile(file, secret, held, failure, evidence)
  return held && withoutFile(held, failure, evidence)
}

/** A file of a revision that the source does not have any more, or of a Secret that the user may not read. */
async function ofFile(
  file: DecryptedFile,
  secret: KeySecretId,
  held: HeldKeys | undefined,
  { kustomization, cause }: Failure,
  evidence: Evidence,
): Promise<Finding | undefined> {
  const place = { object: cause.object, file: file.file, line: recipientLine(file.text()) }
  const recipients = recipientsAmong(file.documents)
  if (!held)
    return finding('wrong-key', place, {
      what: file.file,
      keys: `: it is encrypted to ${listRecipients(recipients)}, and you may not read ${secretOf(secret)}`,
      flags: flagsFor(secret),
    })
  if (canDecrypt(file.documents, held.recipients)) {
    // what the metadata says may be written by hand
    const proven = await provenGroups(file, held.identities)
    return canDecrypt(proven, held.recipients) ? mended(kustomization, held) : undefined
  }
  if (cause.code === 'plugin-identity' && recipients.some(isPluginRecipient)) return undefined
  const known = { keys: await evidence.keys(), identities: evidence.identities }
  return unfittingKey({ what: file.file, documents: file.documents }, held, place, known)
}

/** Without the file there are the recipients that Flux names. */
async function withoutFile(
  held: HeldKeys,
  { named, says, cause }: Failure,
  evidence: Evidence,
): Promise<Finding | undefined> {
  const recipients = ageRecipients(says)
  const documents = [{ groups: [{ age: recipients, others: [] }], threshold: 1 }]
  const isKnown = recipients.length > 0 && cause.code !== 'key-groups'
  if (!isKnown || canDecrypt(documents, held.recipients)) return undefined
  const what = named ? `${named.kind} ${named.name}` : 'a file'
  const known = { keys: await evidence.keys(), identities: evidence.identities }
  return unfittingKey({ what, documents }, held, { object: secretOf(held.id) }, known)
}
