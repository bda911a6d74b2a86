import { defineCells } from './cell.ts'
import { serviceFaults } from './service-faults.ts'

// longer than it is given for one answer; at the start that is too long, and the last stage does not wait long
defineCells(
  serviceFaults('kube-apiserver', {
    pause: 12_000,
    codes: (stage) => ({ checks: [0, 2], pruned: [0, 1] })[`${stage}`] ?? [0],
    sample: ['applied'],
  }),
)
