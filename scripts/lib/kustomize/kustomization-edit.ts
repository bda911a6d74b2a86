import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isMap, type YAMLMap } from 'yaml'
import { namesFrom } from '../paths.ts'
import { hasSopsBlock } from '../sops/format.ts'
import { parseDocuments } from '../yaml/documents.ts'
import type { Refusal } from '../yaml/refusal.ts'
import { listAt, type Mapping, textAt } from '../yaml/values.ts'
import { kustomizationFilesIn } from './build.ts'

/**
 * The kustomization file of a directory, for editing.
 * @param cwd from where a refusal names the file, absolute
 * @param directory absolute
 * @returns its absolute path and its text, or a refusal with the file where it is not clear which text kustomize would read;
 *   `undefined` where the directory has none: Flux then includes every file
 */
export function openKustomizationFile(
  cwd: string,
  directory: string,
): { file: string; text: string } | Refusal | undefined {
  const [name, ...others] = kustomizationFilesIn(directory)
  if (name === undefined) return undefined
  const file = join(directory, name)
  const refuse = (why: Refusal): Refusal => ({ refused: 'in-file', file: namesFrom(cwd)(file), why })
  if (others.length > 0) return refuse({ refused: 'several-files', others })
  if (!lstatSync(file).isFile()) return refuse({ refused: 'not-regular' })
  const bytes = readFileSync(file)
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  return Buffer.from(text).equals(bytes) ? { file, text } : refuse({ refused: 'not-utf-8' })
}

/** A kustomization file of kustomize, of kind Kustomization or Component, whose text is to be edited. */
export interface EditableKustomization {
  /** Its only document; `range` of all nodes counts from the start of the text. */
  root: YAMLMap
  /** The same as a plain value. */
  value: Mapping
}

/** Reads a kustomization file that is to be edited. @returns a refusal where that can't be done with certainty */
export function readKustomization(text: string): EditableKustomization | Refusal {
  const documents = parseDocuments(text)
  const [document] = documents
  if (!document || documents.length > 1) return { refused: 'several-documents' }
  if (document.problem) return { refused: 'invalid-yaml', problem: document.problem }
  if (!isMap(document.root)) return { refused: 'not-a-mapping' }
  const kind = textAt(document.value, 'kind') ?? 'Kustomization'
  const group = textAt(document.value, 'apiVersion')?.split('/')[0] ?? 'kustomize.config.k8s.io'
  if (!['Kustomization', 'Component'].includes(kind) || group !== 'kustomize.config.k8s.io')
    return { refused: 'other-kind', kind, group }
  if (hasSopsBlock(document.value)) return { refused: 'encrypted' }
  return { root: document.root, value: document.value as Mapping }
}

/** Whether a kustomization file says just this. */
export function reads(text: string, value: Mapping): boolean {
  const file = readKustomization(text)
  return 'value' in file && isDeepStrictEqual(file.value, value)
}

/** The value of an entry of `patches`. @param lines without their indentation, the first with the dash */
export function patchEntry(lines: readonly string[]): unknown {
  return listAt(parseDocuments(`patches:\n${lines.join('\n')}\n`)[0]?.value, 'patches')[0]
}
