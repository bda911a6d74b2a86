import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Decryption } from '../../../scripts/flux/enable-decryption/judge.ts'
import { checkEdit, planText } from './edits.ts'

const block: Decryption = { provider: 'sops', secretRef: { name: 'sops-age' } }
const added = '  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n'
const object = (name: string) =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: ${name}\nspec:\n  path: ./${name} # why\n`
const text = `${object('a')}---\nkind: Other\n---\n${object('b')}`

/** Checks what is planned for a text, as if this came of it. */
function check(change: (after: string) => string, before = text) {
  const plan = planText('x.yaml', Buffer.from(before), block)!
  checkEdit(
    'x.yaml',
    before,
    { ...plan, changes: plan.changes.map((one) => ({ ...one, after: change(one.after) })) },
    block,
  )
}

test('checkEdit: nothing to say of a right edit', () => {
  for (const before of [text, text.replaceAll('\n', '\r\n'), text.trimEnd(), object('a') + added])
    check((after) => after, before)
})

/** Edits that go wrong, and what is said of them. */
const wrong: Record<string, [change: (after: string) => string, why: RegExp, before?: string]> = {
  'one Kustomization is left out': [(after) => after.replace(added, ''), /1 pieces for 2 Kustomizations/],
  'a line is taken away': [(after) => after.replace('kind: Other\n', ''), /taken away/],
  'a comment is taken away': [(after) => after.replace(' # why', ''), /taken away/],
  'something else is added': [(after) => `${after}# more\n`, /a comment was added/],
  'a line more in a block': [(after) => after.replace(added, `${added}  prune: true\n`), /document 1/],
  'the block in another document': [
    (after) => after.replace(added, '').replace('Other\n', `Other\nspec:\n${added}`),
    /document 2 has changed/,
  ],
  'another Secret': [(after) => after.replace('name: sops-age', 'name: other'), /document 1/],
  'a line end of another kind': [
    (after) => after.replaceAll('sops\r\n', 'sops\n'),
    /two line ends/,
    text.replaceAll('\n', '\r\n'),
  ],
  'a final newline that was not there': [(after) => `${after}\n`, /the final newline/, text.trimEnd()],
  'what does not parse': [(after) => after.replace('provider: sops', 'provider: [sops'), /deeply equal/],
}

/** What is said of it; uvu does not let `assert.throws` see its own errors. */
function complaint(work: () => void): string {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing'
}

for (const [what, [change, why, before]] of Object.entries(wrong))
  test(`checkEdit: ${what}`, () => {
    assert.match(
      complaint(() => check(change, before)),
      why,
    )
  })

test('checkEdit: a Kustomization that lacks it, and no change', () => {
  const plan = planText('x.yaml', Buffer.from(text), block)!
  const unchanged = { ...plan, changes: [] }
  assert.match(
    complaint(() => checkEdit('x.yaml', text, unchanged, block)),
    'found missing, and nothing is changed',
  )
})

test.run()
