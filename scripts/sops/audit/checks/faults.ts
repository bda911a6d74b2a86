import { type Finding, finding } from '../../../findings/finding.ts'
import type { FileCheck } from '../open-files.ts'

/** What the reader says of a file. */
export const checkFaults: FileCheck = (file, { faults }) => {
  return faults.flatMap((fault): Finding[] => {
    switch (fault.code) {
      case 'merge-conflict':
        return [finding('merge-conflict', { file, ...fault }, { file })]
      default:
        return []
    }
  })
}
