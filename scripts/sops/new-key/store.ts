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
  const said = oneLine(stderr) || 'it says nothing'
  throw errorOf(initFindings['not-stored'], { code: `${code}`, said })
}
