import { initFindings } from '../../findings/catalogue/init.ts'
import { errorOf } from '../../findings/user-error.ts'
import type { Caller } from '../../lib/caller.ts'
import { oneLine } from '../../lib/redact.ts'
import { attempt } from '../../lib/run.ts'
import type { NewIdentity } from './identity.ts'

/**
 * Hands an identity to the user's own command by stdin: `op document create -`. It may ask on the terminal, and what it prints is
 * not shown, for it may be the key.
 * @throws UserError where it fails, with its redacted stderr; the reason of the signal, after a note that the identity is lost
 */
export async function storeIdentity(
  command: string,
  { text, identity }: NewIdentity,
  { cwd, env, signal, note }: Caller,
): Promise<void> {
  const { SOPS_AGE_KEY, ...others } = env
  const options = { cwd, env: others, signal, input: text, terminal: true }
  const { code, stderr } = await attempt(['sh', '-c', command], options).catch((error: unknown) => {
    if (signal.aborted)
      note(`the identity of ${identity.recipient} is lost, unless the command of --store has kept it`)
    throw error
  })
  if (code === 0) return
  const said = isTold(stderr, identity)
    ? 'what it says has the identity in it, and is not shown'
    : oneLine(stderr) || 'it says nothing'
  throw errorOf(initFindings['not-stored'], { code: `${code}`, said })
}

/** Whether a text tells a part of an identity, however it is broken into lines, or as base64. */
function isTold(text: string, { secret }: NewIdentity['identity']): boolean {
  const bare = text.replace(/\s/g, '')
  // before it is what all identities begin with
  const own = secret.slice(secret.lastIndexOf('1') + 1)
  const parts = Array.from({ length: own.length - 11 }, (_, at) => own.slice(at, at + 12))
  const inBase64 = [0, 1, 2].map((at) => Buffer.from(own.slice(at, at + 30)).toString('base64'))
  const upper = bare.toUpperCase()
  return parts.some((part) => upper.includes(part)) || inBase64.some((part) => bare.includes(part))
}
