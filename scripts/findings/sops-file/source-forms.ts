import { entryPlace } from '../../lib/kustomize/entry-place.ts'
import type { FileUse } from '../../lib/repository/builds.ts'
import { isEncryptedSource, isMinifiedSource } from '../../lib/sops/format.ts'
import { sopsFormatOf } from '../../lib/sops/reader/read-tree.ts'
import type { Reading, SopsFormat } from '../../lib/sops/reader/reading.ts'
import { type Finding, finding } from '../finding.ts'

/** The largest file that Flux decrypts before a build (kustomize-controller v1.9.4 internal/decryptor/decryptor.go). */
const largest = 5 * 1024 * 1024

/** That Flux does not decrypt a file of a generator or a patch for its size; `undefined` where it does. @param size in bytes */
export function tooLarge(file: string, size: number): Finding | undefined {
  if (size <= largest) return undefined
  return finding('file-too-large', { file }, { size: (size / 1024 / 1024).toFixed(1) })
}

/**
 * Whether Flux decrypts an encrypted file of generators and patches, and to what.
 * @param uses of the file in builds, also those as a resource, which are left out
 * @param textOf what is in a kustomization file; empty where that is not known
 */
export function sourceForms(
  file: string,
  bytes: Buffer,
  reading: Reading,
  uses: readonly FileUse[],
  textOf: (file: string) => string,
): Finding[] {
  const distinct = [...new Map(uses.map((use) => [`${use.by} ${use.as} ${use.name}`, use])).values()]
  const sources = distinct.filter(isSource)
  const text = bytes.toString()
  // Flux decrypts the file itself, so whoever else reads it gets the plaintext
  const isDecryptedByOther = sources.some(
    (use) => isRead(use) && isEncryptedSource(text, use.name, isEnv(use)),
  )
  return sources.flatMap((use): Finding[] => {
    const { by, as } = use
    const place = { file: by, ...entryPlace(by === undefined ? '' : textOf(by), file) }
    if (!isRead(use)) {
      if (as === 'patchesStrategicMerge') return [finding('strategic-merge', place, { encrypted: file })]
      return isDecryptedByOther ? [] : [finding('never-decrypted', place, { encrypted: file, field: as })]
    }
    const large = tooLarge(file, bytes.length)
    if (large) return [large]
    if (isMinifiedSource(text)) return [finding('minified-json', { file }, { file })]
    const wrong = mismatch(use, reading, text)
    if (!wrong) return []
    return [finding('format-mismatch', place, { encrypted: file, name: use.name, ...wrong })]
  })
}

/** Whether a build uses a file as one of a generator or as a patch. */
export function isSource({ as }: FileUse): boolean {
  return as !== 'resources' && as !== 'kustomization'
}

/** Whether Flux reads the file before the build, to decrypt it. */
function isRead({ as }: FileUse): boolean {
  return as === 'secretGenerator.files' || as === 'secretGenerator.envs' || as === 'patches'
}

function isEnv({ as }: FileUse): boolean {
  return as === 'secretGenerator.envs'
}

/** The format that Flux takes a file for, where it is encrypted in another one. */
function mismatch(
  use: FileUse,
  reading: Reading,
  text: string,
): { expected: string; format: string } | undefined {
  const actual = formatIn(reading, text)
  const byName = /dockerconfigjson$/.test(use.name) ? 'json' : sopsFormatOf(use.name)
  if (isEnv(use)) {
    // kustomize reads lines of dotenv, whatever Flux decrypts
    return actual === undefined || actual === 'dotenv' ? undefined : { expected: 'dotenv', format: actual }
  }
  if (actual === undefined || actual === byName) return undefined
  const hasData = reading.values.some(({ path }) => path.length === 1 && path[0] === 'data')
  // the text under `data` is all that is written of it
  if (use.as !== 'patches' && byName === 'binary' && (hasData || reading.values.length === 0))
    return undefined
  return { expected: byName, format: actual }
}

/** The format that a file is encrypted in; `undefined`: not known. */
function formatIn({ format, values }: Reading, text: string): SopsFormat | undefined {
  const marks: [SopsFormat, string][] = [
    ['dotenv', 'sops_mac=ENC['],
    ['ini', '[sops]'],
    ['json', '"mac": "ENC['],
    ['yaml', 'mac: ENC['],
  ]
  const found = marks.find(([, mark]) => text.includes(mark))?.[0]
  const isWrapped = values.length === 1 && values[0]?.path.join('.') === 'data'
  return found === 'json' && format === 'binary' && isWrapped ? 'binary' : found
}
