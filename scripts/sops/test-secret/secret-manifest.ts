import type { SecretManifest } from '../../lib/sops/sops.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { textAt } from '../../lib/yaml/values.ts'

/** The label and its value that mark an object as made by these tasks. SOPS leaves metadata in the clear, so that no key is needed to see it. */
export const managedBy = ['app.kubernetes.io/managed-by', 'flux-sops-tasks'] as const

/** The annotation with the id of the `sops:verify` run that made the Secret. */
export const runAnnotation = 'flux-sops-tasks/run'

/**
 * Keeps Flux from replacing `${…}` in the message: where the Kustomization has spec.postBuild, that is done behind the
 * decryption (docs/decryption.md#the-order-of-one-reconciliation).
 */
const notSubstituted = { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' }

/** What a test Secret holds, and the namespace that it is for. */
export interface TestContent {
  namespace: string
  /** Never empty, for SOPS does not encrypt an empty value (docs/decryption.md#what-sops-encrypts). A secret. */
  message: string
  /** The id of the `sops:verify` run that makes it. */
  run?: string
}

/** The test Secret before it is encrypted. It holds the message. */
export function makeSecret(name: string, { namespace, message, run }: TestContent): SecretManifest {
  const labels = { [managedBy[0]]: managedBy[1] }
  const annotations = { ...notSubstituted, ...(run !== undefined && { [runAnnotation]: run }) }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels, annotations },
    stringData: { message },
  }
}

/** What the file of a test Secret tells without a key; each part is `undefined` where somebody has taken it out. */
export interface OwnSecret {
  namespace: string | undefined
  /** The id of the `sops:verify` run that made it. */
  run: string | undefined
  /** Encrypted, where the file is. */
  message: string | undefined
}

/** Reads the text of a Secret, encrypted or not. @returns `undefined` where these tasks did not make it, or not all of it */
export function readSecret(text: string): OwnSecret | undefined {
  const [document, ...more] = parseDocuments(text)
  const isOurs =
    more.length === 0 &&
    textAt(document?.value, 'kind') === 'Secret' &&
    textAt(document?.value, 'metadata', 'labels', managedBy[0]) === managedBy[1]
  if (!isOurs) return undefined
  return {
    namespace: textAt(document?.value, 'metadata', 'namespace'),
    run: textAt(document?.value, 'metadata', 'annotations', runAnnotation),
    message: textAt(document?.value, 'stringData', 'message'),
  }
}
