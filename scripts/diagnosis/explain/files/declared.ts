import type { Node } from 'yaml'
import type { NamedObject } from '../../../lib/applied/declared-in.ts'
import type { Revision } from '../../../lib/applied/revision.ts'
import { placesIn } from '../../../lib/sops/reader/places.ts'
import type { TextPlace } from '../../../lib/sops/reader/reading.ts'
import { keyAt, parseDocuments, type YamlDocument } from '../../../lib/yaml/documents.ts'
import { textAt } from '../../../lib/yaml/values.ts'
import type { Evidence } from '../../evidence.ts'
import type { Failure } from '../failure.ts'
import { declaredBy } from './reach.ts'

/** The object that a Kustomization complains of, where the revision that it has tried declares it. */
export interface Declared {
  revision: Revision
  /** Relative to the root of the repository. */
  file: string
  text: string
  /** Where a key of the object stands; where it has no such key, where the object begins. */
  placeOf(...path: string[]): TextPlace & { file: string }
}

/**
 * Finds the object that a Kustomization complains of.
 * @param path of a key in it that is meant; a patch may bring it
 * @returns `undefined` where no file of the build declares it by this name
 */
export async function findDeclared(
  { kustomization, named }: Failure,
  evidence: Evidence,
  path: readonly string[] = [],
): Promise<Declared | undefined> {
  const revision = named && (await evidence.tried(kustomization))
  if (!revision) return undefined
  const texts = await declaredBy(kustomization, named, revision)
  const all = [...texts].map(([file, text]) => ({ file, text, root: rootOf(text, named) }))
  // what comes later in the build changes what was before
  const found = all.findLast(({ root }) => path.length > 0 && keyAt(root, ...path)) ?? all[0]
  if (!found) return undefined
  const { file, text } = found
  const placeAt = objectPlaces(text, named)
  return { revision, file, text, placeOf: (...to) => ({ file, ...placeAt(...to) }) }
}

/**
 * Tells where the keys of an object stand in a text of manifests.
 * @param named the object; `undefined`, or where it is not in the text: the first one
 * @returns takes the path of a key; where there is no such key, the place is that of the object
 */
export function objectPlaces(text: string, named: NamedObject | undefined): (...path: string[]) => TextPlace {
  const root = rootOf(text, named)
  const placeAt = placesIn(text)
  return (...path) => placeAt((keyAt(root, ...path) ?? root)?.range?.[0] ?? 0)
}

function rootOf(text: string, named: NamedObject | undefined): Node | null {
  const documents = parseDocuments(text)
  const isNamed = ({ value }: YamlDocument) =>
    textAt(value, 'kind') === named?.kind && textAt(value, 'metadata', 'name') === named?.name
  return (documents.find(isNamed) ?? documents[0])?.root ?? null
}
