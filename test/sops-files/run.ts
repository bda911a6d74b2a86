/**
 * `npm run test:sops -- 5000`: the reader of SOPS files beside sops itself on so many generated files, intact and damaged.
 * FLUX_SOPS_SEED changes which. Prints what was seen, and each file that they disagree about; ends with 1 where there is one.
 */
import { delimiter } from 'node:path'
import { buildBinaries } from '../../scripts/sandbox/build.ts'
import { compareFiles } from '../helpers/sops/compare.ts'

const count = Number(process.argv[2]) || 5_000
const seed = Number(process.env.FLUX_SOPS_SEED) || 1
const most = 1_000

const { bin } = await buildBinaries({
  cacheHome: process.env.XDG_CACHE_HOME,
  env: process.env,
  note: console.error,
})
process.env.PATH = [bin, process.env.PATH].join(delimiter)

let encrypted = 0
let different = 0
let otherComments = 0
const sums: Record<'verdicts' | 'faults' | 'unsure', Record<string, number>> = {
  verdicts: {},
  faults: {},
  unsure: {},
}
for (let part = 0; encrypted < count; part++) {
  const seen = await compareFiles(Math.min(most, count - encrypted + 20), seed + part)
  encrypted += seen.encrypted
  different += seen.differences.length
  otherComments += seen.otherComments
  for (const [name, sum] of Object.entries(sums))
    for (const [key, number] of Object.entries(seen[name as keyof typeof sums]))
      sum[key] = (sum[key] ?? 0) + number
  for (const { what, text, plain } of seen.differences) console.log(`${what}\n${plain}\n${text}`)
}
for (const [name, sum] of Object.entries(sums)) {
  console.log(`${name}:`)
  for (const [key, number] of Object.entries(sum).sort(([, a], [, b]) => b - a))
    console.log(`  ${String(number).padStart(6)} ${key}`)
}
console.log(`${encrypted} files, ${different} differences; of ${otherComments} other comments`)
process.exitCode = different > 0 ? 1 : 0
