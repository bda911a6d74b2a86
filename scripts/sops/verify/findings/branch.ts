import { type Finding, finding } from '../../../findings/finding.ts'
import type { RunFacts } from '../run-id.ts'

/** That a test Secret belongs to another run, which may be at work. */
export function alreadyRunning(
  object: string,
  { isHere, machine, process, since, until }: RunFacts,
): Finding {
  return finding(
    'already-running',
    { object },
    {
      where: isHere
        ? `process ${process} of this machine`
        : `on another machine or in another container (id ${machine})`,
      since: since === undefined ? '' : `, since ${since}`,
      until: until ?? 'an unknown time',
    },
  )
}
