import { finding } from '../../../findings/finding.ts'
import { declares } from '../../../lib/applied/declared-in.ts'
import { idOf } from '../../../lib/cluster/flux-objects.ts'
import { expressionsIn } from '../../../lib/repository/variables/substitution.ts'
import { openFile } from '../../../lib/sops/reader/open-file.ts'
import type { Evidence } from '../../evidence.ts'
import type { Explainer } from '../failure.ts'
import { applierOf } from './applier.ts'
import { type Declared, findDeclared } from './declared.ts'

/** Finds the file and the line with the variable. */
export const explainVariable: Explainer = async (failure, evidence) => {
  const declared = await findDeclared(failure, evidence)
  if (!declared) return undefined
  const { named, cause } = failure
  const { variable } = cause.facts
  const isMeant = (text: string) => {
    const { needed, isBroken } = expressionsIn(text)
    return variable === undefined ? isBroken : needed.has(variable)
  }
  const place = await placeOfText(declared, isMeant, evidence)
  const facts = { ...cause.facts, what: `${named?.kind} ${named?.name}` }
  return { ...cause, object: undefined, said: undefined, ...place, facts }
}

/** The line that holds a text, plain or decrypted with the key at hand; where the object begins, where it is not seen. */
async function placeOfText(
  { file, text, placeOf }: Declared,
  isMeant: (text: string) => boolean,
  { identities }: Evidence,
) {
  const { values } = await openFile(Buffer.from(text), file, { identities })
  const value = values.find(({ bytes }) => bytes !== undefined && isMeant(`${bytes}`))
  if (value) return { file, line: value.line, column: value.column }
  const line = text.split('\n').findIndex((one) => !/^\s*#/.test(one) && isMeant(one)) + 1
  return line > 0 ? { file, line, column: undefined } : placeOf('kind')
}

/** Finds where the variable with the impossible name is from. */
export const explainVariableName: Explainer = async ({ kustomization, cause }, { snapshot }) => {
  const { variable = '' } = cause.facts
  const { substitute = {}, substituteFrom = [] } = kustomization.spec.postBuild ?? {}
  const holder = substituteFrom.find(({ kind, name }) => {
    const objects = kind === 'Secret' ? snapshot.secrets : snapshot.configMaps
    return Object.hasOwn(objects.get(`${kustomization.metadata.namespace}/${name}`)?.data ?? {}, variable)
  })
  const from = Object.hasOwn(substitute, variable)
    ? 'spec.postBuild.substitute'
    : holder && `${holder.kind} ${holder.name} of spec.postBuild.substituteFrom`
  return from === undefined ? undefined : { ...cause, said: undefined, facts: { variable, from } }
}

/** Finds who should bring what is substituted from. */
export const explainSubstituteFrom: Explainer = async (failure, evidence) => {
  const { kustomization, cause } = failure
  const [kind = '', name = ''] = (cause.facts.what ?? '').split('/')
  const place = { object: `kustomization ${idOf(kustomization)}` }
  const found = (origin: string) =>
    finding('substitute-from-missing', place, { what: `${kind} ${name}`, origin })
  const { snapshot } = evidence
  const objects = kind === 'Secret' ? snapshot.secrets : snapshot.configMaps
  const elsewhere = [...objects.values()].find(({ metadata }) => metadata.name === name)
  if (elsewhere) return found(`: it is in ${elsewhere.metadata.namespace}`)
  const texts = await (await evidence.tried(kustomization))?.manifests()
  const [file] = [...(texts ?? [])].find(([, text]) => declares(text, { kind, name })) ?? []
  if (file === undefined) return found('')
  return found(`: ${file} declares it${applierOf(file, kustomization, snapshot)}`)
}
