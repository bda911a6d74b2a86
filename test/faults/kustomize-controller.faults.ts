import { defineCells } from './cell.ts'
import { serviceFaults } from './service-faults.ts'

defineCells(serviceFaults('kustomize-controller', { pause: 4_000, codes: () => [0], sample: ['source'] }))
