import { defineCells } from './cell.ts'
import { serviceFaults } from './service-faults.ts'

defineCells(
  serviceFaults('source-controller', { pause: 4_000, codes: () => [0], sample: ['removal-applied'] }),
)
