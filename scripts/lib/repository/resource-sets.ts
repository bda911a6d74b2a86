import { parseDocuments } from '../yaml/documents.ts'
import { isMapping, listAt, type Mapping, textAt, valueAt } from '../yaml/values.ts'
import { directoryAt } from './file-tree.ts'
import { group } from './flux-file.ts'

/** A Flux Kustomization that a ResourceSet makes. What its inputs decide is written between `<<` and `>>`. */
export interface MadeKustomization {
  /** That declares the ResourceSet, relative to the root. */
  file: string
  /** The name of the ResourceSet. */
  set: string
  /** As written. */
  name: string
  path: string
  /** Whether it has a decryption block. */
  decrypts: boolean
  /** The object, as written. */
  value: Mapping
}

/** It is in every file that `findResourceSets` wants to see. */
export const resourceSetMark = 'ResourceSet'

const declares = /\bkind["']?\s*:\s*["']?ResourceSet\b/

/**
 * Finds the Flux Kustomizations that ResourceSets make (fluxoperator.dev, ResourceSet `spec.resources` and
 * `spec.resourcesTemplate`).
 * @param texts of the YAML and JSON files with the mark, by path
 */
export function findResourceSets(texts: ReadonlyMap<string, string>): MadeKustomization[] {
  return [...texts]
    .filter(([, text]) => declares.test(text))
    .flatMap(([file, text]) => parseDocuments(text).flatMap(({ value }) => read(value, file)))
}

function read(value: unknown, file: string): MadeKustomization[] {
  if (textAt(value, 'kind') !== 'ResourceSet') return []
  const set = textAt(value, 'metadata', 'name') ?? ''
  const template = textAt(value, 'spec', 'resourcesTemplate') ?? ''
  // a line that only decides what is repeated is no YAML
  const texts = parseDocuments(template.replace(/^\s*<<-?\s*(?:range|if|else|end|with|define)\b.*$/gm, ''))
  const resources = [...listAt(value, 'spec', 'resources'), ...texts.map((document) => document.value)]
  return resources
    .filter(isMapping)
    .filter((one) => textAt(one, 'kind') === 'Kustomization' && textAt(one, 'apiVersion')?.startsWith(group))
    .map((one) => ({
      file,
      set,
      name: textAt(one, 'metadata', 'name') ?? '',
      path: textAt(one, 'spec', 'path') ?? '.',
      decrypts: valueAt(one, 'spec', 'decryption') !== undefined,
      value: one,
    }))
}

/** Whether the source of one depends on its inputs: it is then none of this repository, as for charts and artifacts of others. */
export function hasManySources({ value }: MadeKustomization): boolean {
  return textAt(value, 'spec', 'sourceRef', 'name')?.includes('<<') ?? false
}

/** The directories that a path means, whatever its inputs are. @param directories those of the repository */
export function directoriesOf({ path }: MadeKustomization, directories: Iterable<string>): string[] {
  const directory = directoryAt(path)
  if (directory === undefined) return []
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const pattern = new RegExp(
    `^${directory
      .split(/<<.*?>>/)
      .map(literal)
      .join('[^/]+')}$`,
  )
  return [...directories].filter((one) => pattern.test(one))
}
