import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { listFiles } from '../../../scripts/lib/git/git.ts'
import { isKustomizationFile } from '../../../scripts/lib/kustomize/kustomization-file.ts'
import { readPlainKustomization } from '../../../scripts/lib/kustomize/plain-kustomization.ts'
import { parseDocuments } from '../../../scripts/lib/yaml/documents.ts'
import { corpora } from '../../helpers/corpus/corpus.ts'

/** @returns whether it was read without the parser, which must then say the same */
function isPlain(text: string): boolean {
  const plain = readPlainKustomization(text)
  if (!plain) return false
  const documents = parseDocuments(text).map(({ value, problem }) => ({ value, problem }))
  assert.equal(documents, [{ value: plain, problem: undefined }], JSON.stringify(text))
  return true
}

const cases: [text: string, plain: boolean][] = [
  ['kind: Kustomization\nresources:\n  - a.yaml\n  - ../../b/c\n', true],
  ['---\n# a comment\nresources:\n\n- ./a.yaml\n# - b.yaml\n  # - c.yaml\n- d-e_f.yaml', true],
  ['resources:\n  - a.yaml\npatches:\n  - path: b.yaml\n  - path: ../c.yaml\n', true],
  ['namespace: y\nresources:\n  - on\n', true],
  ['resources:\n  - a.yaml\n    b.yaml\n', false],
  ['resources:\n  - a.yaml\n   - b.yaml\n', false],
  ['patches:\n  - path: a.yaml\n    target: x\n', false],
  ['patches:\n  - path: a.yaml\n    target:\n      kind: x\n', false],
  ['resources:\n  - a.yaml # why\n', false],
  ['resources:\n  - a.yaml \n', false],
  ['resources:\n  - a.yaml\r\n', false],
  ['resources:\n  - null\n', false],
  ['resources:\n  - 1\n  - .inf\n', false],
  ['resources:\n  - "a.yaml"\n', false],
  ['resources:\n  - https://example.com/a.yaml\n', false],
  ['resources: [a.yaml]\n', false],
  ['resources:\nnamespace: a\n', false],
  ['resources: x\n  - a.yaml\n', false],
  ['resources:\n  - a.yaml\nresources:\n  - b.yaml\n', false],
  ['resources:\n  - a.yaml\n---\nresources:\n  - b.yaml\n', false],
  ['%YAML 1.1\n---\nresources:\n  - a.yaml\n', false],
  ['\ufeffresources:\n  - a.yaml\n', false],
  ['- a.yaml\n', false],
  ['# nothing\n', false],
  ['', false],
]

for (const [text, plain] of cases)
  test(`readPlainKustomization: ${JSON.stringify(text)}`, () => assert.is(isPlain(text), plain))

test('readPlainKustomization: what it reads of 20,000 texts, the parser reads as well', () => {
  const line = fc.oneof(
    fc.constantFrom('resources:', 'components:', 'patches:', 'kind: Component', 'namespace: x', '---', ''),
    fc.constantFrom('- a.yaml', '  - ../b', '  - path: c.yaml', '    target: x', '  # d', '#e', ' ', '- -'),
    fc.string({ unit: fc.constantFrom(...'-: ./a#\'"[{&*!|>%@`~1\t\r\u0085\u2028'), maxLength: 6 }),
  )
  let plain = 0
  const property = fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
    if (isPlain(lines.join('\n'))) plain++
  })
  fc.assert(property, { numRuns: 20_000, seed: Number(process.env.FLUX_SOPS_SEED) || 1 })
  assert.ok(plain > 500, `${plain} were read without the parser`)
})

for (const corpus of corpora())
  test(`readPlainKustomization: most kustomization files among the ${corpus.title}`, () =>
    corpus.withRepositories(async (repositories) => {
      const all: boolean[] = []
      for (const { root, env } of repositories)
        for (const file of (await listFiles({ root, env })).filter(isKustomizationFile))
          all.push(isPlain(readFileSync(join(root, file), 'utf8')))
      const plain = all.filter(Boolean).length
      assert.ok(all.length > 20 && plain > all.length / 2, `${plain} of ${all.length}`)
    }))

test.run()
