import type { Reading } from '../../lib/sops/reader/reading.ts'
import { type Finding, finding } from '../finding.ts'

/** Lists with encrypted objects: kustomize takes the objects out, and the `sops` block stays behind. */
export function encryptedLists(file: string, { values }: Pick<Reading, 'values'>): Finding[] {
  return [...Map.groupBy(values, ({ document }) => document).values()].flatMap((own): Finding[] => {
    const kind = own.find(({ path, ciphertext }) => path.length === 1 && path[0] === 'kind' && !ciphertext)
    const hasItems = own.some(({ path, ciphertext }) => path[0] === 'items' && ciphertext)
    if (!kind || !hasItems || !`${kind.bytes ?? ''}`.endsWith('List')) return []
    const { line, column } = kind
    return [finding('list-encrypted', { file, line, column }, { file })]
  })
}
