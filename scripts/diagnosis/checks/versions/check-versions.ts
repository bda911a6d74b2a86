import { finding } from '../../../findings/finding.ts'
import { someOf } from '../../../findings/some-of.ts'
import { idOf } from '../../../lib/cluster/flux-objects.ts'
import type { ClusterCheck } from '../../check.ts'
import type { Evidence } from '../../evidence.ts'
import { gatesOf, isBefore, versionOf } from '../../snapshot/controller.ts'
import type { Controller } from '../../snapshot/snapshot.ts'
import { featureGates } from './gates.ts'
import { type VersionLimit, versionLimits } from './limits.ts'

/** Finds what the repository uses and the version of kustomize-controller cannot do, and feature gates that matter. */
export const checkVersions: ClusterCheck = async (evidence) => {
  const all = evidence.snapshot.controllers.filter(({ metadata }) => metadata.name === 'kustomize-controller')
  const found = await Promise.all(
    all.map(async (controller) => {
      const place = { object: `deployment ${idOf(controller)}` }
      const tooOld = await Promise.all(versionLimits.map((limit) => judge(limit, controller, evidence)))
      const set = gatesOf(controller)
      const ofGates = featureGates
        .filter(({ gate, value, concerns }) => set.get(gate) === value && concerns(evidence))
        .map(({ gate, value, effect }) => ({
          finding: finding('feature-gate-set', place, { gate, value, effect }),
          stops: [],
        }))
      return [...tooOld.flat(), ...ofGates]
    }),
  )
  return found.flat()
}

async function judge(limit: VersionLimit, controller: Controller, evidence: Evidence) {
  const version = versionOf(controller)
  if (version === undefined || isBefore(version, limit.from) || !isBefore(version, limit.to)) return []
  const uses = await limit.usedBy(controller, evidence)
  if (uses.length === 0) return []
  const users = someOf(
    uses.map(({ kustomization, file }) =>
      kustomization === undefined ? `${file} use it` : `${kustomization} builds ${file}`,
    ),
  )
  return [
    {
      finding: finding(
        'controller-too-old',
        { object: `deployment ${idOf(controller)}` },
        { version, cannot: limit.cannot, users, needed: limit.to },
      ),
      stops: [...new Set(uses.flatMap(({ kustomization }) => kustomization ?? []))],
    },
  ]
}
