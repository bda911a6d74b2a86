import { hasSopsBlock } from '../sops/format.ts'
import { placesIn } from '../sops/reader/places.ts'
import type { TextPlace } from '../sops/reader/reading.ts'
import { nodeAt, parseDocuments, type YamlDocument } from '../yaml/documents.ts'
import type { Refusal } from '../yaml/refusal.ts'
import { listAt, textAt, valueAt } from '../yaml/values.ts'

/** A Flux Kustomization as a file of the repository declares it. */
export interface FluxKustomization {
  /** Relative to the root of the repository, with `/`. */
  file: string
  /** Which document of the file, from 1. Those of a `List` share one. */
  document: number
  /** Where it stands in the document: empty, or in a `List` `['items', 0]`. */
  at: (string | number)[]
  apiVersion: string
  name: string | undefined
  /** As written; where there is none, a kustomization or a parent decides. */
  namespace: string | undefined
  /** `spec.path`: what it builds, as written. */
  path: string | undefined
  prune: boolean
  dependsOn: { name: string | undefined; namespace: string | undefined }[]
  sourceRef: { kind: string | undefined; name: string | undefined; namespace: string | undefined }
  /** `spec.decryption` as a plain value; `undefined` where there is none. */
  decryption: unknown
  /** The whole object as a plain value. */
  value: unknown
}

/** A file that holds Flux Kustomizations, or would if it could be read. */
export interface FluxFile {
  /** Relative to the root of the repository, with `/`. */
  file: string
  text: string
  documents: YamlDocument[]
  /** Of the documents that could be read. */
  kustomizations: FluxKustomization[]
  /** Why the file must be left alone as a whole. */
  problem: Refusal | undefined
  /** The kustomization file that uses this file as a patch: what it holds are then no Kustomizations of their own. */
  patchOf: string | undefined
}

/** The API group of Flux Kustomizations. */
export const group = 'kustomize.toolkit.fluxcd.io'

/** Every `apiVersion` of the group holds it; the name alone is in large CRDs and in annotations as well. */
const mark = `${group}/v`

/** @returns `undefined` for a file that holds no Flux Kustomization and no sign of an unreadable one */
export function parseFluxFile(file: string, bytes: Buffer): FluxFile | undefined {
  const utf16 =
    bytes[0] === 0xff || bytes[1] === 0
      ? 'utf-16le'
      : bytes[0] === 0xfe || bytes[0] === 0
        ? 'utf-16be'
        : undefined
  if (!utf16 && !bytes.includes(mark)) return undefined
  const text = new TextDecoder(utf16 ?? 'utf-8', { ignoreBOM: true }).decode(bytes)
  if (!text.includes(mark)) return undefined
  const documents = parseDocuments(text)
  const kustomizations = documents.flatMap((document, index) =>
    kustomizationsIn(document.value, file, index + 1),
  )
  const unread = documents.some((document) => document.problem) && declaresKustomization.test(text)
  if (kustomizations.length === 0 && !unread) return undefined
  const isText = utf16 === undefined && Buffer.from(text).equals(bytes)
  const problem = isText ? problemIn(text, documents) : notText(utf16)
  return { file, text, documents, kustomizations, problem, patchOf: undefined }
}

function notText(utf16: string | undefined): Refusal {
  return { refused: utf16 === undefined ? 'not-utf-8' : 'utf-16' }
}

function problemIn(text: string, documents: readonly YamlDocument[]): Refusal | undefined {
  const isTemplate = /\{\{|\{%/.test(text)
  const unread = refusalOfOne(documents, ({ problem }) => {
    if (problem === undefined) return undefined
    return isTemplate ? { refused: 'template' } : { refused: 'invalid-yaml', problem }
  })
  const end = unclearLineEnd.exec(text)
  return (
    unread ??
    (end ? { refused: 'line-end', line: text.slice(0, end.index).split('\n').length } : undefined) ??
    refusalOfOne(documents, ({ value }) => (hasSopsBlock(value) ? { refused: 'encrypted' } : undefined))
  )
}

/** kustomize reads a file as a whole or not at all: one document is enough to leave it alone. Where it has several, that one is named. */
function refusalOfOne(
  documents: readonly YamlDocument[],
  whyNot: (document: YamlDocument) => Refusal | undefined,
): Refusal | undefined {
  for (const [index, document] of documents.entries()) {
    const why = whyNot(document)
    if (why) return documents.length > 1 ? { refused: 'in-document', document: index + 1, why } : why
  }
  return undefined
}

/** Kubernetes reads YAML 1.1, where a line ends at each of these; for the parser that we use it goes on. */
const unclearLineEnd = /\r(?!\n)|[\u0085\u2028\u2029]/

const declaresKustomization = /^\s*(?:- +)?["']?apiVersion["']?\s*:\s*["']?kustomize\.toolkit\.fluxcd\.io\//m

function kustomizationsIn(
  value: unknown,
  file: string,
  document: number,
  at: (string | number)[] = [],
): FluxKustomization[] {
  const apiVersion = textAt(value, 'apiVersion') ?? ''
  const kind = textAt(value, 'kind')
  if (kind === 'List' || kind === 'KustomizationList') {
    return listAt(value, 'items').flatMap((item, index) =>
      kustomizationsIn(item, file, document, [...at, 'items', index]),
    )
  }
  if (kind !== 'Kustomization' || !apiVersion.startsWith(`${group}/`)) return []
  return [{ file, document, at, apiVersion, ...fieldsOf(value) }]
}

/** A Flux Kustomization that something makes which a file declares. @param value the object */
export function madeKustomization(file: string, value: unknown): FluxKustomization {
  return { file, document: 1, at: [], apiVersion: `${group}/v1`, ...fieldsOf(value) }
}

/** What an object says, apart from where it is declared. */
function fieldsOf(value: unknown) {
  const reference = (found: unknown) => ({
    name: textAt(found, 'name'),
    namespace: textAt(found, 'namespace'),
  })
  return {
    ...reference(valueAt(value, 'metadata')),
    path: textAt(value, 'spec', 'path'),
    prune: valueAt(value, 'spec', 'prune') === true,
    dependsOn: listAt(value, 'spec', 'dependsOn').map(reference),
    sourceRef: {
      kind: textAt(value, 'spec', 'sourceRef', 'kind'),
      ...reference(valueAt(value, 'spec', 'sourceRef')),
    },
    decryption: valueAt(value, 'spec', 'decryption'),
    value,
  }
}

/** A Flux Kustomization with what an object says that became of it. */
export function withValue(declared: FluxKustomization, value: unknown): FluxKustomization {
  return { ...declared, ...fieldsOf(value) }
}

/** How people call a Kustomization: `namespace/name`, or the name alone where no namespace is written. */
export function nameOf({ namespace, name }: FluxKustomization): string {
  return [namespace, name ?? '(no name)'].filter(Boolean).join('/')
}

/** Whether `flux bootstrap` owns a file and drops what others write into it. */
export function isBootstrapFile(file: string): boolean {
  return /(^|\/)gotk-(sync|components)\.yaml$/.test(file)
}

/** The fields that every version of a Flux Kustomization requires (config/crd/bases of kustomize-controller v1.9.4). */
const required = [['interval'], ['prune'], ['sourceRef', 'kind'], ['sourceRef', 'name']]

/** The fields of `spec` without which the API server refuses a Flux Kustomization, as `sourceRef.name`. */
export function lackingFields(value: unknown): string[] {
  const spec = valueAt(value, 'spec')
  return required.filter((path) => (valueAt(spec, ...path) ?? null) === null).map((path) => path.join('.'))
}

/**
 * Where something of a Flux Kustomization stands in its file.
 * @param path in the object; none: the object itself
 * @returns line and column from 1; `undefined` where the file does not say it
 */
export function placeInFile(
  { documents, text }: FluxFile,
  { document, at }: FluxKustomization,
  path: readonly string[] = [],
): TextPlace | undefined {
  const node = nodeAt(documents[document - 1]?.root ?? null, ...at, ...path)
  return node?.range ? placesIn(text)(node.range[0]) : undefined
}

/** The API versions that Flux has removed, and the version of Flux that did it. */
const removedVersions: Record<string, string> = { v1beta1: '2.7', v1beta2: '2.8' }

/** The API version of a Flux Kustomization, where Flux has removed it, and the version of Flux that did. */
export function removedVersionOf({
  apiVersion,
}: FluxKustomization): { version: string; flux: string } | undefined {
  const version = apiVersion.split('/')[1] ?? ''
  const flux = removedVersions[version]
  return flux === undefined ? undefined : { version, flux }
}
