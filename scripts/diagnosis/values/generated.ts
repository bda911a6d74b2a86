import { posix } from 'node:path'
import type { GeneratorField } from '../../lib/kustomize/kustomization-file.ts'
import type { FileUse } from '../../lib/repository/builds.ts'
import { formatInValue, isEncryptedSource } from '../../lib/sops/format.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { listAt, type Mapping, textAt, valueAt } from '../../lib/yaml/values.ts'
import type { Unreadable } from './compared.ts'
import { type Expected, type Making, transformed } from './expected.ts'
import { type ExpectedValue, linesOfEnvironment, valueOfFile, valuesOfEnvironment } from './file-value.ts'

/** A file of a generator. */
type GeneratorUse = FileUse & { as: GeneratorField }

/**
 * What the generators of a kustomization make of one of their files.
 * @returns none where it is no SOPS file
 */
export async function expectedOfGenerators(use: GeneratorUse, making: Making): Promise<Expected[]> {
  const { file, by = '', as, steps } = use
  const { textOf } = making.build.revision
  if (formatInValue(textOf(file)) === undefined) return []
  const [kind = '', field = ''] = as.split('.')
  const [document] = parseDocuments(textOf(by))
  const isThis = (path: unknown) =>
    typeof path === 'string' && posix.join(posix.dirname(by), path.slice(path.indexOf('=') + 1)) === file
  const generators = listAt(document?.value, kind).filter((one) => [valueAt(one, field)].flat().some(isThis))
  const values = await valuesOf(use, making)
  return generators.map((generator) => {
    const object = generated(generator, kind === 'secretGenerator' ? 'Secret' : 'ConfigMap')
    const { built, mayChange } = transformed(object, steps)
    return {
      file,
      kind: `${object.kind}`,
      name: making.substituteIn(built)(textAt(built, 'metadata', 'name') ?? '') ?? '',
      namespace: textAt(built, 'metadata', 'namespace'),
      writtenName: textAt(generator, 'name') ?? '',
      hashed: true,
      mayChange,
      ...('why' in values ? { values: new Map(), why: values.why } : { values, why: undefined }),
    }
  })
}

type Values = ReadonlyMap<string, ExpectedValue> | { why: Unreadable }

/** Flux decrypts in place what a `secretGenerator` names, and what else names it gets it in the clear. */
async function valuesOf(
  { file, as, name: key }: GeneratorUse,
  { build, identities }: Making,
): Promise<Values> {
  const text = build.revision.textOf(file)
  const inPlace = build.build.uses.find(
    (use) =>
      use.file === file &&
      ((use.as === 'secretGenerator.files' && isEncryptedSource(text, use.name)) ||
        (use.as === 'secretGenerator.envs' && isEncryptedSource(text, use.name, true))),
  )
  if (as.endsWith('.files')) {
    const isDecrypted = as === 'secretGenerator.files' || inPlace?.as === 'secretGenerator.files'
    const value = isDecrypted ? await valueOfFile(text, key, identities) : { bytes: Buffer.from(text) }
    return new Map([[key, value]])
  }
  return inPlace ? valuesOfEnvironment(text, inPlace.name, identities) : linesOfEnvironment(text)
}

function generated(generator: unknown, kind: 'Secret' | 'ConfigMap'): Mapping {
  const [name, namespace] = [textAt(generator, 'name'), textAt(generator, 'namespace')]
  const [labels, annotations] = ['labels', 'annotations'].map((key) => valueAt(generator, 'options', key))
  const metadata = { name, ...(namespace && { namespace }), labels, annotations }
  return { apiVersion: 'v1', kind, metadata }
}
