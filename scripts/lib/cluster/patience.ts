import { type CredentialPlugin, pluginLimit } from './credential-plugin.ts'

/**
 * How long the API server may take to answer, in ms: without a limit, one that does not answer keeps a call of kubectl for up to
 * 50 s (docs/decryption.md#the-key-secret-and-kubectl).
 */
export const answerLimit = 8_000

/** When it is first looked whether a credential plugin says something, in ms: a code to log in with, for example. */
const firstLook = 2_000

/** How often it is looked whether a credential plugin still runs, in ms. */
const interval = 1_000

/** Ends a request that is not answered in time; a credential plugin of the user is waited for as long as it runs, as by kubectl. */
export interface Patience {
  /** Aborted when it is over. */
  readonly signal: AbortSignal
  /** Nothing is waited for any more. */
  release(): void
}

/** Starts to wait for an answer. It must be released. */
export function startPatience(plugin: CredentialPlugin): Patience {
  const over = new AbortController()
  let released = false
  /** How long no plugin was seen since the answer is late, in ms. */
  let alone = 0
  const look = async () => {
    const command = await plugin.waitedFor().catch(() => undefined)
    if (released) return
    const lives = plugin.lives()
    alone = lives ? 0 : alone + interval
    if (command === undefined || alone > (lives === undefined ? pluginLimit : answerLimit)) over.abort()
    else timer = setTimeout(look, interval)
  }
  const early = setTimeout(() => {
    if (plugin.words() !== '') plugin.waitedFor().catch(() => {})
  }, firstLook)
  let timer = setTimeout(look, answerLimit)
  return {
    signal: over.signal,
    release() {
      released = true
      for (const one of [early, timer]) clearTimeout(one)
    },
  }
}
