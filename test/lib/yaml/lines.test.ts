import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lineEnd, lineStart, newlineBefore, newlineOf, nextLine } from '../../../scripts/lib/yaml/lines.ts'

/** Of `text` with `|` at the offset: the line that it is in, and what comes behind its line end. */
const lines: [text: string, line: string, rest: string][] = [
  ['a|b\ncd\n', 'ab', 'cd\n'],
  ['ab\n|cd\n', 'cd', ''],
  ['ab|\r\ncd', 'ab', 'cd'],
  ['ab\r\ncd|', 'cd', ''],
  ['\uFEFFa|b\n', 'ab', ''],
  ['|', '', ''],
]

for (const [marked, line, rest] of lines)
  test(`lineStart, lineEnd and nextLine: ${JSON.stringify(marked)}`, () => {
    const offset = marked.indexOf('|')
    const text = marked.replace('|', '')
    assert.is(text.slice(lineStart(text, offset), lineEnd(text, offset)), line)
    assert.is(text.slice(nextLine(text, offset)), rest)
  })

test('newlineOf: of the first line; newlineBefore: of the line before', () => {
  assert.is(newlineOf('a\r\nb\n'), '\r\n')
  assert.is(newlineOf('a'), '\n')
  assert.is(newlineBefore('a\r\nb\n', 3), '\r\n')
  assert.is(newlineBefore('a\r\nb\n', 5), '\n')
  assert.is(newlineBefore('a', 1), '\n')
})

test.run()
