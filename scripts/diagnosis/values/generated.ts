import { posix } from 'node:path'
import type { FileUse } from '../../lib/repository/builds.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { listAt, type Mapping, textAt, valueAt } from '../../lib/yaml/values.ts'
import { type Expected, type Making, transformed } from './expected.ts'
import { type ExpectedValue, valueOfFile, valuesOfEnvironment } from './file-value.ts'

/**
 * What the generators of a kustomization make of one of their encrypted files.
 * @param use of a file in `secretGenerator`
 */
export async function expectedOfGenerators(use: FileUse, making: Making): Promise<Expected[]> {
  const { file, by = '', name: key, as, steps } = use
  const { build, identities, substituteIn } = making
  const [document] = parseDocuments(build.textOf(by))
  const isThis = (path: unknown) =>
    typeof path === 'string' && posix.join(posix.dirname(by), path.slice(path.indexOf('=') + 1)) === file
  const field = as === 'secretGenerator.envs' ? 'envs' : 'files'
  const generators = listAt(document?.value, 'secretGenerator').filter((one) =>
    listAt(one, field).some(isThis),
  )
  const text = build.textOf(file)
  const found: Expected[] = []
  for (const generator of generators) {
    const values =
      field === 'envs'
        ? await valuesOfEnvironment(text, key, identities)
        : new Map<string, ExpectedValue>([[key, await valueOfFile(text, key, identities)]])
    const { built, mayChange } = transformed(secretOf(generator), steps)
    found.push({
      file,
      kind: 'Secret',
      name: substituteIn(built)(textAt(built, 'metadata', 'name') ?? '') ?? '',
      namespace: textAt(built, 'metadata', 'namespace'),
      writtenName: textAt(generator, 'name') ?? '',
      hashed: true,
      mayChange,
      ...(values instanceof Map ? { values, why: undefined } : { values: new Map(), why: values.why }),
    })
  }
  return found
}

function secretOf(generator: unknown): Mapping {
  const { name, namespace } = { name: textAt(generator, 'name'), namespace: textAt(generator, 'namespace') }
  const options = valueAt(generator, 'options')
  const metadata = {
    name,
    ...(namespace && { namespace }),
    labels: valueAt(options, 'labels'),
    annotations: valueAt(options, 'annotations'),
  }
  return { apiVersion: 'v1', kind: 'Secret', metadata }
}
