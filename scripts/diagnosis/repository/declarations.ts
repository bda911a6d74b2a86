import type { DeclaredObject, ObjectName, WholeRevision } from '../../lib/applied/whole-revision.ts'
import type { Kustomization } from '../../lib/cluster/flux-objects.ts'
import type { Build } from '../../lib/repository/builds.ts'
import type { Evidence } from '../evidence.ts'

/** A file that declares an object, and what applies it. */
export interface Declaration extends DeclaredObject {
  revision: WholeRevision
  /** The Kustomizations of the cluster that build it; none: nothing applies it. */
  by: readonly Kustomization[]
}

/** Where the revisions of a cluster declare an object, and which Kustomizations are to apply it. */
export async function declarationsOf(
  object: ObjectName,
  { snapshot, revisionOf }: Evidence,
  path: readonly string[] = [],
): Promise<Declaration[]> {
  const all = [...snapshot.kustomizations.values()]
  const revisions = await Promise.all(all.map(revisionOf))
  const users = Map.groupBy(all.keys(), (index) => revisions[index])
  return [...users].flatMap(([revision, indexes]) =>
    (revision?.declaring(object, path) ?? []).flatMap((declared) => {
      const isBuilder = (one: Kustomization) => revision && builds(revision.built(one), declared.file)
      const by = indexes.flatMap((index) => all[index] ?? []).filter(isBuilder)
      return revision ? [{ ...declared, revision, by }] : []
    }),
  )
}

/** Where a Kustomization has an object from; `undefined` where none of the files that it builds declares it as it is. */
export async function declarationIn(
  kustomization: Kustomization,
  object: ObjectName,
  { revisionOf }: Evidence,
  path: readonly string[] = [],
): Promise<DeclaredObject | undefined> {
  const revision = await revisionOf(kustomization)
  const found = revision?.declaring(object, path) ?? []
  return found.find(({ file }) => revision && builds(revision.built(kustomization), file))
}

const filesOf = new WeakMap<Build, Set<string>>()

/** Whether a build holds what a file declares. */
export function builds(build: Build, file: string): boolean {
  const files = filesOf.get(build) ?? new Set(build.uses.map((use) => use.file))
  filesOf.set(build, files)
  return files.has(file)
}
