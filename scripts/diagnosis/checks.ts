import type { ClusterCheck } from './check.ts'
import { checkNotRead } from './checks/not-read.ts'

/** All checks, in the order in which what they find is shown. */
export const clusterChecks: readonly ClusterCheck[] = [checkNotRead]
