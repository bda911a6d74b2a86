import { createHash } from 'node:crypto'
import { plainTree } from '../../../../lib/sops/plain-file.ts'
import { placesIn } from '../../../../lib/sops/reader/places.ts'
import type { TextPlace } from '../../../../lib/sops/reader/reading.ts'
import { type TreeBranch, type TreeNode, walk } from '../../../../lib/sops/reader/tree.ts'
import { secretDocuments } from '../../secret-files.ts'
import { isInnocent } from './innocent.ts'

/** A value in the clear that may be a secret. */
export interface OpenValue extends TextPlace {
  path: readonly string[]
  /** Whether it is the value of a Secret of Kubernetes. */
  ofSecret: boolean
  /** Tells whether another value is the same. */
  digest: string
}

/** What a plain file holds. */
export interface PlainContent {
  /** Without those that are no secret by what they look like. */
  values: OpenValue[]
  /** Whether it has nothing but objects of Kubernetes. */
  isManifest: boolean
}

/**
 * Reads a file that is not encrypted.
 * @param file its name tells the format
 * @returns no value leaves this module; `undefined` for what can't be read, as templates can't
 */
export function readPlain(bytes: Buffer, file: string): PlainContent | undefined {
  const documents = plainTree(bytes, file)?.filter(({ items }) => items.length > 0)
  if (!documents) return undefined
  const placeOf = placesIn(bytes.toString())
  return {
    values: documents.flatMap((document) => valuesIn(document, placeOf)),
    isManifest: documents.every((document) => kindOf(document) !== undefined),
  }
}

/** What every Secret with values has. */
const dataField = /(?:^|[\s"'{,])(?:d|stringD)ata\b/m

/**
 * Reads only the values of Secrets in a file of manifests, those in lists among them: most files hold none, and of large ones one document is enough.
 * @returns as `readPlain`; empty where there are none, or they can't be read
 */
export function readSecrets(bytes: Buffer, file: string): OpenValue[] {
  const text = bytes.toString()
  const documents = secretDocuments(text).filter((document) => dataField.test(document.text))
  if (documents.length === 0) return []
  const placeOf = placesIn(text)
  return documents.flatMap(({ text: own, offset }) => {
    const trees = plainTree(Buffer.from(own), file) ?? []
    const values = trees
      .flatMap(objectsIn)
      .flatMap((object) => valuesIn(object, (at) => placeOf(offset + at)))
    return values.filter(({ ofSecret }) => ofSecret)
  })
}

/** The objects of a document: those that a list has under `items`, as kustomize takes them, or itself. */
function objectsIn(document: TreeBranch): TreeBranch[] {
  const items = fieldOf(document, 'items')
  if (!kindOf(document)?.endsWith('List') || items?.kind !== 'list') return [document]
  return items.items.filter((item) => item.kind === 'branch').flatMap(objectsIn)
}

function fieldOf({ items }: TreeBranch, name: string): TreeNode | undefined {
  const entry = items.find((item) => item.kind === 'entry' && item.key === name)
  return entry?.kind === 'entry' ? entry.value : undefined
}

/** `undefined` of what is no object. */
function kindOf(document: TreeBranch): string | undefined {
  const text = (name: string) => {
    const value = fieldOf(document, name)
    return value?.kind === 'leaf' ? `${value.value}` : undefined
  }
  return text('apiVersion') === undefined ? undefined : text('kind')
}

/** A digest of a value, for those who must not keep it. */
export function digestOf(value: Buffer): string {
  return createHash('sha256').update(value).digest('base64')
}

/** The fields of an object of Kubernetes that say what it is. */
export const describingFields: ReadonlySet<string | undefined> = new Set([
  'apiVersion',
  'kind',
  'metadata',
  'type',
  'immutable',
])

function valuesIn(document: TreeBranch, placeOf: (offset: number) => TextPlace): OpenValue[] {
  const kind = kindOf(document)
  const found: OpenValue[] = []
  walk(document, (node, path) => {
    const [first = ''] = path
    if (node.kind === 'comment' || node.value === null || (kind && describingFields.has(first))) return
    const ofSecret = kind === 'Secret' && (first === 'data' || first === 'stringData')
    const text = String(node.value)
    const value = ofSecret && first === 'data' ? Buffer.from(text, 'base64').toString() : text
    // what is written under data may be a template in the place of base64
    if ([text, value].some((one) => isInnocent(path.at(-1) ?? '', one))) return
    found.push({ path, ofSecret, digest: digestOf(Buffer.from(text)), ...placeOf(node.offset) })
  })
  return found
}
