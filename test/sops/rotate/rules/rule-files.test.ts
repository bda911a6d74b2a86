import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ageRecipients } from '../../../../scripts/lib/sops/recipients.ts'
import { parseRules } from '../../../../scripts/lib/sops/rule-text.ts'
import { addRuleRecipient, takeRuleRecipient } from '../../../../scripts/sops/rotate/rules/edit-rules.ts'
import { listedInRules } from '../../../../scripts/sops/rotate/rules/listed-in-rules.ts'
import { realCorpus } from '../../../helpers/corpus/corpus.ts'
import { makeKey } from '../../../helpers/keys.ts'

const next = makeKey().recipient
const corpus = realCorpus()

/** The groups of all rules, in order. */
function groupsOf(text: string): string[][] {
  const { rules = [] } = parseRules(Buffer.from(text))
  return rules.flatMap(({ groups }) => groups.map(({ age, others }) => [...age.toSorted(), ...others]))
}

test('how rules stand', () => {
  const [old, friend] = [makeKey().recipient, makeKey().recipient]
  const text = `keys:
  - &old ${old}
creation_rules:
  - age: ${friend}
  - key_groups:
      - age:
          - *old
      - age: [${next}]
  - age: ${old},${next}
  - age: ${next}
destination_rules:
  - recreation_rule:
      age: ${old}
`
  const files = [
    { file: '.sops.yaml', text },
    { file: 'b/.sops.yaml', text: `x: [\n# ${old}\n` },
  ]
  const listed = listedInRules(files, { old, next }).map(({ file, line, rule, status }) => {
    return `${file}:${line} ${rule} ${status}`
  })
  assert.equal(listed, [
    '.sops.yaml:7 creation rule 2 old-only',
    '.sops.yaml:9 creation rule 3 both',
    '.sops.yaml:10 creation rule 4 new-only',
    '.sops.yaml:13 the recreation_rule of destination rule 1 old-only',
  ])
})

if (corpus)
  test('real rules: exactly the groups with the old recipient get the new one, and every byte comes back', () =>
    corpus.withRules(async (directory) => {
      const names = readdirSync(directory)
      assert.ok(names.length >= 23)
      let edited = 0
      for (const name of names) {
        const text = readFileSync(join(directory, name), 'utf8')
        for (const old of ageRecipients(text)) {
          const where = `${name}: ${old}`
          const { edits, left } = addRuleRecipient([{ file: name, text }], { old, next })
          assert.equal(left, [], where)
          const isNamed = groupsOf(text).flat().includes(old)
          assert.is(edits.length, isNamed ? 1 : 0, where)
          for (const { after } of edits) {
            edited += 1
            const expected = groupsOf(text).map((group) =>
              group.includes(old) ? [...group, next].toSorted() : group.toSorted(),
            )
            assert.equal(
              groupsOf(after).map((group) => group.toSorted()),
              expected,
              where,
            )
            assert.is(text.split('\n').length <= after.split('\n').length, true)
            const statuses = listedInRules([{ file: name, text: after }], { old, next })
            assert.ok(statuses.length > 0 && statuses.every(({ status }) => status === 'both'), where)
            const back = takeRuleRecipient([{ file: name, text: after }], next)
            assert.is(back.edits[0]?.after, text, where)
            const cut = takeRuleRecipient([{ file: name, text: after }], old)
            const swapped = groupsOf(text).map((group) =>
              group.map((one) => (one === old ? next : one)).toSorted(),
            )
            assert.equal(
              groupsOf(cut.edits[0]?.after ?? '').map((group) => group.toSorted()),
              swapped,
              where,
            )
          }
        }
      }
      assert.ok(edited >= 20, `${edited}`)
    }))

test.run()
