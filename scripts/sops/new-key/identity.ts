import type { Caller } from '../../lib/caller.ts'
import { CommandError, UserError } from '../../lib/errors.ts'
import { run } from '../../lib/run.ts'
import { type Identity, readIdentities } from '../../lib/sops/age.ts'

/** An identity that was made now and is nowhere else. */
export interface NewIdentity {
  /** The text of its key file, as age-keygen writes it. A secret. */
  text: string
  identity: Identity
}

/**
 * Makes an age identity. It is in the memory of this process alone.
 * @param pq a hybrid post-quantum one
 * @throws UserError where age-keygen is missing or too old
 */
export async function makeIdentity(pq: boolean, { env, signal }: Caller): Promise<NewIdentity> {
  const text = await run(['age-keygen', ...(pq ? ['-pq'] : [])], { env, signal, timeout: 10_000 }).catch(
    (error: unknown) => {
      if (!pq || !(error instanceof CommandError)) throw error
      throw new UserError('this age-keygen makes no post-quantum identities', {
        hint: 'age 1.3 or newer is needed: `mise use age@1.3`',
      })
    },
  )
  const { identities } = await readIdentities(text, 'age-keygen', { env, signal })
  const [identity] = identities
  if (!identity) throw new UserError('age-keygen has made no identity')
  return { text, identity }
}
