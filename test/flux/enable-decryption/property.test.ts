import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Decryption } from '../../../scripts/flux/enable-decryption/judge.ts'
import { findFluxFiles } from '../../../scripts/lib/repository/flux-files.ts'
import { type Corpus, corpora } from '../../helpers/corpus/corpus.ts'
import { checkEdit, planText } from '../../helpers/corpus/edits.ts'
import { mutate, mutationNames, someMutations } from '../../helpers/corpus/mutations.ts'

const block: Decryption = { provider: 'sops', secretRef: { name: 'sops-age' } }
const seed = Number(process.env.FLUX_SOPS_SEED) || 1

/** In parts, so that each ends in time. */
const [parts, runs] = [4, 5_000]

/** Small ones: what matters is how a file is written, and each is read several times. */
async function textsOf(corpus: Corpus): Promise<string[]> {
  return corpus.withRepositories(async (repositories) => {
    const texts: string[] = []
    for (const { root, env } of repositories)
      for (const { file, problem } of await findFluxFiles({ root, env }))
        if (!problem) texts.push(readFileSync(join(root, file), 'utf8'))
    return [...new Set(texts)].filter((text) => text.length < 1500)
  })
}

for (const corpus of corpora()) {
  let texts: Promise<string[]> | undefined
  for (let part = 0; part < parts; part++) {
    test(`${runs} mutations of ${corpus.title}, ${part + 1}: nothing crashes, and what is edited is only added to`, async () => {
      texts ??= textsOf(corpus)
      const all = await texts
      assert.ok(all.length > 80, `${all.length} files`)
      let edited = 0
      const ofEdited = new Set<string>()
      const property = fc.property(fc.nat(all.length - 1), someMutations, (index, mutations) => {
        const text = mutate(all[index]!, mutations)
        const plan = planText('x.yaml', Buffer.from(text), block)
        if (!plan) return
        checkEdit('x.yaml', text, plan, block)
        if (mutations.at(-1)?.name === 'sops') assert.equal(plan.changes, [])
        edited += plan.changes.length
        if (plan.changes.length > 0 && text !== all[index])
          for (const { name } of mutations) ofEdited.add(name)
      })
      fc.assert(property, { numRuns: runs, seed: seed + part })
      assert.ok(edited > 2_000, `${edited} were edited`)
      const unmet = mutationNames.filter((name) => name !== 'sops' && !ofEdited.has(name))
      assert.equal(unmet, [], 'mutations that no edited file has')
    })
  }
}

test.run()
