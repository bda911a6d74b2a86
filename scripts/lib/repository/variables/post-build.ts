import { type Mapping, textAt, valueAt } from '../../yaml/values.ts'

/** The variables that a Flux Kustomization replaces in what it builds, as far as its file tells: not those of `substituteFrom`. */
export type Variables = Readonly<Record<string, string>>

/** `spec.postBuild.substitute` of a Flux Kustomization. */
export function variablesOf(value: Mapping): Variables {
  const found = valueAt(value, 'spec', 'postBuild', 'substitute')
  const entries = typeof found === 'object' && found !== null ? Object.entries(found) : []
  return Object.fromEntries(entries.filter(([, text]) => typeof text === 'string'))
}

/**
 * A Flux Kustomization with `${NAME}` and `${NAME:=default}` replaced where that decides what it builds: in its namespace,
 * its path, its target namespace, and the variables that it has itself.
 * @param variables of the Kustomization that builds it; one that is not among them stays as it is written
 */
export function substituted(value: Mapping, variables: Variables): Mapping {
  const own = variablesOf(value)
  const { path, targetNamespace } = (value.spec ?? {}) as Mapping
  const namespace = valueAt(value, 'metadata', 'namespace')
  if (![path, targetNamespace, namespace, ...Object.values(own)].some(hasVariable)) return value
  const replaced = (mapping: unknown, ...keys: string[]) => {
    const texts = keys.flatMap((key): [string, string][] => {
      const found = textAt(mapping, key)
      return found === undefined ? [] : [[key, replace(found, variables)]]
    })
    return { ...(mapping as Mapping), ...Object.fromEntries(texts) }
  }
  const spec = replaced(value.spec, 'path', 'targetNamespace')
  const postBuild = Object.keys(own).length > 0 && {
    postBuild: { ...(spec.postBuild as Mapping), substitute: replaced(own, ...Object.keys(own)) },
  }
  return { ...value, metadata: replaced(value.metadata, 'namespace'), spec: { ...spec, ...postBuild } }
}

function hasVariable(text: unknown): boolean {
  return typeof text === 'string' && text.includes('${')
}

function replace(text: string, variables: Variables): string {
  if (!hasVariable(text)) return text
  return text.replace(
    /\$\{(\w+)(?::?[=-]([^}]*))?\}/g,
    (all, name, otherwise) => variables[name] ?? otherwise ?? all,
  )
}
