import { posix } from 'node:path'
import { finding } from '../../../../findings/finding.ts'
import { nameOf } from '../../../../lib/repository/flux-file.ts'
import { configName } from '../../../../lib/sops/creation-rules.ts'
import type { Check } from '../../check.ts'

/** A `.sops.yaml` that a Kustomization takes for a manifest. */
export const checkAppliedConfig: Check = ({ names, flux }) =>
  names
    .filter((file) => posix.basename(file) === configName)
    .flatMap((file) => {
      const builder = flux?.buildersOf(file).find(({ use }) => use.as === 'resources')
      return builder ? [finding('config-applied', { file }, { kustomization: nameOf(builder.source) })] : []
    })
