import { bech32 } from '@scure/base'
import { initFindings } from '../../findings/catalogue/init.ts'
import { errorOf } from '../../findings/user-error.ts'

/** The kinds of keys that sops and Flux know of age; a plugin would be needed for any other. */
const prefixes = ['age', 'age1pq']

/** A public key of SSH: its kind, and what begins with the length of the name of its kind. */
const ssh = /^ssh-(?:ed25519|rsa) AAAA[A-Za-z0-9+/]+={0,2}(?: [^\n,]*)?$/

/**
 * Looks at the values of `--backup`; sops judges them once more when the rules are tried.
 * @throws UserError for one that is no public key; it quotes none, for it may be a private one
 */
export function checkBackups(recipients: readonly string[]): void {
  for (const recipient of recipients) {
    if (/AGE-(?:SECRET-KEY|PLUGIN)-|PRIVATE KEY/i.test(recipient))
      throw errorOf(initFindings['backup-private'], {})
    const decoded = bech32.decodeUnsafe(recipient, false)
    if (!ssh.test(recipient) && !(decoded && prefixes.includes(decoded.prefix)))
      throw errorOf(initFindings['backup-unusable'], {})
  }
}

/** Whether a recipient is a key of SSH, which opens files for people and not for Flux. */
export function isSsh(recipient: string): boolean {
  return recipient.startsWith('ssh-')
}
