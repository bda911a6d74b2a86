import { type Finding, type FindingPlace, finding } from '../../scripts/findings/finding.ts'

/** An error of a file, as the audit makes one. */
export function conflictIn(file: string, place: FindingPlace = {}): Finding {
  return finding('merge-conflict', { file, ...place }, { file })
}

/** As many, over a thousand files. */
export function manyConflicts(count: number): Finding[] {
  return Array.from({ length: count }, (_, index) =>
    conflictIn(`apps/${index % 1000}.enc.yaml`, { line: index, column: 3 }),
  )
}
