import type { Finding } from '../../../../findings/finding.ts'
import { plainValues } from '../../../../lib/sops/plain-file.ts'
import type { ReadValue } from '../../../../lib/sops/reader/reading.ts'
import { isAside } from '../../aside.ts'
import type { Check } from '../../check.ts'
import { dataObjectsIn } from '../../objects.ts'
import type { FileCheck } from '../../open-files.ts'
import { checkBase64 } from './base64.ts'
import { checkKeys } from './keys.ts'
import { checkMasked } from './masked.ts'
import { checkObjectName } from './name.ts'
import type { ObjectCheck } from './object-check.ts'
import { checkSecretType } from './secret-type.ts'
import { checkTypes } from './types.ts'

const objectChecks: readonly ObjectCheck[] = [
  checkTypes,
  checkBase64,
  checkMasked,
  checkKeys,
  checkSecretType,
  checkObjectName,
]

/** What the API server would say to the Secrets and ConfigMaps of a SOPS file. */
export const checkEncryptedObjects: FileCheck = (file, { values }) => look(file, values)

/** As `checkEncryptedObjects`, to the Secrets that are not encrypted, but for those of examples and archives. */
export const checkPlainObjects: Check = (subject, sopsFiles) => {
  const { marked, read, options } = subject
  const encrypted = new Set(sopsFiles.map(({ file }) => file))
  return (marked.get('secret') ?? []).flatMap((file) => {
    options.caller.signal.throwIfAborted()
    const bytes = encrypted.has(file) || !/\.(?:ya?ml|json)$/.test(file) ? undefined : read(file)
    return bytes && !isAside(subject, file)
      ? secretsIn(bytes, file).flatMap((values) => look(file, values))
      : []
  })
}

const aSecret = /^["']?kind["']?\s*:\s*["']?Secret\b|"kind"\s*:\s*"Secret"/m

/** The values of each document that is a Secret. The others are not parsed: they may be large. */
function secretsIn(bytes: Buffer, file: string): ReadValue[][] {
  if (!aSecret.test(bytes.toString('latin1'))) return []
  let before = 0
  return `${bytes}`.split(/^(?=---\s)/m).flatMap((text) => {
    const lines = before
    before += text.split('\n').length - 1
    const values = aSecret.test(text) ? plainValues(Buffer.from(text), file) : undefined
    return values ? [values.map((value) => ({ ...value, line: value.line + lines }))] : []
  })
}

function look(file: string, values: readonly ReadValue[]): Finding[] {
  return dataObjectsIn(values).flatMap((object) => objectChecks.flatMap((check) => check(object, file)))
}
