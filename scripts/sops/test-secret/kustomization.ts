import { isDeepStrictEqual } from 'node:util'
import { isMap, type YAMLMap } from 'yaml'
import { parseDocuments, type Refusal, textAt } from '../../lib/documents.ts'

/** A kustomization file of kustomize, of kind Kustomization or Component. */
export interface Kustomization {
  root: YAMLMap
  value: Record<string, unknown>
}

/** Reads a kustomization file that is to be edited. @returns a refusal where that can't be done with certainty */
export function readKustomization(text: string): Kustomization | Refusal {
  const documents = parseDocuments(text)
  const [document] = documents
  if (!document || documents.length > 1) return { reason: 'it does not hold just one YAML document' }
  if (document.problem) return { reason: `it is not valid YAML (${document.problem})` }
  if (!isMap(document.root)) return { reason: 'it is not a mapping' }
  const kind = textAt(document.value, 'kind') ?? 'Kustomization'
  const group = textAt(document.value, 'apiVersion')?.split('/')[0] ?? 'kustomize.config.k8s.io'
  if (!['Kustomization', 'Component'].includes(kind) || group !== 'kustomize.config.k8s.io')
    return { reason: `it is a ${kind} of ${group}` }
  return { root: document.root, value: document.value as Record<string, unknown> }
}

/** Whether a kustomization file says just this. */
export function reads(text: string, value: Record<string, unknown>): boolean {
  const file = readKustomization(text)
  return 'value' in file && isDeepStrictEqual(file.value, value)
}

/** Where the line starts that `offset` is in; a byte order mark is no part of it. */
export function lineStart(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return start === 0 && text.startsWith('\uFEFF') ? 1 : start
}

/** Where the line ends that `offset` is in: before its line end. */
export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  if (end < 0) return text.length
  return text[end - 1] === '\r' && end > offset ? end - 1 : end
}

/** The line end that a text uses. */
export function newlineOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n'
}
