import { controllerFormatOf, formatInValue, isEncryptedSource } from '../../lib/sops/format.ts'
import { readTree } from '../../lib/sops/reader/read-tree.ts'
import type { ReadValue, SopsFormat } from '../../lib/sops/reader/reading.ts'
import { scanPlain } from '../../lib/sops/reader/scan.ts'
import type { Unreadable } from './compared.ts'
import { decryptBytes, type Identities } from './decrypt-object.ts'

/** What the repository holds for a data key. It is secret. */
export type ExpectedValue =
  | { bytes: Buffer }
  /** Of a file in YAML, JSON, dotenv or INI: sops writes it anew, and what counts is what it says. */
  | { content: Buffer; format: SopsFormat }
  | { why: Unreadable }

/**
 * What Flux makes of a SOPS file that becomes a value of a Secret: a file of a generator, or a value under `data`
 * (docs/decryption.md#what-is-decrypted).
 * @param key of the value, which tells the format
 */
export async function valueOfFile(text: string, key: string, identities: Identities): Promise<ExpectedValue> {
  const format = controllerFormatOf(key)
  const written = isEncryptedSource(text, key) ? format : formatInValue(text)
  // Flux leaves it as it is
  if (written === undefined) return { bytes: Buffer.from(text) }
  const isJson = (one: SopsFormat) => one === 'json' || one === 'binary'
  const from = isJson(written) && isJson(format) ? format : written
  const decrypted = await decryptBytes(Buffer.from(text), from, identities)
  if ('why' in decrypted) return decrypted
  if (from !== format && !(isJson(from) && isJson(format)))
    return { why: { code: 'not-followed', what: `a ${from} file under a name of ${format}` } }
  const { values } = decrypted.reading
  if (format !== 'binary') return { content: contentOf(values), format }
  const data = values.find(({ path }) => path.length === 1 && path[0] === 'data')
  return data?.bytes ? { bytes: data.bytes } : { why: { code: 'does-not-decrypt', fault: 'no-data' } }
}

/** What a file in the cluster says, to compare it with `content`; `undefined` where it can't be read as that format. */
export function contentOfText(text: string, format: SopsFormat): Buffer | undefined {
  try {
    const documents = readTree(text, format)
    return contentOf(
      documents.flatMap((branch, document) => scanPlain(branch).map((one) => ({ ...one, document }))),
    )
  } catch {
    return undefined
  }
}

/** All values in their order, with their paths and types; comments, blanks and quotes do not count. */
function contentOf(values: readonly Pick<ReadValue, 'document' | 'path' | 'type' | 'bytes'>[]): Buffer {
  return Buffer.from(
    JSON.stringify(
      values.map(({ document, path, type, bytes }) => [document, path, type, bytes?.toString('base64')]),
    ),
  )
}

/** The data keys of an env file that Flux leaves as it is. */
export function linesOfEnvironment(text: string): Map<string, ExpectedValue> {
  const lines = Array.from(text.matchAll(/^\s*([^#\s=][^=\n]*)=(.*)$/gm))
  return new Map(lines.map(([, key = '', value = '']) => [key, { bytes: Buffer.from(value) }]))
}

/**
 * The data keys of an env file of a generator. kustomize reads each line up to the end
 * (api/kv/kv.go of kustomize v0.21.1), and sops writes line ends in a value as `\n` (sops v3.13.3 stores/dotenv/store.go).
 */
export async function valuesOfEnvironment(
  text: string,
  name: string,
  identities: Identities,
): Promise<Map<string, ExpectedValue> | { why: Unreadable }> {
  const format = controllerFormatOf(name, true)
  if (format !== 'dotenv') return { why: { code: 'not-followed', what: `an env file in ${format}` } }
  const decrypted = await decryptBytes(Buffer.from(text), format, identities)
  if ('why' in decrypted) return decrypted
  return new Map(
    decrypted.reading.values.flatMap(({ path: [key], bytes }) =>
      key === undefined || !bytes
        ? []
        : [[key, { bytes: Buffer.from(bytes.toString().replaceAll('\n', '\\n')) }] as const],
    ),
  )
}
