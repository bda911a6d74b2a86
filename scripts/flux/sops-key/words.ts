import { keySecretFindings } from '../../findings/catalogue/key-secret.ts'
import { keysFindings } from '../../findings/catalogue/keys.ts'
import { sopsKeyFindings as found } from '../../findings/catalogue/sops-key.ts'
import { fixOf, seenOf } from '../../findings/entry.ts'
import { unusableEntry } from '../../findings/key-secret.ts'
import { errorOf } from '../../findings/user-error.ts'
import { type AgeEntry, ageDataKey } from '../../lib/cluster/key-secret.ts'
import type { UserError } from '../../lib/errors.ts'
import { gitignoreLine } from '../../lib/paths.ts'
import type { KeyFileProblem } from '../../lib/sops/key-file.ts'
import { listRecipients, shortRecipient } from '../../lib/sops/recipients.ts'
import type { KeyAt } from './fitting.ts'
import type { SecretPlan } from './plan.ts'

/** The error for a Secret that can't be changed. */
export function obstacleError({ namespace, live, obstacle }: SecretPlan, name: string): UserError {
  const facts = { namespace, name, type: `${live?.type}` }
  return errorOf(found[obstacle === 'immutable' ? 'secret-immutable' : 'secret-type'], facts)
}

/** The warning of an identity that nothing uses. @param fitting another place, whose key opens the files */
export function unusedIdentity(recipient: string, fitting: KeyAt | undefined): string {
  const better = fitting ? ` That of ${fitting.source} opens the files` : ''
  return seenOf(found['identity-unused'], { recipient: shortRecipient(recipient), better })
}

/** The warning of files that a cluster builds and the key does not open. */
export function opensNotAll(secret: string, files: readonly string[]): string {
  return seenOf(found['opens-not-all'], { secret, files: files.join(', ') })
}

/** The warning of files that the cluster does not have yet, and that will need the identity which goes. */
export function willBeLost(secret: string, files: readonly string[]): string {
  return seenOf(found['files-lost-later'], { secret, files: files.join(', ') })
}

/** The warning of a cluster that follows other repositories. */
export function followsOthers(context: string, urls: readonly string[]): string {
  return `${seenOf(found['other-repositories'], { context, urls: urls.join(', ') })}: is it the right one?`
}

/** The warnings of the entries that stay and that the controller cannot read, with the way to remove each. */
export function unreadableEntries(
  entries: readonly AgeEntry[],
  secret: { namespace: string; name: string },
): string[] {
  return entries.flatMap(({ dataKey, badLine }) => {
    if (!badLine || dataKey === ageDataKey) return []
    const entry = keySecretFindings['entry-unusable']
    const facts = unusableEntry(secret, { dataKey, reason: badLine.reason })
    return [`secret ${secret.namespace}/${secret.name}: ${seenOf(entry, facts)}; ${fixOf(entry, facts)}`]
  })
}

/** The note on lines of the key with an identity of a plugin. */
export function pluginLeftOut(source: string, lines: readonly number[]): string {
  return seenOf(found['identity-of-plugin'], { lines: `line ${lines.join(', ')}`, source })
}

/** The warning of post-quantum identities, of which one makes an older controller refuse the whole Secret (docs/decryption.md#what-an-identity-is). */
export function needsNewController(recipients: readonly string[]): string {
  return seenOf(found['identity-post-quantum'], { recipients: listRecipients(recipients) })
}

/** What is said of a key file. */
interface KeyFile {
  /** Where the key was found, for people. */
  source: string
  recipients: readonly string[]
  /** How the user calls it, and what it is relative to the root of the repository where it is in there. */
  name: string
  inRepository: string | undefined
}

/**
 * The warning of a key file that git has or could get, or that others can read.
 * @param isUsed whether this repository encrypts to the key
 */
export function keyFileWarning(
  { source, recipients, name, inRepository }: KeyFile,
  problem: KeyFileProblem,
  isUsed: boolean,
): string {
  const code = codeOf(problem, isUsed)
  const ignoreLine = gitignoreLine(inRepository ?? name)
  const facts = { recipient: listRecipients(recipients), file: name, ignoreLine }
  return `${source} ${seenOf(keysFindings[code], facts)}: ${fixOf(keysFindings[code], facts)}`
}

function codeOf(problem: KeyFileProblem, isUsed: boolean) {
  if (problem === 'readable-by-others') return 'key-file-readable'
  if (problem === 'not-ignored') return 'key-not-ignored'
  return isUsed ? 'key-in-git' : 'other-key-in-git'
}
