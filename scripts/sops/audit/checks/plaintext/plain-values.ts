import { type Finding, finding } from '../../../../findings/finding.ts'
import { plainFault } from '../../../../findings/sops-file/faults.ts'
import type { Reading } from '../../../../lib/sops/reader/reading.ts'
import type { FileCheck } from '../../open-files.ts'
import { describingFields } from './plain-content.ts'

/** Finds what is in the clear in an encrypted file, and what is ciphertext where nothing should be. */
export const checkPlainValues: FileCheck = (file, reading) => {
  const nothing = nothingEncrypted(file, reading)
  return nothing ? [nothing] : reading.faults.flatMap((fault) => plainFault(file, fault))
}

function nothingEncrypted(
  file: string,
  { metadata, values, comments, faults }: Reading,
): Finding | undefined {
  const isEncrypted =
    [...values, ...comments].some(({ ciphertext }) => ciphertext) ||
    faults.some(({ code }) => code === 'value-encrypted-unexpectedly')
  if (!metadata || isEncrypted) return undefined
  const isObject = values.some(({ path }) => path[0] === 'apiVersion')
  const plain = values.find(
    ({ path, type, bytes }) =>
      type !== 'null' &&
      type !== 'comment' &&
      bytes?.length !== 0 &&
      !(isObject && describingFields.has(path[0])),
  )
  const { name, text } = metadata.selector
  const { line, column } = plain ?? metadata
  return plain && finding('nothing-encrypted', { file, line, column }, { setting: `${name}: ${text}`, file })
}
