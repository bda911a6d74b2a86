import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rows } from '../../scripts/lib/rows.ts'

test('names and values in columns, several values one below the other', () => {
  assert.equal(rows({ a: '1', long: ['2', '3'] }), ['  a     1', '  long  2', '        3'])
})

test('what has no value is left out, and makes no column wider', () => {
  assert.equal(rows({ a: '1', 'much longer': undefined, none: [] }), ['  a  1'])
  assert.equal(rows({}), [])
})

test.run()
