import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { catalogue } from '../../scripts/findings/catalogue.ts'
import { codes, isCode, nearestCodes } from '../../scripts/findings/codes.ts'
import type { Entry } from '../../scripts/findings/entry.ts'
import { explainCode, generalized, helpOf } from '../../scripts/findings/explain.ts'

test('the nearest code comes first', () => {
  assert.is(nearestCodes('merge-conflit')[0], 'merge-conflict')
  assert.is(nearestCodes('mergeconflict')[0], 'merge-conflict')
  assert.is(nearestCodes('merge')[0], 'merge-conflict')
  assert.is(nearestCodes('merge-conflict')[0], 'merge-conflict')
})

test('what every object has is no code', () => {
  assert.ok(isCode('merge-conflict'))
  for (const text of ['toString', '__proto__', '']) assert.not.ok(isCode(text))
})

test('an explanation has the severity, all texts of the entry, and where the rule is from', () => {
  for (const code of codes) {
    const { severity, means, source }: Entry = catalogue[code]
    const text = explainCode(code).join('\n')
    for (const part of [`${severity}: `, means, source]) assert.ok(text.includes(part), code)
    assert.not.match(text, /\{\w+\}/, code)
    assert.is(helpOf(code), `docs/findings.md#${code}`)
  }
})

test('a fact that is not known is written as a value of a command', () => {
  assert.is(generalized('`sops edit {file}` for {oldName}'), '`sops edit FILE` for OLD-NAME')
})

test.run()
