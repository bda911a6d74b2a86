import { finding } from '../../findings/finding.ts'
import { someOf } from '../../findings/some-of.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import { blockFaultOf, describeFault } from '../../lib/repository/decryption/block-fault.ts'
import { textAt } from '../../lib/yaml/values.ts'
import type { Evidence } from '../evidence.ts'
import { declarationIn, declarationsOf } from '../repository/declarations.ts'
import type { Explainer } from './failure.ts'

/** Finds the decryption block that the API server refuses, in the Kustomization that this one builds. */
export const explainRefusedBlock: Explainer = async ({ kustomization, cause, named }, evidence) => {
  if (!named) return undefined
  const declared = await declarationIn(kustomization, named, evidence)
  const fault = declared && blockFaultOf(declared.value)
  if (!fault) return undefined
  const at = await declarationIn(kustomization, named, evidence, fault.path)
  return finding(
    'refused-block',
    { object: cause.object, file: declared.file, line: at?.line },
    { of: `${named.kind} ${named.name}: `, fault: describeFault(fault.fault) },
  )
}

/** How many files are listed. */
const most = 3

/** Finds the files with an API version that Flux has removed. */
export const explainVersion: Explainer = async ({ kustomization, cause }, { revisionOf }) => {
  const revision = await revisionOf(kustomization)
  const version = cause.facts.version ?? ''
  const kind = cause.facts.kind ?? ''
  if (!revision) return undefined
  const { uses } = revision.built(kustomization)
  const files = [...new Set(uses.map(({ file }) => file))].filter((file) =>
    revision.textOf(file).includes(version),
  )
  if (files.length === 0) return undefined
  const [file = ''] = files
  const line =
    revision
      .textOf(file)
      .split('\n')
      .findIndex((text) => text.includes(version)) + 1
  return finding(
    'version-refused',
    { object: cause.object, file, line },
    { kind, version, files: `: ${someOf(files, most)}` },
  )
}

/** Finds the Kustomization that would bring the definition of a kind which the API server does not know. */
export const explainKind: Explainer = async ({ kustomization, cause, named }, evidence) => {
  const { kind = '', version = '' } = cause.facts
  const declared = named && (await declarationIn(kustomization, named, evidence))
  const definition = await definitionOf(kind, version, evidence)
  return finding(
    'kind-unknown',
    { object: cause.object, file: declared?.file, line: declared?.line },
    { kind, version, builds: definition },
  )
}

async function definitionOf(kind: string, version: string, evidence: Evidence): Promise<string> {
  const [group = ''] = version.split('/')
  const plural = `${kind.toLowerCase()}s.${group}`
  const found = await declarationsOf({ kind: 'CustomResourceDefinition', name: plural }, evidence)
  const maker = found.find(
    ({ value, by }) => textAt(value, 'spec', 'names', 'kind') === kind && by.length > 0,
  )
  const [by] = maker?.by ?? []
  return by && maker ? `; Kustomization ${idOf(by)} would bring it (${maker.file})` : ''
}
