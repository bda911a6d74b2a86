import { readFileSync } from 'node:fs'
import { CommandError, UserError } from '../../lib/errors.ts'
import { namesFrom } from '../../lib/paths.ts'
import { type Identity, renderIdentities } from '../../lib/sops/age.ts'
import { decrypt } from '../../lib/sops/decrypt.ts'
import { ageRecipients } from '../../lib/sops/recipients.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { listAt, textAt, valueAt } from '../../lib/yaml/values.ts'
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
    const { why, hint } = reasonOf(readFileSync(file, 'utf8'), rule, own, error.stderr)
    throw new UserError(`the age key from ${source} can't decrypt ${name}${why}`, { hint })
  }
  if (textAt(parseDocuments(decrypted)[0]?.value, 'stringData', 'message') === message) return
  throw new UserError(`${name} holds another message`, { hint: removeFirst })
}

/** Why sops could not decrypt a file, and what to do. @param said by sops */
function reasonOf(
  text: string,
  rule: string,
  own: readonly string[],
  said: string,
): { why: string; hint: string } {
  const isOwn = (recipient: string) => own.includes(recipient)
  const recipients = ageRecipients(text)
  const block = valueAt(parseDocuments(text)[0]?.value, 'sops')
  const groups = listAt(block, 'key_groups').map((group) => ageRecipients(JSON.stringify(group)))
  const opened = groups.filter((group) => group.some(isOwn))
  const needed = Number(valueAt(block, 'shamir_threshold')) || groups.length
  if (!recipients.some(isOwn)) {
    const lists = `\n  the file is for  ${recipients.join(', ') || 'no age key'}\n  the key is of    ${own.join(', ')}`
    return {
      why: lists,
      hint: `make ${rule} name the recipient of the key, or name the key that the file is for with --key-file`,
    }
  }
  if (opened.length < needed)
    return {
      why: `: ${needed} of its ${groups.length} key groups must be opened, and this key opens ${opened.length}`,
      hint: `put the recipient of the key into more groups of ${rule}, or give it a lower shamir_threshold: the keys in the cluster must open as many`,
    }
  return { why: `: ${said}`, hint: 'see whether `sops decrypt` reads it by hand' }
}
