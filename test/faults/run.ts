/**
 * `npm run test:faults`: `node test/faults/run.ts [--sample] [--cell TEXT] [PATTERN…]` runs the fault runs of `sops:verify`:
 * all of them, a fixed sample, or those whose name holds TEXT; only of the files whose path contains a pattern.
 */
import { parseArgs } from 'node:util'
import { runSuite } from '../runner/run-suite.ts'

const { values, positionals } = parseArgs({
  options: { sample: { type: 'boolean' }, cell: { type: 'string' } },
  allowPositionals: true,
})
await runSuite({
  directory: import.meta.dirname,
  ending: '.faults.ts',
  patterns: positionals,
  env: {
    ...(values.sample && { TEST_FAULTS_SAMPLE: '1' }),
    ...(values.cell && { TEST_FAULTS_CELL: values.cell }),
  },
})
