import { type CredentialPlugin, pluginLimit } from './credential-plugin.ts'

/**
 * How long the API server may take to answer, in ms: without a limit, one that does not answer keeps a call of kubectl for up to
 * 50 s (docs/decryption.md#the-key-secret-and-kubectl).
 */
export const answerLimit = 8_000

/** Ends a request that is not answered in time; a credential plugin of the user gets more time. */
export interface Patience {
  /** Aborted when it is over. */
  readonly signal: AbortSignal
  /** Nothing is waited for any more. */
  release(): void
}

/** Starts to wait for an answer. It must be released. */
export function startPatience(plugin: CredentialPlugin): Patience {
  const over = new AbortController()
  const end = () => over.abort()
  let timer = setTimeout(async () => {
    const command = await plugin.waitedFor().catch(() => undefined)
    if (command === undefined || released) end()
    else timer = setTimeout(end, pluginLimit - answerLimit)
  }, answerLimit)
  let released = false
  return {
    signal: over.signal,
    release() {
      released = true
      clearTimeout(timer)
    },
  }
}
