import type { Finding } from '../../findings/finding.ts'
import { checkFaults } from './checks/faults.ts'
import type { FileCheck } from './open-files.ts'
import type { SopsFile, Subject } from './subject.ts'

/** Looks at all that is audited. */
export type Check = (
  subject: Subject,
  sopsFiles: readonly SopsFile[],
) => readonly Finding[] | Promise<readonly Finding[]>

/** What looks at each SOPS file by itself. */
export const fileChecks: readonly FileCheck[] = [checkFaults]

/** What looks at the whole. */
export const checks: readonly Check[] = []
