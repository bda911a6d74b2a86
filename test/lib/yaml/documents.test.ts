import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyAt, nodeAt, parseDocuments } from '../../../scripts/lib/yaml/documents.ts'
import { textAt, valueAt } from '../../../scripts/lib/yaml/values.ts'

test('parseDocuments: absolute offsets, empty documents, values with aliases and merge keys', () => {
  const text = '---\n---\na: &a {b: c}\nd: {<<: *a, e: *a}\n...\n# end\n'
  const documents = parseDocuments(text)
  assert.equal(
    documents.map(({ value, problem }) => [value, problem]),
    [
      [null, undefined],
      [{ a: { b: 'c' }, d: { b: 'c', e: { b: 'c' } } }, undefined],
    ],
  )
  const [start, end] = nodeAt(documents[1]!.root, 'd')!.range!
  assert.is(text.slice(start, end), '{<<: *a, e: *a}')
  const [key] = keyAt(documents[1]!.root, 'd', 'e')!.range!
  assert.is(text.slice(key, key + 2), 'e:')
  assert.equal(parseDocuments(''), [])
})

test('parseDocuments: says what is wrong and where, without a word of the content', () => {
  const secret = 'AGE-SECRET-KEY-1QQQ'
  const broken: Record<string, string> = {
    'duplicate key in line 3': `x: ${secret}\na: 1\na: ${secret}\n`,
    'unexpected token in line 1': `a: {{ ${secret} }}-x\n`,
    'an alias without its anchor in line 5': `b: &b c\nd: *b\n---\na:\n  - *${secret}\nb: &${secret} c\n`,
    'an alias within its anchor in line 3': `a: &a\n  c: &b [d]\n  b: [*b, *a]\n`,
    'multiline implicit key in line 1': `${secret}\nx: y\n`,
  }
  for (const [problem, text] of Object.entries(broken)) {
    assert.is(parseDocuments(text).find((document) => document.problem)?.problem, problem)
  }
  const laughs = [
    'a: &a0 [x]',
    ...Array.from({ length: 20 }, (_, n) => `b${n}: &a${n + 1} [*a${n}, *a${n}, *a${n}]`),
  ]
  assert.is(parseDocuments(laughs.join('\n'))[0]!.problem, 'too many aliases')
  assert.match(parseDocuments('['.repeat(20_000))[0]!.problem!, /./)
})

test('parseDocuments: prints no warning, which would quote the content', () => {
  const warned: unknown[] = []
  const { emitWarning } = process
  process.emitWarning = (warning: unknown) => void warned.push(warning)
  try {
    const [document] = parseDocuments('? {a: b}\n: !unknown c\n')
    assert.is(document?.problem, undefined)
    assert.equal(warned, [])
  } finally {
    process.emitWarning = emitWarning
  }
})

test('valueAt and textAt: only what is there, never what every object has', () => {
  const value = { a: [{ b: 'c', d: 1, e: '' }] }
  assert.is(valueAt(value, 'a', 0, 'b'), 'c')
  assert.is(valueAt(value, 'a', 1, 'b'), undefined)
  assert.is(valueAt(value, 'constructor', 'name'), undefined)
  assert.is(textAt(value, 'a', 0, 'd'), undefined)
  assert.is(textAt(value, 'a', 0, 'e'), undefined)
})

test.run()
