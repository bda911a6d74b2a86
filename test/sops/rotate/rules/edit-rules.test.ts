import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readKeyGroups } from '../../../../scripts/lib/sops/recipients.ts'
import { parseRules } from '../../../../scripts/lib/sops/rule-text.ts'
import { addRuleRecipient, takeRuleRecipient } from '../../../../scripts/sops/rotate/rules/edit-rules.ts'
import { withDirectory, writeFiles } from '../../../helpers/files.ts'
import { makeKey, makeSshRecipient } from '../../../helpers/keys.ts'
import { shapes } from './shapes.ts'

const people = { OLD: makeKey(), NEW: makeKey(), AMY: makeKey(), BOB: makeKey() }
const names: Record<string, string> = {
  ...Object.fromEntries(Object.entries(people).map(([name, { recipient }]) => [name, recipient])),
  SSH: makeSshRecipient(),
}
const named = (text: string) => text.replace(/\b(?:OLD|NEW|AMY|BOB|SSH)\b/g, (name) => names[name]!)
const unnamed = (text: string) =>
  Object.entries(names).reduce((result, [name, recipient]) => result.replaceAll(recipient, name), text)
const rotation = { old: people.OLD.recipient, next: people.NEW.recipient }
const file = '.sops.yaml'

/** The text after a change, with names for recipients; what was found where there is none. */
function after({ edits, left }: ReturnType<typeof addRuleRecipient>): string {
  return [...edits.map((edit) => unnamed(edit.after)), ...left.map(({ code }) => code)].join() || 'no change'
}

const add = (text: string) => after(addRuleRecipient([{ file, text: named(text) }], rotation))
const take = (text: string, name: 'OLD' | 'NEW') =>
  after(takeRuleRecipient([{ file, text: named(text) }], people[name].recipient))

for (const { title, before, shared, cut } of shapes) {
  test(`rules: ${title}`, () => {
    assert.is(add(before), shared)
    assert.is(add(shared), 'no change')
    assert.is(take(shared, 'OLD'), cut)
    if (!before.includes('NEW')) assert.is(take(shared, 'NEW'), before)
  })
}

test('the real sops encrypts by the edited rules to exactly the recipients that are expected', () =>
  withDirectory(async (directory) => {
    const real = shapes.filter(({ before }) => !/pgp:|path_regex: x|destination_rules/.test(before))
    assert.ok(real.length > 20)
    for (const { title, before, shared, cut } of real) {
      const groups = await Promise.all(
        [before, shared, cut].map(async (text) => {
          writeFiles(directory, { [file]: named(text) })
          const args = ['--config', join(directory, file), 'encrypt', '--filename-override', 'x.yaml']
          const encrypted = execFileSync('sops', args, { input: 'a: b\n', encoding: 'utf8' })
          return (await readKeyGroups(encrypted))?.flatMap((document) =>
            document.groups.map(({ age }) => age.map((one) => unnamed(one)).toSorted()),
          )
        }),
      )
      const [first, second, third] = groups
      const swap = (with_: string[]) =>
        first?.map((group) =>
          group
            .flatMap((one) => (one === 'OLD' ? with_ : [one]))
            .filter((one, at, all) => all.indexOf(one) === at)
            .toSorted(),
        )
      assert.equal(second, swap(['OLD', 'NEW']), title)
      assert.equal(third, swap(['NEW']), title)
    }
  }))

test('a recipient with a successor beside it in lists of aliases', () => {
  const before = 'keys:\n  - &old OLD\n  - &new NEW\ncreation_rules:\n  - age:\n      - *old\n      - *new\n'
  assert.is(add(before), 'no change')
  assert.is(
    take(before, 'OLD'),
    'keys:\n  - &old OLD\n  - &new NEW\ncreation_rules:\n  - age:\n      - *new\n',
  )
})

test('a recipient that is named twice', () => {
  for (const [before, cut] of [
    ['"OLD,AMY,OLD"', '"AMY"'],
    ['OLD,OLD,NEW', 'NEW'],
    ['\n      - OLD\n      - OLD\n      - AMY', '\n      - AMY'],
    ['[OLD, AMY, OLD]', '[AMY]'],
    ['[AMY, OLD, OLD]', '[AMY]'],
  ]) {
    const rules = (age: string) => `creation_rules:\n  - age: ${age}\n`
    assert.is(take(rules(before!), 'OLD'), rules(cut!))
    const shared = add(rules(before!))
    if (!before!.includes('NEW')) assert.is(take(shared, 'NEW'), rules(before!))
  }
  // not certain, and so left as it is
  assert.is(take('creation_rules:\n  - age: [OLD, OLD, AMY]\n', 'OLD'), 'rule-not-edited')
})

test('a text without quotes within braces gets them', () => {
  const within = (age: string) => `creation_rules: [{path_regex: .*, age: ${age}}]\n`
  assert.is(add(within('OLD')), within('"OLD,NEW"'))
  assert.is(take(within('"OLD,NEW"'), 'OLD'), within('"NEW"'))
})

test('an anchor that is needed elsewhere is not taken away', () => {
  const rules = (lists: string) => `creation_rules:\n  - age: ${lists}\nmine:\n  - *a\n`
  for (const lists of ['[&a OLD, NEW]', '[AMY, &a OLD]', '\n      - &a OLD\n      - NEW'])
    assert.is(take(rules(lists), 'OLD'), 'rule-not-edited')
  assert.is(add(rules('\n      - &a OLD')), rules('\n      - &a OLD,NEW'))
})

test('take: a rule with keys of another kind stays right without any recipient', () => {
  for (const [age, left] of [
    ['OLD', "''"],
    ['>-\n      OLD', "''"],
    ['[OLD]', '[]'],
    ['\n      - OLD', '[]'],
  ]) {
    const rules = (text: string) =>
      `creation_rules:\n  - pgp: FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4\n    age: ${text}\n    path_regex: x\n`
    const taken = take(rules(age!), 'OLD')
    const bytes = Buffer.from(named(taken))
    assert.equal(parseRules(bytes).rules?.[0]?.groups, [{ age: [], others: ['pgp'], count: 1 }])
    assert.ok(taken.includes(left!), taken)
  }
})

test('take: a group without any key is refused, with its line', () => {
  const texts = {
    rule: 'creation_rules:\n  - age: AMY\n  - path_regex: x\n    age: OLD\n',
    list: 'creation_rules:\n  - key_groups:\n      - age:\n          - OLD\n      - age: [AMY]\n',
  }
  for (const text of Object.values(texts)) {
    const { edits, left } = takeRuleRecipient([{ file, text: named(text) }], rotation.old)
    assert.equal(edits, [])
    assert.equal(
      left.map(({ code, line }) => ({ code, line })),
      [{ code: 'rule-left-without-key', line: 4 }],
    )
  }
})

test('what is not edited is named', () => {
  const rules = named('creation_rules:\n  - age: OLD\n')
  const found = (name: string, text: string) =>
    addRuleRecipient([{ file: name, text: named(text) }], rotation).left.map(
      ({ code, line }) => `${code}:${line}`,
    )
  // what is read of a file in Latin-1
  const latin = Buffer.from(`${rules}# \xe9\n`, 'latin1').toString()
  assert.equal(found(file, latin), ['rules-not-utf-8:3'])
  // with `--config` sops reads it
  assert.equal(found('.sops.yml', rules), [])
  assert.equal(found(file, `${rules}  - age: [OLD\n`), ['rules-unreadable:4'])
  assert.equal(found(file, 'creation_rules:\n  - age: "OLD"\n    path_regex: [x]\n'), ['rules-unreadable:3'])
  // an escape, which the text does not have
  const escaped = named('creation_rules:\n  - age: "OLD,AMY"\n# OLD\n').replace('"age1', '"\\x61ge1')
  assert.equal(found(file, escaped), ['rule-not-edited:2'])
  assert.equal(found(file, '# OLD\ncreation_rules:\n  - age: AMY\n'), [])
})

test.run()
