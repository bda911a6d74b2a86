import { posix } from 'node:path'
import type { FileUse } from '../../lib/repository/builds.ts'
import { ciphertextMarks, hasSopsBlock, isCiphertext } from '../../lib/sops/format.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { isMapping, listAt, type Mapping, textAt, valueAt } from '../../lib/yaml/values.ts'
import type { Unreadable } from './compared.ts'
import { type Expected, expectedOf, isDataKind, type Making } from './expected.ts'
import { expectedOfGenerators } from './generated.ts'

/** What a build holds that is encrypted. It holds secrets. */
export interface ExpectedObjects {
  objects: Expected[]
  /** Encrypted objects of other kinds. */
  otherKinds: string[]
  /** Files of which not even the object is known. */
  unknown: { file: string; why: Unreadable }[]
}

/** Finds the encrypted Secrets and ConfigMaps of a build, with the values that Flux makes of them. */
export async function expectedObjects(making: Making): Promise<ExpectedObjects> {
  const found: ExpectedObjects = { objects: [], otherKinds: [], unknown: [] }
  const { build, revision } = making.build
  for (const use of build.uses) {
    const text = revision.textOf(use.file)
    if (!ciphertextMarks.some((mark) => text.includes(mark))) continue
    const { as } = use
    if (as === 'resources' || as === 'patches' || as === 'patchesStrategicMerge')
      await addDocuments(use, making, found)
    else if (as !== 'kustomization' && as !== 'patchesJson6902')
      found.objects.push(...(await expectedOfGenerators({ ...use, as }, making)))
  }
  return found
}

async function addDocuments(use: FileUse, making: Making, found: ExpectedObjects): Promise<void> {
  const { file, as } = use
  for (const { value, problem } of parseDocuments(making.build.revision.textOf(file))) {
    if (problem !== undefined)
      found.unknown.push({ file, why: { code: 'not-followed', what: `${file} can't be read (${problem})` } })
    for (const object of objectsIn(value)) {
      const kind = textAt(object, 'kind') ?? ''
      if (!isEncrypted(object)) continue
      if (!isDataKind(kind) && !isCiphertext(kind)) {
        found.otherKinds.push(kind)
        continue
      }
      const part = as === 'resources' ? { object, use } : partOfPatch(object, use, making)
      if (!part) {
        found.unknown.push({ file, why: { code: 'not-followed', what: `the target of the patch ${file}` } })
        continue
      }
      const expected = await expectedOf(part.object, part.use, making)
      if (expected && isCiphertext(expected.kind)) found.unknown.push({ file, why: whyOf(expected) })
      else if (expected) found.objects.push(expected)
      else found.otherKinds.push('of an encrypted kind')
    }
  }
}

/** The objects of a document: kustomize takes a list apart. */
function objectsIn(value: unknown): Mapping[] {
  if (!isMapping(value)) return []
  const isList = textAt(value, 'kind')?.endsWith('List') && Array.isArray(value.items)
  return isList ? listAt(value, 'items').filter(isMapping) : [value]
}

/** Why an object could not be decrypted, whose kind is ciphertext. */
function whyOf({ values }: Expected): Unreadable {
  const found = [...values.values()].find((value) => 'why' in value)
  return found?.why ?? { code: 'not-followed', what: 'its kind is encrypted' }
}

/** In a file of several documents some may be plain. What a ConfigMap quotes is a text like any other. */
function isEncrypted(object: Mapping): boolean {
  if (hasSopsBlock(object)) return true
  if (object.kind !== 'Secret') return false
  const values = ['data', 'stringData'].flatMap((field) => Object.values(valueAt(object, field) ?? {}))
  return values.some(
    (value) =>
      typeof value === 'string' && ciphertextMarks.some((mark) => value.replace(/\s/g, '').includes(mark)),
  )
}

/** A pattern that can be only one name. */
const oneName = /^[a-z0-9][a-z0-9-]*$/

/**
 * A strategic merge patch as a part of the object that it is for, with the steps of the others.
 * @returns `undefined` where its target may be several objects
 */
function partOfPatch(
  object: Mapping,
  use: FileUse,
  { build }: Making,
): { object: Mapping; use: Pick<FileUse, 'steps' | 'file'> } | undefined {
  const { file, steps, by = '' } = use
  // merged once more it would bring back its ciphertext
  const others = { file, steps: use.as === 'patches' ? steps.filter((step) => step.by !== file) : steps }
  const [kustomization] = parseDocuments(build.revision.textOf(by))
  const entry = listAt(kustomization?.value, 'patches').find((one) => {
    const path = textAt(one, 'path')
    return path !== undefined && posix.join(posix.dirname(by), path) === file
  })
  const target = valueAt(entry, 'target')
  if (use.as !== 'patches' || target === undefined) return { object, use: others }
  const name = textAt(target, 'name')
  if (name === undefined || !oneName.test(name)) return undefined
  const namespace = textAt(target, 'namespace')
  const metadata = { ...(object.metadata as Mapping), name, ...(namespace && { namespace }) }
  return { object: { ...object, metadata }, use: others }
}
