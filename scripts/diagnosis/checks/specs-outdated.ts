import { isDeepStrictEqual } from 'node:util'
import { finding } from '../../findings/finding.ts'
import { conditionOf, idOf, inventoryOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { variablesOf } from '../../lib/repository/post-build.ts'
import { render } from '../../lib/repository/rendered.ts'
import { isMapping, type Mapping, textAt, valueAt } from '../../lib/yaml/values.ts'
import type { ClusterCheck } from '../check.ts'
import type { Diagnosis } from '../diagnosis.ts'
import type { Evidence } from '../evidence.ts'

/** Finds the Kustomizations that are not as their file says, since the one that applies them fails. */
export const checkSpecsOutdated: ClusterCheck = async (evidence) => {
  const { kustomizations } = evidence.snapshot
  const failing = [...kustomizations.values()].filter((one) => conditionOf(one, 'Ready')?.status === 'False')
  const pairs = failing.flatMap((parent) =>
    inventoryOf(parent)
      .filter(({ kind, group }) => kind === 'Kustomization' && group === 'kustomize.toolkit.fluxcd.io')
      .flatMap(({ namespace, name }) => kustomizations.get(`${namespace}/${name}`) ?? [])
      .map((child) => ({ parent, child })),
  )
  const found = await Promise.all(pairs.map(({ parent, child }) => compare(parent, child, evidence)))
  return found.flat()
}

async function compare(
  parent: Kustomization,
  child: Kustomization,
  evidence: Evidence,
): Promise<Diagnosis[]> {
  const revision = await evidence.revisionOf(parent)
  const { name, namespace } = child.metadata
  const variables = variablesOf(parent as unknown as Mapping)
  const changed = revision?.built(parent).flux.filter(({ source }) => source.name === name) ?? []
  return changed.flatMap((one) => {
    const { value, gaps } = render(one, { source: one.source, variables, gaps: [] })
    // what is not known of it may be the reason that it is another one
    if (gaps.length > 0 || textAt(value, 'metadata', 'namespace') !== namespace) return []
    if (!isChanged(valueAt(value, 'spec'), child.spec)) return []
    const { file } = one.source
    const [declared] = revision?.declaring({ kind: 'Kustomization', name, namespace }, ['spec']) ?? []
    const line = declared?.file === file ? declared.line : undefined
    const place = { object: `kustomization ${idOf(child)}`, file, line }
    return [{ finding: finding('spec-outdated', place, { parent: idOf(parent) }), stops: [idOf(child)] }]
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
