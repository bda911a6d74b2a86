import { type Finding, finding } from '../../../findings/finding.ts'
import { isCiphertext } from '../../../lib/sops/format.ts'
import { privateKeysIn, recipientOf } from '../../../lib/sops/private-keys.ts'
import { placesIn } from '../../../lib/sops/reader/places.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import { keyAt, parseDocuments } from '../../../lib/yaml/documents.ts'
import { isMapping, textAt, valueAt } from '../../../lib/yaml/values.ts'
import type { FileText } from '../rotation.ts'

/** Where a key Secret is kept in git, encrypted with SOPS: one value of it that Flux takes for age identities. */
export interface GitKeySecret extends FileText {
  /** Where its data key is written. */
  line: number
  /** The document that it is, from 0. */
  document: number
  name: string
  /** As it is written; where it is not, a kustomization gives it. */
  namespace: string | undefined
  /** `data` is base64. */
  field: 'data' | 'stringData'
  /** `age.agekey`: the controller reads all that end so (kustomize-controller v1.9.4 internal/decryptor/decryptor.go ImportKeys). */
  dataKey: string
}

/** What a repository has of key Secrets. */
export interface GitKeySecrets {
  secrets: GitKeySecret[]
  /** Private keys of such Secrets that are not encrypted. */
  leaks: Finding[]
}

/**
 * Finds the key Secrets that are kept in git.
 * @param files manifests, encrypted or not
 * @param wanted the Secrets in use; one in a file without a namespace is found by its name; `undefined`: all with identities
 */
export async function findGitKeySecrets(
  files: readonly FileText[],
  wanted: readonly { namespace: string; name: string }[] | undefined,
): Promise<GitKeySecrets> {
  const found: GitKeySecrets = { secrets: [], leaks: [] }
  const isWanted = (name: string | undefined, namespace: string | undefined) =>
    wanted === undefined ||
    wanted.some((one) => one.name === name && (namespace === undefined || namespace === one.namespace))
  for (const { file, text } of files) {
    if (!text.includes('.agekey')) continue
    const placeOf = placesIn(text)
    for (const [document, { root, value }] of parseDocuments(text).entries()) {
      if (valueAt(value, 'kind') !== 'Secret') continue
      const [name, namespace] = [textAt(value, 'metadata', 'name'), textAt(value, 'metadata', 'namespace')]
      if (name === undefined || !isWanted(name, namespace)) continue
      for (const { field, dataKey, content } of entriesOf(value)) {
        const place = placeOf(keyAt(root, field, dataKey)?.range?.[0] ?? 0)
        if (isCiphertext(content))
          found.secrets.push({ file, text, line: place.line, document, name, namespace, field, dataKey })
        else found.leaks.push(...(await leaksIn(content, { file, ...place })))
      }
    }
  }
  return found
}

function entriesOf(secret: unknown): { field: GitKeySecret['field']; dataKey: string; content: string }[] {
  return (['data', 'stringData'] as const).flatMap((field) => {
    const entries = valueAt(secret, field)
    return Object.entries(isMapping(entries) ? entries : {}).flatMap(([dataKey, content]) =>
      dataKey.endsWith('.agekey') && typeof content === 'string' ? [{ field, dataKey, content }] : [],
    )
  })
}

async function leaksIn(content: string, place: { file: string; line: number }): Promise<Finding[]> {
  const keys = await privateKeysIn(content)
  const recipients = await Promise.all(keys.map(({ secret }) => recipientOf(secret)))
  return [...new Set(recipients)].flatMap((recipient) =>
    recipient === undefined ? [] : [finding('key-in-git', place, { recipient: shortRecipient(recipient) })],
  )
}
