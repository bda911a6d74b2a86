import type { Kustomization } from '../../lib/cluster/flux-objects.ts'
import { isNotSubstituted, substitutionOf } from '../../lib/repository/variables/substitution.ts'
import { isMapping, type Mapping } from '../../lib/yaml/values.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'

/** Makes of a text what Flux makes of it after decryption; `undefined` where that is not certain. */
export type Substitute = (text: string) => string | undefined

/**
 * How a Kustomization replaces variables in an object, with those of the Secrets and ConfigMaps that it takes them from
 * (LoadVariables in fluxcd/pkg/kustomize v1.35.4 kustomize_varsub.go).
 */
export function substituteFor(
  kustomization: Kustomization,
  snapshot: Snapshot,
): (object: Mapping) => Substitute {
  const substitution = substitutionOf(kustomization as unknown as Mapping)
  const from = substitution?.hasMore ? variablesFrom(kustomization, snapshot) : {}
  const variables = from && { ...from, ...substitution?.variables }
  return (object) => {
    if (!substitution || isNotSubstituted(object)) return (text) => text
    return (text) => evaluated(text, variables)
  }
}

/** @returns `undefined` where one of them can't be seen */
function variablesFrom(
  { metadata, spec }: Kustomization,
  { secrets, configMaps }: Snapshot,
): Record<string, string> | undefined {
  const variables: Record<string, string> = {}
  for (const { kind, name, optional } of spec.postBuild?.substituteFrom ?? []) {
    const id = `${metadata.namespace}/${name}`
    const isSecret = kind === 'Secret'
    const data = isSecret ? secrets.get(id)?.data : configMaps.get(id)?.data
    if (!isMapping(data) && !optional) return undefined
    for (const [key, value] of Object.entries(data ?? {}))
      variables[key] = isSecret ? Buffer.from(value, 'base64').toString() : value
  }
  return variables
}

/** An expression of the kinds that people use: `${NAME}`, `${NAME:=default}`, `${NAME:-default}`; `$$` before a brace makes it a text. */
const expression = /\$(\$?)\{(?:([\p{L}\p{Nd}_]+)(?::[=-]([^${}]*))?\})?|\$\$/gu

/** What stays one text of YAML wherever it stands: Flux replaces in the YAML of the object, and reads that again. */
const plainText = /^[\w./@+=~^:-]*(?<!:)$/

/** What YAML takes for something else than a text where it stands without quotes. */
const otherType = /^(?:[-+.]?\d[\d_.,:eExXoObBa-fA-F+-]*|\.inf|\.nan|true|false|yes|no|on|off|y|n|null|~|)$/i

function evaluated(text: string, variables: Record<string, string> | undefined): string | undefined {
  if (!text.includes('$')) return text
  let isCertain = true
  const result = text.replace(expression, (all, escaped, name, otherwise) => {
    if (all === '$$') return '$'
    if (escaped) return all.slice(1)
    const set =
      variables && name !== undefined && Object.hasOwn(variables, name) ? variables[name] : undefined
    // a default stands for an empty one as well
    const value = set ? set.replaceAll('\n', '') : (otherwise ?? set)
    isCertain &&= variables !== undefined && value !== undefined && plainText.test(value)
    return value ?? all
  })
  return isCertain && !(otherType.test(result) && result !== text) ? result : undefined
}
