import type { SeenBuild } from '../../lib/applied/seen-builds.ts'
import type { FileUse } from '../../lib/repository/builds.ts'
import { keepingMark } from '../../lib/repository/marks.ts'
import type { Step } from '../../lib/repository/steps.ts'
import { formatInValue } from '../../lib/sops/format.ts'
import { isBase64Text } from '../../lib/yaml/base64.ts'
import { isMapping, type Mapping, textAt, valueAt } from '../../lib/yaml/values.ts'
import type { Unreadable } from './compared.ts'
import { decryptObject, type Identities, isDecryptedWhole } from './decrypt-object.ts'
import { type ExpectedValue, valueOfFile } from './file-value.ts'
import type { BuiltId } from './locate.ts'
import type { Substitute } from './substituted-value.ts'

/** An object, or a part of one, that a build makes of an encrypted file. It holds secrets. */
export interface Expected extends BuiltId {
  /** Relative to the root of the repository. */
  file: string
  /** What may change it and is not followed: `kustomization.yaml uses replacements`. */
  mayChange: string | undefined
  /** By data key. */
  values: ReadonlyMap<string, ExpectedValue>
  /** Why not even its data keys are known. */
  why: Unreadable | undefined
}

/** What the objects of one build have in common. */
export interface Making {
  build: SeenBuild
  identities: Identities
  substituteIn: (object: Mapping) => Substitute
}

/** The kinds whose values are compared. */
export type DataKind = 'Secret' | 'ConfigMap'

/** Whether an object is of a kind whose values are compared. */
export function isDataKind(kind: unknown): kind is DataKind {
  return kind === 'Secret' || kind === 'ConfigMap'
}

/**
 * What a build makes of an object of a file: its transformers come first, then it is decrypted, then variables are replaced.
 * @param steps that change it
 * @param written its name and kind in its file, or what a patch or a generator says of it
 * @returns `undefined` where it turns out to be of another kind
 */
export async function expectedOf(
  object: Mapping,
  { steps, file }: Pick<FileUse, 'steps' | 'file'>,
  { identities, substituteIn }: Making,
): Promise<Expected | undefined> {
  const { built, mayChange } = transformed(object, steps)
  const decrypted = isDecryptedWhole(built) ? await decryptObject(built, identities) : { clear: built }
  const clear = 'clear' in decrypted ? decrypted.clear : built
  const why = 'why' in decrypted ? decrypted.why : undefined
  const kind = valueAt(clear, 'kind')
  // of one that can't be decrypted the kind may be ciphertext
  if (!isDataKind(kind) && !why) return undefined
  const substitute = substituteIn(clear)
  const text = (key: string) => textAt(clear, 'metadata', key)
  const name = text('name') ?? ''
  const values = why
    ? new Map([...dataKeys(built)].map((key): [string, ExpectedValue] => [key, { why }]))
    : await valuesOf(clear, { isWhole: clear !== built, substitute, identities })
  return {
    file,
    kind: `${kind}`,
    name: substitute(name) ?? name,
    namespace: text('namespace'),
    writtenName: textAt(object, 'metadata', 'name') ?? '',
    hashed: false,
    mayChange: mayChange ?? keepingMark(clear),
    values,
    why: undefined,
  }
}

/** An object behind the steps of its build, with the first that may change it in a way that is not followed. */
export function transformed(
  object: Mapping,
  steps: readonly Step[],
): { built: Mapping; mayChange: string | undefined } {
  let built = object
  let mayChange: string | undefined
  for (const step of steps) {
    const field = step.mayChange(built)
    if (field !== undefined) mayChange ??= `${step.by || 'the Kustomization'} uses ${field}`
    built = step.apply(built)
  }
  return { built, mayChange }
}

function dataKeys(object: Mapping): Set<string> {
  const keys = ['data', 'stringData', 'binaryData'].flatMap((field) => Object.keys(mappingAt(object, field)))
  return new Set(keys)
}

function mappingAt(object: Mapping, field: string): Mapping {
  const found = valueAt(object, field)
  return isMapping(found) ? found : {}
}

/** The values as the API server keeps them: `stringData` comes over `data`. */
async function valuesOf(
  object: Mapping,
  { isWhole, substitute, identities }: { isWhole: boolean; substitute: Substitute; identities: Identities },
): Promise<Map<string, ExpectedValue>> {
  const values = new Map<string, ExpectedValue>()
  const isSecret = valueAt(object, 'kind') === 'Secret'
  const put = async (
    field: string,
    make: (text: string, key: string) => ExpectedValue | Promise<ExpectedValue>,
  ) => {
    for (const [key, value] of Object.entries(mappingAt(object, field))) {
      const text = typeof value === 'string' ? substitute(value) : undefined
      const what = `${field}.${key}: ${typeof value === 'string' ? 'its variables' : 'it is no text'}`
      values.set(key, text === undefined ? notFollowed(what) : await make(text, key))
    }
  }
  const plain = (text: string) => ({ bytes: Buffer.from(text) })
  const encoded = (text: string, key: string) => {
    if (!isBase64Text(text)) return notFollowed(`${key} is not base64`)
    const bytes = Buffer.from(text, 'base64')
    const inner = bytes.toString()
    // of an object that is a SOPS file itself nothing is decrypted twice
    const isFile = isSecret && !isWhole && formatInValue(inner) !== undefined
    return isFile ? valueOfFile(inner, key, identities) : { bytes }
  }
  await put('binaryData', encoded)
  await put('data', isSecret ? encoded : plain)
  if (isSecret) await put('stringData', plain)
  return values
}

function notFollowed(what: string): { why: Unreadable } {
  return { why: { code: 'not-followed', what } }
}
