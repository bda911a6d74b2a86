import type { KeySecretId } from '../../findings/key-secret.ts'
import { isAgeEntry } from '../../lib/cluster/key-secret.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { isMapping, textAt, valueAt } from '../../lib/yaml/values.ts'

/**
 * Which key Secret a file of manifests declares. Names and data keys are read; its values may be encrypted.
 * @param ids the Secrets that are decrypted with
 */
export function declaredKeySecret(
  { text }: { text(): string },
  ids: readonly KeySecretId[],
): KeySecretId | undefined {
  const all = text()
  // few files do, and the others need not be parsed
  if (!/\.agekey\b/.test(all)) return undefined
  const secrets = parseDocuments(all)
    .map(({ value }) => value)
    .filter((value) => textAt(value, 'kind') === 'Secret' && dataKeysOf(value).some(isAgeEntry))
  return ids.find((id) =>
    secrets.some((value) => {
      const namespace = textAt(value, 'metadata', 'namespace')
      // where it is not written, spec.targetNamespace or a kustomization file gives it
      const isThere = namespace === undefined || namespace === id.namespace
      return isThere && textAt(value, 'metadata', 'name') === id.name
    }),
  )
}

function dataKeysOf(value: unknown): string[] {
  return [valueAt(value, 'data'), valueAt(value, 'stringData')].filter(isMapping).flatMap(Object.keys)
}
