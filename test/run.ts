/** `npm test`: `node test/run.ts [PATTERN…]` runs the test files whose path contains a pattern. */
import { runSuite } from './runner/run-suite.ts'

await runSuite({ directory: import.meta.dirname, ending: '.test.ts', patterns: process.argv.slice(2) })
