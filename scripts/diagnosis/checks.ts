import type { ClusterCheck } from './check.ts'
import { checkClusterValues } from './checks/cluster-values.ts'
import { checkControllers } from './checks/controllers.ts'
import { checkKeySecrets } from './checks/key-secrets.ts'
import { checkLive } from './checks/live/check-live.ts'
import { checkNotRead } from './checks/not-read.ts'
import { checkNotReconciled } from './checks/not-reconciled.ts'
import { checkNotSeen } from './checks/not-seen.ts'
import { checkSourcesBehind } from './checks/source-behind.ts'
import { checkSpecsOutdated } from './checks/specs-outdated.ts'
import { checkVersions } from './checks/versions/check-versions.ts'

/** All checks, in the order in which what they find is shown. */
export const clusterChecks: readonly ClusterCheck[] = [
  checkControllers,
  checkNotReconciled,
  checkSourcesBehind,
  checkSpecsOutdated,
  checkVersions,
  checkKeySecrets,
  checkLive,
  checkClusterValues,
  checkNotRead,
  checkNotSeen,
]
