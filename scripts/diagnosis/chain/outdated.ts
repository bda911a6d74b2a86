import { isDeepStrictEqual } from 'node:util'
import { conditionOf, inventoryOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { render } from '../../lib/repository/rendered.ts'
import { variablesOf } from '../../lib/repository/variables/post-build.ts'
import { isMapping, type Mapping, textAt, valueAt } from '../../lib/yaml/values.ts'
import type { Evidence } from '../evidence.ts'

/** A Kustomization that is not as its file says, since the one that applies it fails or is suspended. */
export interface Outdated {
  child: Kustomization
  parent: Kustomization
  /** Where its spec is declared. */
  file: string
  line: number | undefined
}

const known = new WeakMap<Evidence, Promise<Outdated[]>>()

/** Finds the Kustomizations that keep the spec which they had when the one that applies them came to it last. Found once. */
export function findOutdated(evidence: Evidence): Promise<Outdated[]> {
  const outdated = known.get(evidence) ?? compareAll(evidence)
  known.set(evidence, outdated)
  return outdated
}

async function compareAll(evidence: Evidence): Promise<Outdated[]> {
  const { kustomizations } = evidence.snapshot
  const stopped = [...kustomizations.values()].filter(
    (one) => one.spec.suspend || conditionOf(one, 'Ready')?.status === 'False',
  )
  const pairs = stopped.flatMap((parent) =>
    inventoryOf(parent)
      .filter(({ kind, group }) => kind === 'Kustomization' && group === 'kustomize.toolkit.fluxcd.io')
      .flatMap(({ namespace, name }) => kustomizations.get(`${namespace}/${name}`) ?? [])
      // many apply themselves
      .filter((child) => child !== parent)
      .map((child) => ({ parent, child })),
  )
  const found = await Promise.all(pairs.map(({ parent, child }) => compare(parent, child, evidence)))
  return found.flat()
}

async function compare(
  parent: Kustomization,
  child: Kustomization,
  { revisionOf }: Evidence,
): Promise<Outdated[]> {
  const revision = await revisionOf(parent)
  const { name, namespace } = child.metadata
  const variables = variablesOf(parent as unknown as Mapping)
  const declared = revision?.built(parent).flux.filter(({ source }) => source.name === name) ?? []
  return declared.flatMap((one) => {
    const { value, gaps } = render(one, { source: one.source, variables, gaps: [] })
    // what is not known of it may be the reason that it is another one
    if (gaps.length > 0 || textAt(value, 'metadata', 'namespace') !== namespace) return []
    if (!isChanged(valueAt(value, 'spec'), child.spec)) return []
    const { file } = one.source
    const found = revision?.declaring({ kind: 'Kustomization', name, namespace }, ['spec']) ?? []
    return [{ child, parent, file, line: found.find((place) => place.file === file)?.line }]
  })
}

/** Whether a field is another one in the cluster; what defaults add there does not count. */
function isChanged(written: unknown, live: unknown): boolean {
  if (isMapping(written) && isMapping(live))
    return Object.entries(written).some(([key, value]) => isChanged(value, live[key]))
  // a variable that only the cluster knows
  if (typeof written === 'string' && written.includes('${')) return false
  return !isDeepStrictEqual(written, live)
}
