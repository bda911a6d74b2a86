import { isDeepStrictEqual } from 'node:util'
import type { Replaced } from '../../lib/kustomize/resources.ts'
import type { SecretManifest } from '../../lib/sops/sops.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { textAt } from '../../lib/yaml/values.ts'

/** The files of a test Secret's directory. */
export const secretFile = 'secret.enc.yaml'
export const kustomizationFile = 'kustomization.yaml'

/** What marks a Secret as made by these tasks. SOPS leaves metadata in the clear, so that no key is needed to see it. */
const managedBy = ['app.kubernetes.io/managed-by', 'flux-sops-tasks'] as const

/** Keeps the id of the `sops:verify` run that made the Secret. */
export const runAnnotation = 'flux-sops-tasks/run'

/** Else Flux would replace `${…}` in the decrypted message where the Kustomization has postBuild (flux-sops.md 1.1). */
const notSubstituted = { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' }

export interface SecretContent {
  name: string
  namespace: string
  message: string
  run?: string
}

/** The test Secret before it is encrypted. It holds the message. */
export function makeSecret({ name, namespace, message, run }: SecretContent): SecretManifest {
  const labels = { [managedBy[0]]: managedBy[1] }
  const annotations = { ...notSubstituted, ...(run !== undefined && { [runAnnotation]: run }) }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels, annotations },
    stringData: { message },
  }
}

/**
 * What the text of a Secret, encrypted or not, says about itself; `undefined` where these tasks did not make it, or not all of
 * it.
 */
export function readSecret(text: string) {
  const [document, ...more] = parseDocuments(text)
  const isOurs =
    more.length === 0 &&
    textAt(document?.value, 'kind') === 'Secret' &&
    textAt(document?.value, 'metadata', 'labels', managedBy[0]) === managedBy[1]
  if (!isOurs) return undefined
  return {
    name: textAt(document?.value, 'metadata', 'name'),
    namespace: textAt(document?.value, 'metadata', 'namespace'),
    run: textAt(document?.value, 'metadata', 'annotations', runAnnotation),
    /** Encrypted, where the text is. */
    message: textAt(document?.value, 'stringData', 'message'),
  }
}

const kustomization = {
  apiVersion: 'kustomize.config.k8s.io/v1beta1',
  kind: 'Kustomization',
  resources: [secretFile],
}

const note = '# sops:test-remove puts this back: '

/**
 * The kustomization file of the test Secret's directory.
 * @param replaced is kept in a comment, for the removal
 */
export function renderKustomization(replaced: Replaced | undefined): string {
  // only ASCII: kustomize takes some other characters for line ends, which would end the comment
  const json = JSON.stringify(replaced)?.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return [
    ...(json ? [note + json] : []),
    `apiVersion: ${kustomization.apiVersion}`,
    `kind: ${kustomization.kind}`,
    'resources:',
    `  - ${secretFile}`,
    '',
  ].join('\n')
}

/** Whether a text is what `renderKustomization` wrote, but for comments. */
export function isOurKustomization(text: string): boolean {
  const documents = parseDocuments(text)
  return documents.length === 1 && isDeepStrictEqual(documents[0]?.value, kustomization)
}

/** What `renderKustomization` kept in a comment. */
export function readReplaced(text: string): Replaced | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(note))
  try {
    const replaced = line && JSON.parse(line.slice(note.length))
    return typeof replaced?.with === 'string' && typeof replaced.without === 'string' ? replaced : undefined
  } catch {
    return undefined
  }
}
