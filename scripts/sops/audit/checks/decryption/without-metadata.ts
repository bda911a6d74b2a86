import { type Finding, finding } from '../../../../findings/finding.ts'
import { ciphertextStart, hasSopsBlock, wholeCiphertext } from '../../../../lib/sops/format.ts'
import { placesIn } from '../../../../lib/sops/reader/places.ts'
import { sopsFormatOf } from '../../../../lib/sops/reader/read-tree.ts'
import { isMapping, valueAt } from '../../../../lib/yaml/values.ts'
import type { Check } from '../../check.ts'

/** Secrets whose values are ciphertext, and whose metadata somebody has taken away. */
export const checkWithoutMetadata: Check = async ({ marked, read }, sopsFiles) => {
  const known = new Set(sopsFiles.map(({ file }) => file))
  const secrets = new Set(marked.get('secret'))
  const files = (marked.get('sops') ?? []).filter(
    (file) => !known.has(file) && secrets.has(file) && ['yaml', 'json'].includes(sopsFormatOf(file)),
  )
  const found: Finding[] = []
  for (const file of files) {
    const text = `${read(file) ?? ''}`
    if (!wholeCiphertext.test(text)) continue
    const { parseDocuments } = await import('../../../../lib/yaml/documents.ts')
    for (const { value, root } of parseDocuments(text)) {
      if (valueAt(value, 'kind') !== 'Secret' || hasSopsBlock(value)) continue
      const values = ['data', 'stringData'].map((key) => valueAt(value, key)).filter(isMapping)
      const isCiphertext = (one: unknown) => typeof one === 'string' && wholeCiphertext.test(one)
      if (!values.some((mapping) => Object.values(mapping).some(isCiphertext))) continue
      const offset = text.indexOf(ciphertextStart, root?.range?.[0])
      found.push(finding('ciphertext-without-metadata', { file, ...placesIn(text)(offset) }, { file }))
    }
  }
  return found
}
