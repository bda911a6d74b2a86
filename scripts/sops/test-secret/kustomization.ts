import { isDeepStrictEqual } from 'node:util'
import type { Replaced } from '../../lib/kustomize/resources.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'

/** The kustomization file in the directory of a test Secret. */
export const kustomizationFile = 'kustomization.yaml'

const head = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' }

const note = '# sops:test-remove puts this back: '

/**
 * The text of the kustomization file in the directory of a test Secret.
 * @param file of the Secret, relative to that directory
 * @param replaced what the entry of the test Secret replaced in the list around it: kept in a comment, for the removal
 */
export function renderKustomization(file: string, replaced: Replaced | undefined): string {
  // only ASCII: kustomize takes some other characters for line ends, which would end the comment
  const json = JSON.stringify(replaced)?.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return [
    ...(json ? [note + json] : []),
    `apiVersion: ${head.apiVersion}`,
    `kind: ${head.kind}`,
    'resources:',
    `  - ${file}`,
    '',
  ].join('\n')
}

/** Whether a text is what `renderKustomization` writes for `file`, whatever its comments are. */
export function isOurKustomization(text: string, file: string): boolean {
  const documents = parseDocuments(text)
  return documents.length === 1 && isDeepStrictEqual(documents[0]?.value, { ...head, resources: [file] })
}

/** What `renderKustomization` kept in a comment. @returns `undefined` where there is no such comment, or it was changed */
export function readReplaced(text: string): Replaced | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(note))
  try {
    const replaced = line && JSON.parse(line.slice(note.length))
    return typeof replaced?.with === 'string' && typeof replaced.without === 'string' ? replaced : undefined
  } catch {
    return undefined
  }
}
