import { CommandError, UserError } from '../errors.ts'
import { run } from '../run.ts'
import { badLine, faultOf, isPlugin, type Line, misspelt, surroundingOf } from './identity-line.ts'

/** An age private key and what belongs to it. */
export interface Identity {
  /** The private key. Never printed; it enters processes by stdin only. */
  secret: string
  /** Its public key, `age1…` or `age1pq1…`. */
  recipient: string
}

/** How identities are read. */
export interface ReadOptions {
  env: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
  /**
   * A blank around a line is a fault, as it is for the controller. Else blanks are taken off, for text that
   * `renderIdentities` writes anew.
   */
  exact?: boolean
  /** Identities that were read before, which need no second look. */
  known?: readonly Identity[]
}

/** A text without any identity, which to the controller is as if it were not there. */
export class NoIdentity extends UserError {
  constructor(source: string) {
    super(`no age identity in ${source}`, {
      hint: 'a private key is a line that starts with AGE-SECRET-KEY-1; make one with `age-keygen`',
    })
    this.name = 'NoIdentity'
  }
}

/** What an age key holds. */
export interface KeyContent {
  identities: Identity[]
  /**
   * The lines, from 1, with an identity of a plugin. They are left out: the controller reads them, but has no plugin
   * (docs/decryption.md#what-an-identity-is).
   */
  pluginLines: number[]
}

/**
 * Reads age identities as Flux's kustomize-controller would, one a line, empty lines and `#` lines left out
 * (docs/decryption.md#what-an-identity-is). A carriage return at the line's end is no fault there and so none here.
 *
 * @param text what the key file or the Secret holds
 * @param source how messages name it: `.age-key.txt`
 * @throws BadLine with the line number and the reason where the controller would refuse the text, NoIdentity where it would
 *   find none in it, UserError where age-keygen is missing or too old. The message never quotes a line.
 */
export async function readIdentities(
  text: string,
  source: string,
  options: ReadOptions,
): Promise<KeyContent> {
  const lines = text.split('\n').map((line, index) => ({ number: index + 1, text: line.replace(/\r$/, '') }))
  if (/^(age-encryption\.org\/|-----BEGIN AGE ENCRYPTED)/.test(text.trimStart())) {
    throw badLine(
      source,
      lines[0]!,
      'is the start of an age-encrypted file',
      'decrypt the key file first: the controller has no passphrase',
    )
  }
  const kept: Line[] = []
  const plugins: Line[] = []
  for (const line of lines) {
    const trimmed = line.text.trim()
    if (
      options.exact
        ? line.text === '' || line.text.startsWith('#')
        : trimmed === '' || trimmed.startsWith('#')
    )
      continue
    const reason = (options.exact ? surroundingOf(line.text) : undefined) ?? faultOf(trimmed)
    if (reason) throw badLine(source, line, reason)
    const list = isPlugin(trimmed) ? plugins : kept
    list.push({ number: line.number, text: trimmed })
  }
  const pluginLines = plugins.map(({ number }) => number)
  if (kept.length === 0) {
    if (plugins.length === 0) throw new NoIdentity(source)
    if (options.exact) return { identities: [], pluginLines }
    throw badLine(source, plugins[0]!, 'is a plugin identity, and the controller has no age plugins')
  }
  const recipients = new Map(options.known?.map(({ secret, recipient }) => [secret, recipient]))
  const fresh = kept.filter(({ text }) => !recipients.has(text))
  const found = fresh.length > 0 ? await recipientsOf(fresh, source, options) : []
  for (const [index, line] of fresh.entries()) recipients.set(line.text, found[index]!)
  const identities = kept.map((line) => ({ secret: line.text, recipient: recipients.get(line.text)! }))
  return { identities, pluginLines }
}

/** The text for the data key `age.agekey`: one identity a line. It is a secret. */
export function renderIdentities(identities: readonly Identity[]): string {
  return `${identities.map((identity) => identity.secret).join('\n')}\n`
}

/** age-keygen is the judge of what the beginning of a line does not tell; its message quotes the line and is not shown. */
async function recipientsOf(lines: Line[], source: string, options: ReadOptions): Promise<string[]> {
  const input = `${lines.map((line) => line.text).join('\n')}\n`
  try {
    return (
      await run(['age-keygen', '-y'], { input, env: options.env, signal: options.signal, timeout: 10_000 })
    )
      .trim()
      .split('\n')
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const line = lines[Number(/error at line (\d+)/.exec(error.stderr)?.[1]) - 1]
    if (!line) throw new UserError(`age-keygen cannot read the age key from ${source}`)
    if (/unknown identity type/.test(error.stderr)) {
      throw new UserError(
        `cannot use the age key from ${source}: line ${line.number} is a post-quantum identity, which this age-keygen does not know`,
        { hint: 'age 1.3 or newer is needed: `mise use age@1.3`' },
      )
    }
    throw badLine(source, line, misspelt)
  }
}
