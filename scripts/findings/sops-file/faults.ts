import type { Fault, Reading } from '../../lib/sops/reader/reading.ts'
import { shortRecipient } from '../../lib/sops/recipients.ts'
import { type Finding, finding } from '../finding.ts'

/** What the reader says of a file, but for values and comments in the clear and what only the key at hand can't open. */
export function faultsOf(
  file: string,
  { faults, commentInList, values }: Pick<Reading, 'faults' | 'commentInList' | 'values'>,
): Finding[] {
  const found = faults.flatMap((fault): Finding[] => {
    const { code, line, column } = fault
    const place = { file, line, column }
    switch (code) {
      case 'merge-conflict':
      case 'mac-missing':
      case 'mac-mismatch':
        return [finding(code, place, { file })]
      case 'metadata-unreadable':
        if (fault.field === 'sops') return [finding('first-document-plain', place, {})]
        return [finding(code, place, { file, field: fault.field ?? 'sops' })]
      case 'group-not-satisfied':
        return [finding(code, place, { needed: `${fault.needed}`, opened: `${fault.opened}` })]
      case 'stanza-damaged':
        return [finding(code, place, { file, recipient: shortRecipient(fault.recipient ?? '') })]
      case 'different-data-keys':
        return fault === faults.find((one) => one.code === code) ? [finding(code, place, {})] : []
      case 'value-moved':
        return [finding(code, place, { file, path: nameOf(fault.path), from: nameOf(fault.from ?? []) })]
      case 'value-broken':
        return [finding(code, place, { file, path: nameOf(fault.path) })]
      default:
        return []
    }
  })
  const comment = values.find(({ type }) => type === 'comment')
  if (commentInList && comment) {
    const { line, column } = comment
    found.push(finding('comment-in-list', { file, line, column }, {}))
  }
  return found
}

/** Of a fault that something is in the clear in an encrypted file, or ciphertext where nothing should be; none for every other one. */
export function plainFault(file: string, { code, path, line, column }: Fault): Finding[] {
  const place = { file, line, column }
  switch (code) {
    case 'value-plain':
      return [finding('plain-value', place, { path: nameOf(path), file })]
    case 'comment-plain':
      return [finding('plain-comment', place, { file })]
    case 'value-encrypted-unexpectedly':
      return [finding('ciphertext-left', place, { path: nameOf(path), file })]
    default:
      return []
  }
}

/** The names of the keys down to a value: never the value. */
function nameOf(path: readonly string[]): string {
  return path.join('.')
}
