import { type Mapping, textAt, valueAt } from '../yaml/values.ts'
import type { Passing, Step } from './builds.ts'
import type { FluxKustomization } from './flux-file.ts'

/** A Flux Kustomization as it gets into a cluster. */
export interface Context {
  /** The Flux Kustomization whose path takes it in; `undefined` where none of this repository does. */
  parent: FluxKustomization | undefined
  /** The object with all that kustomize and the parent do to it. */
  value: Mapping
  /** What gave it `spec.decryption` on the way. */
  decryptionBy: Step | undefined
}

/**
 * An object with all that is done to it on its way.
 * @param declared the Kustomization whose path takes it in, and `parent` the object that it is in the cluster
 */
export function contextOf(
  { source, steps }: Passing,
  parent?: Mapping,
  declared?: FluxKustomization,
): Context {
  let value = source.value as Mapping
  let decryptionBy: Step | undefined
  for (const step of steps) {
    const had = hasDecryption(value)
    value = step.apply(value)
    const has = hasDecryption(value)
    if (has !== had) decryptionBy = has ? step : undefined
  }
  return { parent: declared, value: substituted(value, parent), decryptionBy }
}

/** Whether an object has a decryption block that Flux takes. */
function hasDecryption(value: unknown): boolean {
  return textAt(value, 'spec', 'decryption', 'provider') !== undefined
}

function substitutions(value: Mapping): Record<string, string> {
  const found = valueAt(value, 'spec', 'postBuild', 'substitute')
  const entries = typeof found === 'object' && found !== null ? Object.entries(found) : []
  return Object.fromEntries(entries.filter(([, text]) => typeof text === 'string'))
}

/** `${NAME}` and `${NAME:=default}` in where it gets to, what it builds, and what it hands on to its own children. */
function substituted(value: Mapping, parent: Mapping | undefined): Mapping {
  const own = substitutions(value)
  const { path, targetNamespace } = (value.spec ?? {}) as Mapping
  const namespace = valueAt(value, 'metadata', 'namespace')
  const hasVariable = (found: unknown) => typeof found === 'string' && found.includes('${')
  if (![path, targetNamespace, namespace, ...Object.values(own)].some(hasVariable)) return value
  const variables = parent ? substitutions(parent) : {}
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

function replace(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\{(\w+)(?::?[=-]([^}]*))?\}/g,
    (all, name, otherwise) => variables[name] ?? otherwise ?? all,
  )
}
