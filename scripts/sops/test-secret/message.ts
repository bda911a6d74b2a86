import { readFileSync } from 'node:fs'
import { CommandError, UserError } from '../../lib/errors.ts'
import { namesFrom } from '../../lib/paths.ts'
import { type Identity, renderIdentities } from '../../lib/sops/age.ts'
import { decrypt } from '../../lib/sops/decrypt.ts'
import { listRecipients, readKeyGroups } from '../../lib/sops/recipients.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { textAt } from '../../lib/yaml/values.ts'
import { removeFirst, type TestSecretCaller } from './checks.ts'

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
    const { why, hint } = await reasonOf(readFileSync(file, 'utf8'), rule, own, error.stderr)
    throw new UserError(`the age key from ${source} can't decrypt ${name}${why}`, { hint })
  }
  if (textAt(parseDocuments(decrypted)[0]?.value, 'stringData', 'message') === message) return
  throw new UserError(`${name} holds another message`, { hint: removeFirst })
}

/** Why sops could not decrypt a file, and what to do. @param said by sops */
async function reasonOf(
  text: string,
  rule: string,
  own: readonly string[],
  said: string,
): Promise<{ why: string; hint: string }> {
  const [document] = (await readKeyGroups(text)) ?? []
  const { groups, threshold } = document ?? { groups: [], threshold: 0 }
  const opened = groups.filter(({ age }) => age.some((recipient) => own.includes(recipient))).length
  if (opened === 0) {
    const recipients = listRecipients(groups.flatMap(({ age }) => age)) || 'no age key'
    return {
      why: `\n  the file is for  ${recipients}\n  the key is of    ${listRecipients(own)}`,
      hint: `make ${rule} name the recipient of the key, or name the key that the file is for with --key-file`,
    }
  }
  if (opened < threshold)
    return {
      why: `: ${threshold} of its ${groups.length} key groups must be opened, and this key opens ${opened}`,
      hint: `put the recipient of the key into more groups of ${rule}, or give it a lower shamir_threshold: the keys in the cluster must open as many`,
    }
  return { why: `: ${said}`, hint: 'see whether `sops decrypt` reads it by hand' }
}
