import type { ClusterCheck } from './check.ts'
import { checkClusterValues } from './checks/cluster-values.ts'
import { checkNotRead } from './checks/not-read.ts'

/** All checks, in the order in which what they find is shown. */
export const clusterChecks: readonly ClusterCheck[] = [checkClusterValues, checkNotRead]
