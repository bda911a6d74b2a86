import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { namesFrom, pathBelow } from '../../scripts/lib/paths.ts'

test('namesFrom: from where one stands', () => {
  const nameOf = namesFrom('/r/apps')
  assert.is(nameOf('/r/apps/a.yaml'), 'a.yaml')
  assert.is(nameOf('/r/apps'), '.')
  assert.is(nameOf('/r/b.yaml'), '../b.yaml')
})

test('pathBelow: only what is below', () => {
  assert.is(pathBelow('/r', '/r/a/b.yaml'), 'a/b.yaml')
  assert.is(pathBelow('/r', '/r'), '.')
  assert.is(pathBelow('/r', '/r/..a'), '..a')
  for (const path of ['/', '/ra', '/r/../x']) assert.is(pathBelow('/r', path), undefined, path)
})

test.run()
