import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Repository } from '../../../lib/git/git.ts'
import { type Identity, renderIdentities } from '../../../lib/sops/age.ts'
import { withIsolatedSops } from '../../../lib/sops/files/isolated-sops.ts'
import type { SopsFormat } from '../../../lib/sops/reader/reading.ts'
import { readKeyGroups } from '../../../lib/sops/recipients.ts'
import { parseDocuments } from '../../../lib/yaml/documents.ts'
import { openText } from '../files/open-text.ts'
import { requireOpened } from '../files/require-opened.ts'
import { rotateRefusal } from '../files/rotate-refusal.ts'
import { NotEditable, type SopsText } from '../files/sops-text.ts'
import type { FileText } from '../rotation.ts'

/** A SOPS file with the identities that open it. */
export interface OpenSecret {
  opened: SopsText
  /** @returns the documents as plain values: a secret @throws InTheWay */
  decrypted(text: string): Promise<unknown[]>
  /**
   * Lets sops set a value, whatever the MAC was.
   * @param path of sops: `["stringData"]["age.agekey"]`
   * @param value a text, which may be a secret
   * @param format of the text, where it is not that of the file
   * @returns the whole text, encrypted @throws InTheWay
   */
  set(text: string, path: string, value: string, format?: SopsFormat): Promise<string>
}

/**
 * Lends a SOPS file. Its texts reach sops as ciphertext in a private directory, values by stdin.
 * @param identities Secret. Only these open it.
 * @throws InTheWay where they don't, NotEditable
 */
export async function withSecretText<T>(
  { file, text }: FileText,
  identities: readonly Identity[],
  { root, env, signal }: Repository,
  use: (secret: OpenSecret) => Promise<T>,
): Promise<T> {
  const opened = openText({ file, text })
  if (!opened) throw new NotEditable('is no SOPS file')
  requireOpened(file, (await readKeyGroups(text)) ?? [], identities)
  return withIsolatedSops(renderIdentities(identities), (sops) => {
    const call = async (on: string, { verb, more = [], format = opened.format, line }: Call) => {
      const path = join(sops.directory, 'secret')
      writeFileSync(path, on)
      const types = ['--decryption-order', 'age', '--input-type', format, '--output-type', format]
      const options = { cwd: root, env, signal, ...(line !== undefined && { line }) }
      const outcome = await sops.attempt([...verb, ...types, path, ...more], options)
      const written = readFileSync(path, 'utf8')
      rmSync(path)
      if (outcome.code === 0) return { stdout: outcome.stdout, written }
      throw rotateRefusal(file, opened, { ...outcome, kinds: [] })
    }
    return use({
      opened,
      decrypted: async (on) => {
        const { stdout } = await call(on, { verb: ['decrypt'] })
        return parseDocuments(stdout).map(({ value }) => value)
      },
      set: async (on, path, value, format) => {
        const verb = ['set', '--ignore-mac', '--value-stdin']
        const { written } = await call(on, { verb, more: [path], format, line: JSON.stringify(value) })
        return written
      },
    })
  })
}

/** A call of sops with a file. */
interface Call {
  verb: readonly string[]
  /** Arguments behind the file. */
  more?: readonly string[]
  format?: SopsFormat | undefined
  /** For stdin. */
  line?: string
}
