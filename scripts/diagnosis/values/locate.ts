import { type InventoryEntry, inventoryOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'

/** An object as a build makes it, as far as that is followed. */
export interface BuiltId {
  kind: string
  /** `undefined` where none is said. */
  namespace: string | undefined
  name: string
  /** As its file or its generator has it. */
  writtenName: string
  /** Whether kustomize puts a hash behind the name, or may do so. */
  hashed: boolean
}

/** What kustomize puts behind the name of what it generates (api/hasher/hasher.go of kustomize v0.21.1). */
const hash = /^-[a-z0-9]{10}$/

/**
 * Finds the entry of an inventory that is an object of the build: the one that is called so; else the only one of its kind
 * that has the name which the build or the file gives it.
 * @returns `undefined` where there is none, or there are several, so that it would be guessed
 */
export function locate(kustomization: Kustomization, built: BuiltId): InventoryEntry | undefined {
  const entries = inventoryOf(kustomization).filter(({ kind, group }) => kind === built.kind && group === '')
  const isCalled = (name: string) => (entry: InventoryEntry) =>
    entry.name === name ||
    (built.hashed && entry.name.startsWith(name) && hash.test(entry.name.slice(name.length)))
  const inNamespace = entries.filter(({ namespace }) => namespace === built.namespace)
  const exact = inNamespace.filter(({ name }) => name === built.name)
  for (const found of [
    exact,
    inNamespace.filter(isCalled(built.name)),
    entries.filter(isCalled(built.name)),
    entries.filter(isCalled(built.writtenName)),
  ])
    if (found.length > 0) return found.length === 1 ? found[0] : undefined
  return undefined
}
