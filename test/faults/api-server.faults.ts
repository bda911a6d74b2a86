import { defineCells } from './cell.ts'
import { serviceFaults } from './service-faults.ts'

// longer than it is given for one answer; at the start that is too long, and the last stage does not wait long
defineCells(
  serviceFaults('kube-apiserver', {
    pause: 12_000,
    codes: (stage) => (stage === 'checks' ? [0, 2] : stage === 'pruned' ? [0, 1] : [0]),
    sample: ['applied'],
  }),
)
