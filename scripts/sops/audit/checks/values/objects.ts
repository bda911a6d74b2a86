import { dataObjectFindings } from '../../../../findings/data-object/all.ts'
import type { Finding } from '../../../../findings/finding.ts'
import { dataObjectsIn } from '../../../../lib/sops/files/data-objects.ts'
import { plainValues } from '../../../../lib/sops/plain-file.ts'
import { placesIn } from '../../../../lib/sops/reader/places.ts'
import type { ReadValue } from '../../../../lib/sops/reader/reading.ts'
import { isAside } from '../../aside.ts'
import type { Check } from '../../check.ts'
import type { FileCheck } from '../../open-files.ts'
import { plainSecretFiles, secretDocuments } from '../../secret-files.ts'

/** What the API server would say to the Secrets and ConfigMaps of a SOPS file. */
export const checkEncryptedObjects: FileCheck = (file, { values }) => look(file, values)

/** As `checkEncryptedObjects`, to the Secrets that are not encrypted, but for those of examples and archives. */
export const checkPlainObjects: Check = (subject, sopsFiles) =>
  plainSecretFiles(subject, sopsFiles).flatMap((file) => {
    subject.options.caller.signal.throwIfAborted()
    const bytes = isAside(subject, file) ? undefined : subject.read(file)
    return bytes ? secretsIn(bytes, file).flatMap((values) => look(file, values)) : []
  })

/** The values of each document that is a Secret. */
function secretsIn(bytes: Buffer, file: string): ReadValue[][] {
  const text = bytes.toString()
  const placeOf = placesIn(text)
  return secretDocuments(text).map(({ text: own, offset }) => {
    const above = placeOf(offset).line - 1
    const values = plainValues(Buffer.from(own), file) ?? []
    return values.map((value) => ({ ...value, line: value.line + above }))
  })
}

function look(file: string, values: readonly ReadValue[]): Finding[] {
  return dataObjectsIn(values).flatMap((object) => dataObjectFindings(object, file))
}
