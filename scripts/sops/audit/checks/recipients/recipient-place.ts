import type { FindingPlace } from '../../../../findings/finding.ts'
import { placesIn } from '../../../../lib/sops/reader/places.ts'
import type { FileMetadata } from '../../../../lib/sops/reader/reading.ts'
import type { Subject } from '../../subject.ts'

/** Where the metadata of a file names a recipient; where it starts, if that can't be told. */
export function recipientPlace(
  { read }: Pick<Subject, 'read'>,
  file: string,
  { line, column }: FileMetadata,
  recipient: string,
): FindingPlace {
  const text = `${read(file) ?? ''}`
  const lines = text.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0)
  const at = text.indexOf(recipient, start)
  return { file, ...(at < 0 ? { line, column } : placesIn(text)(at)) }
}
