import { dataObjectFindings } from '../../../findings/data-object/all.ts'
import { type FindingPlace, finding, severityOf } from '../../../findings/finding.ts'
import { idOf } from '../../../lib/cluster/flux-objects.ts'
import { type DataObject, dataObjectsIn } from '../../../lib/sops/files/data-objects.ts'
import { plainValues } from '../../../lib/sops/plain-file.ts'
import { openFile } from '../../../lib/sops/reader/open-file.ts'
import { isBase64Text } from '../../../lib/yaml/base64.ts'
import type { Evidence } from '../../evidence.ts'
import type { Explainer, Failure } from '../failure.ts'
import { type Declared, findDeclared } from './declared.ts'
import { explainEncryptedFile } from './encrypted-file.ts'

/** Finds the value that is no text; the message names its key. */
export const explainNotAString: Explainer = async (failure, evidence) => {
  const { says, named } = failure
  const [, field, key] = /\.(stringData|data|binaryData)\.(\S+): expected string, got/.exec(says) ?? []
  if (field === undefined || key === undefined) return undefined
  const declared = await findDeclared(failure, evidence, [field, key])
  if (!declared) return undefined
  const what = `\`${field}.${key}\` of ${named?.kind} ${named?.name}`
  return finding('not-a-string', declared.placeOf(field, key), { what })
}

/** Finds the value that is not base64, which the message does not name. */
export const explainNotBase64: Explainer = async (failure, evidence) => {
  const declared = await findDeclared(failure, evidence)
  const object = declared && (await dataOf(declared, failure, evidence))
  if (!object) return explainEncryptedFile(failure, evidence)
  const { file, placeOf } = declared
  const entries = object.entries.filter(({ isBase64 }) => isBase64)
  const isWrong = ({ text }: (typeof entries)[number]) => text !== undefined && !isBase64Text(text)
  // of what is encrypted, only what is alone is certain
  const wrong = entries.find(isWrong) ?? (entries.length === 1 ? entries[0] : undefined)
  if (!wrong) return finding('not-base64', placeOf('data'), {})
  const { path, line, column } = wrong
  return finding('data-not-base64', { file, line, column }, { path, file })
}

/** Finds the field that the API server refuses, of whatever object. */
const explainField: Explainer = async (failure, evidence) => {
  const { cause, named } = failure
  const field = cause.facts.field ?? ''
  const declared = await findDeclared(failure, evidence)
  if (!declared || !named) return undefined
  // what is in a list is not followed
  const path = field.replace(/\[.*/, '').split('.').filter(Boolean)
  return finding('field-refused', declared.placeOf(...path), {
    field,
    what: `${named.kind} ${named.name}`,
    why: cause.facts.why ?? '',
  })
}

/** Finds what the API server refuses in a Secret or ConfigMap, or in what a generator makes of a file. */
export const explainInvalid: Explainer = async (failure, evidence) => {
  const declared = await findDeclared(failure, evidence)
  const object = declared && (await dataOf(declared, failure, evidence))
  const [found] = object
    ? dataObjectFindings(object, declared.file).filter((one) => severityOf(one) === 'error')
    : []
  if (found) return found
  if (failure.cause.code === 'data-key-refused') return explainEncryptedFile(failure, evidence)
  return explainField(failure, evidence)
}

/** The Secret or ConfigMap that a Kustomization complains of. */
async function dataOf(
  { file, text }: Declared,
  { named }: Failure,
  { identities }: Evidence,
): Promise<DataObject | undefined> {
  const bytes = Buffer.from(text)
  const { metadata, values } = await openFile(bytes, file, { identities })
  const objects = dataObjectsIn(metadata ? values : (plainValues(bytes, file) ?? []))
  return objects.find(
    ({ kind, textAt }) => kind === named?.kind && textAt('metadata', 'name')?.text === named.name,
  )
}

/** Names the object that cannot be changed, and its field. */
export const explainImmutable: Explainer = async (failure, evidence) => {
  const { named, says, kustomization } = failure
  if (!named) return undefined
  const [, field] = /is invalid: \[?([\w.[\]]+): /.exec(says) ?? []
  const declared = await findDeclared(failure, evidence)
  const place: FindingPlace = declared
    ? declared.placeOf(...(field === undefined ? [] : [field]))
    : { object: `kustomization ${idOf(kustomization)}` }
  return finding('immutable', place, {
    what: `${named.kind} ${named.name}`,
    field: field === undefined ? '' : `: its field \`${field}\` is immutable`,
  })
}
