import { readFileSync } from 'node:fs'
import { testSecretFindings as found } from '../../findings/catalogue/test-secret.ts'
import { errorOf } from '../../findings/user-error.ts'
import { CommandError, type UserError } from '../../lib/errors.ts'
import { namesFrom } from '../../lib/paths.ts'
import { type Identity, renderIdentities } from '../../lib/sops/age.ts'
import { decrypt } from '../../lib/sops/decrypt.ts'
import { listRecipients, readKeyGroups } from '../../lib/sops/recipients.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { textAt } from '../../lib/yaml/values.ts'
import type { TestSecretCaller } from './checks.ts'

/** The age key that must decrypt a test Secret. */
export interface AgeKey {
  /** A secret. */
  identities: readonly Identity[]
  /** Where it was found, for messages. */
  source: string
}

/**
 * Sees to it that a key decrypts the file of a test Secret, and that the message in it is the right one.
 * @param file absolute
 * @param caller with `rule`: how the creation rule is called that it was encrypted by
 * @throws UserError where it is not; it holds neither the message nor a key
 */
export async function compareMessage(
  file: string,
  message: string,
  { identities, source }: AgeKey,
  { cwd, env, signal, rule = 'the creation rule' }: TestSecretCaller & { rule?: string | undefined },
): Promise<void> {
  const name = namesFrom(cwd)(file)
  let decrypted: string
  try {
    decrypted = await decrypt(file, renderIdentities(identities), { env, signal })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const own = identities.map(({ recipient }) => recipient)
    throw await errorOfKey({ source, file: name, rule }, readFileSync(file, 'utf8'), own, error.stderr)
  }
  if (textAt(parseDocuments(decrypted)[0]?.value, 'stringData', 'message') === message) return
  throw errorOf(found['message-differs'], { file: name })
}

/** Why sops could not decrypt a file, and what to do. @param own the recipients of the key; `says`: sops */
async function errorOfKey(
  facts: { source: string; file: string; rule: string },
  text: string,
  own: readonly string[],
  says: string,
): Promise<UserError> {
  const [document] = (await readKeyGroups(text)) ?? []
  const { groups, threshold } = document ?? { groups: [], threshold: 0 }
  const opened = groups.filter(({ age }) => age.some((recipient) => own.includes(recipient))).length
  if (opened === 0)
    return errorOf(found['own-key-wrong'], {
      ...facts,
      recipients: listRecipients(groups.flatMap(({ age }) => age)) || 'no age key',
      own: listRecipients(own),
    })
  if (opened < threshold)
    return errorOf(found['own-key-groups'], {
      ...facts,
      needed: `${threshold}`,
      groups: `${groups.length}`,
      opened: `${opened}`,
    })
  return errorOf(found['own-key-fails'], { ...facts, says })
}
