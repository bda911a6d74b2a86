import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Decryption } from '../../../scripts/flux/enable-decryption/judge.ts'
import { findFluxFiles } from '../../../scripts/lib/repository/flux-files.ts'
import { hasCorpus, withCorpusRepositories } from '../../helpers/corpus/corpus.ts'
import { checkEdit, planText } from '../../helpers/corpus/edits.ts'
import { mutate, someMutations } from '../../helpers/corpus/mutations.ts'

const block: Decryption = { provider: 'sops', secretRef: { name: 'sops-age' } }

/** Small ones: what matters is how a file is written, and each is read several times. */
async function realFiles(): Promise<string[]> {
  return withCorpusRepositories(async (repositories) => {
    const texts: string[] = []
    for (const { root, env } of repositories)
      for (const { file, problem } of await findFluxFiles({ root, env }))
        if (!problem) texts.push(readFileSync(join(root, file), 'utf8'))
    return [...new Set(texts)].filter((text) => text.length < 1500)
  })
}

test('20,000 mutations of real files: nothing crashes, and what is edited is only added to', async () => {
  if (!hasCorpus()) return
  const texts = await realFiles()
  assert.ok(texts.length > 200, `${texts.length} files`)
  let edited = 0
  const property = fc.property(fc.nat(texts.length - 1), someMutations, (index, mutations) => {
    const text = mutate(texts[index]!, mutations)
    const plan = planText('x.yaml', Buffer.from(text), block)
    if (!plan) return
    checkEdit('x.yaml', text, plan, block)
    edited += plan.changes.length
    if (mutations.at(-1)?.name === 'sops') assert.equal(plan.changes, [])
  })
  fc.assert(property, { numRuns: 20_000, seed: Number(process.env.FLUX_SOPS_SEED) || 1 })
  assert.ok(edited > 5_000, `${edited} were edited`)
})

test.run()
