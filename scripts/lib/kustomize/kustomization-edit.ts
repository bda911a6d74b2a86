import { lstatSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isMap, type YAMLMap } from 'yaml'
import { hasSopsBlock } from '../sops/format.ts'
import type { Refusal } from '../yaml/document-edit.ts'
import { parseDocuments } from '../yaml/documents.ts'
import { textAt } from '../yaml/values.ts'
import { kustomizationFilesIn } from './build.ts'

/**
 * The kustomization file of a directory, for editing.
 * @param root of the repository, absolute
 * @param directory absolute
 * @returns its absolute path and its text, or a refusal with the file where it is not clear which text kustomize would read;
 *   `undefined` where the directory has none: Flux then takes every file
 */
export function openKustomizationFile(
  root: string,
  directory: string,
): { file: string; text: string } | Refusal | undefined {
  const [name, ...more] = kustomizationFilesIn(directory)
  if (name === undefined) return undefined
  const file = join(directory, name)
  const refuse = (reason: string) => ({ reason: `cannot edit ${relative(root, file)}: ${reason}` })
  if (more.length > 0) return refuse(`there is ${more.join(' and ')} as well`)
  if (!lstatSync(file).isFile()) return refuse('it is no regular file')
  const bytes = readFileSync(file)
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  return Buffer.from(text).equals(bytes) ? { file, text } : refuse('it is not UTF-8')
}

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
  if (hasSopsBlock(document.value))
    return { reason: 'it is encrypted with SOPS, and a change would break its MAC' }
  return { root: document.root, value: document.value as Record<string, unknown> }
}

/** Whether a kustomization file says just this. */
export function reads(text: string, value: Record<string, unknown>): boolean {
  const file = readKustomization(text)
  return 'value' in file && isDeepStrictEqual(file.value, value)
}
