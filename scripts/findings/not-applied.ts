import type { NotApplied } from '../lib/repository/not-applied.ts'
import { reasonFindings } from './catalogue/reasons.ts'
import { seenOf } from './entry.ts'

/** Why a Flux Kustomization is in no cluster, as a person reads it; `it` is the Kustomization. */
export function describeNotApplied(why: NotApplied): string {
  switch (why.why) {
    case 'incomplete':
      return seenOf(reasonFindings['kustomization-incomplete'], { fields: why.lacks.join(', ') })
    case 'not-listed':
      return seenOf(reasonFindings['kustomization-not-listed'], { by: why.by })
    case 'left-out':
      return seenOf(reasonFindings['out-of-artifact'], {
        by: why.by ?? 'Flux by itself',
        what: 'it',
        pattern: why.pattern,
      })
  }
}
