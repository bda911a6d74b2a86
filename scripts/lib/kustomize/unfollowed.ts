/**
 * What kustomize does and we do not follow: we read what kustomization files say, and do not run kustomize for it. Where one
 * of these is met, the answer is that something is not known, with the file and the field, and never a guess:
 *
 * - a kustomization file that our parser refuses (kustomize takes a key that is there twice), and a field that is written in
 *   other letters (for kustomize `Resources` is `resources`)
 * - resources, bases, components and patches by URL
 * - `generators` and `helmCharts`
 * - `replacements` that select the object; `transformers`, `configurations` and `labels` with `fields`, as far as they do not
 *   name other kinds or fields that do not matter; `crds` and `openapi`
 * - patches that delete the object or may rename it (`options`), whose text our parser refuses, or whose target has a pattern
 *   that Go and JavaScript read differently
 *
 * Of Flux itself these are answered in the same way (lib/repository/additions.ts and flux-tree.ts): the patches of API versions
 * that it has removed, and Kustomizations that change each other without end.
 *
 * Not recognised is what only the cluster or another source knows: what a submodule or an included artifact brings into a path,
 * and variables that the repository does not set. Nor what was never seen to decide an answer: variables in other fields than
 * those of lib/repository/variables/post-build.ts, and the label that switches them off; patches without a target that fit several
 * objects or none, which kustomize refuses; the annotations of `buildMetadata`; what a replacement rejects, and one by an id
 * that is neither the first nor the last of an object; the namespace of a path without any manifest.
 */
import { isMapping, listAt, type Mapping, textAt } from '../yaml/values.ts'
import { objectIdsOf } from './object-ids.ts'
import { parsedText } from './parsed-text.ts'
import {
  type Reach,
  reachOfConfiguration,
  reachOfFieldSpecs,
  reachOfReplacements,
  reachOfTransformers,
  widest,
} from './reach.ts'

/** A field of a kustomization file that changes objects in a way that is not followed. */
export interface Unfollowed {
  field: string
  /** How much of an object is not known behind it; `undefined`: it leaves the object alone. */
  reach(object: Mapping): Reach | undefined
  /** Whether that is said of objects of every kind, and not of Flux Kustomizations alone. */
  ofEveryKind: boolean
}

/** Reads a file that a kustomization names, relative to its directory. The text is empty where it can't be read. */
export type FileOf = (path: string) => { file: string; text: () => string }

/** Every field of a kustomization file (api/types/kustomization.go of kustomize v0.21.1), by what is done about it. */
export const kustomizationFields = {
  /** They are read. */
  followed: [
    'apiVersion',
    'kind',
    'resources',
    'bases',
    'components',
    'secretGenerator',
    'patches',
    'patchesStrategicMerge',
    'patchesJson6902',
    'namespace',
    'namePrefix',
    'nameSuffix',
    'labels',
    'commonLabels',
    'commonAnnotations',
  ],
  /** They change no Flux Kustomization (`vars` only together with `configurations`), and Flux decrypts none of their files. */
  harmless: [
    'metadata',
    'configMapGenerator',
    'generatorOptions',
    'images',
    'imageTags',
    'replicas',
    'vars',
    'sortOptions',
    'buildMetadata',
    'helmGlobals',
    'validators',
  ],
  /** They bring resources that we do not see. */
  hiding: ['generators', 'helmCharts', 'helmChartInflationGenerator'],
  /** They change resources. */
  changing: ['replacements', 'transformers', 'configurations', 'crds', 'openapi'],
} as const

const hiding = new Set<string>(kustomizationFields.hiding)
const changing = new Set<string>(kustomizationFields.changing)
const known = new Set<string>(Object.values(kustomizationFields).flat())
const inSmallLetters = new Set([...known].map((field) => field.toLowerCase()))

/** Whether a field is a known one but for capitals: kustomize reads it, and we do not. A field without meaning kustomize refuses, and Flux drops. */
function isMisspelt(field: string): boolean {
  return !known.has(field) && inSmallLetters.has(field.toLowerCase())
}

/** Whether kustomize fetches a path (api/internal/git/repospec.go and api/internal/loader of v0.21.1). */
export function isRemote(path: string): boolean {
  return /^(?:git::|gh:|github\.com[:/]|[a-z][a-z\d+.-]*:\/\/|[\w.-]+@[\w.-]+:)/i.test(path)
}

/** The fields of a kustomization file that bring resources which we do not see. @param value of the file */
export function hidingFields(value: unknown): string[] {
  const remote = ['resources', 'bases', 'components'].filter((field) =>
    listAt(value, field).some(isRemoteText),
  )
  const others = fieldsOf(value).filter((field) => hiding.has(field) || isMisspelt(field))
  return [...remote.map((field) => `${field} (URL)`), ...others]
}

/**
 * The fields of a kustomization file that change objects in a way that is not followed, but for its patches.
 * @param value of the file
 */
export function unfollowedFields(value: unknown, fileOf: FileOf): Unfollowed[] {
  const found = fieldsOf(value)
    .filter((field) => changing.has(field) || isMisspelt(field))
    .map((field) => unfollowed(field, listAt(value, field), fileOf))
  const specs = listAt(value, 'labels').flatMap((entry) => listAt(entry, 'fields'))
  if (specs.length > 0)
    found.push({ field: 'labels (fields)', reach: () => reachOfFieldSpecs(specs), ofEveryKind: false })
  if (listAt(value, 'components').some(isRemoteText))
    found.push({ field: 'components (URL)', reach: () => 'object', ofEveryKind: true })
  return [...found, ...mergedSecrets(listAt(value, 'secretGenerator'))]
}

/** A generator that is put into another one, or in its place. */
function mergedSecrets(generators: readonly unknown[]): Unfollowed[] {
  const merging = generators.filter((one) => (textAt(one, 'behavior') ?? 'create') !== 'create')
  return merging.map((one) => ({
    field: `secretGenerator (behavior: ${textAt(one, 'behavior')})`,
    reach: (object) =>
      object.kind === 'Secret' && objectIdsOf(object).some(({ name }) => name === textAt(one, 'name'))
        ? 'object'
        : undefined,
    ofEveryKind: true,
  }))
}

function unfollowed(field: string, entries: readonly unknown[], fileOf: FileOf): Unfollowed {
  const reachOfTexts = (reachOf: (text: string) => Reach | undefined) => () =>
    widest(entries.map((entry) => reachOf(textOf(entry, fileOf))))
  switch (field) {
    case 'transformers':
      return { field, reach: reachOfTexts(reachOfTransformers), ofEveryKind: false }
    case 'configurations':
      return { field, reach: reachOfTexts(reachOfConfiguration), ofEveryKind: false }
    case 'replacements':
      return {
        field,
        reach: (object) => widest(entries.map((entry) => reachOfEntry(entry, object, fileOf))),
        ofEveryKind: true,
      }
    default:
      return { field, reach: () => 'object', ofEveryKind: true }
  }
}

/** @param entry of `replacements` */
function reachOfEntry(entry: unknown, object: Mapping, fileOf: FileOf): Reach | undefined {
  const path = textAt(entry, 'path')
  if (path === undefined) return reachOfReplacements([entry], object)
  const [found] = parsedText(textOf(path, fileOf))
  if (Array.isArray(found)) return reachOfReplacements(found, object)
  return isMapping(found) ? reachOfReplacements([found], object) : 'object'
}

/** An entry that is a text itself, or the path of a file; empty where the file can't be read. */
function textOf(entry: unknown, fileOf: FileOf): string {
  if (typeof entry !== 'string') return ''
  if (/^\s*\{|\n/.test(entry)) return entry
  return isRemote(entry) ? '' : fileOf(entry).text()
}

/** The fields that say something. */
function fieldsOf(value: unknown): string[] {
  if (!isMapping(value)) return []
  return Object.keys(value).filter((field) => value[field] !== null && !isEmptyList(value[field]))
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function isRemoteText(path: unknown): boolean {
  return typeof path === 'string' && isRemote(path)
}
