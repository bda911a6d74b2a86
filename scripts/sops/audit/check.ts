import type { Finding } from '../../findings/finding.ts'
import type { SopsFile, Subject } from './subject.ts'

/** Looks at all that is audited. */
export type Check = (
  subject: Subject,
  sopsFiles: readonly SopsFile[],
) => readonly Finding[] | Promise<readonly Finding[]>
