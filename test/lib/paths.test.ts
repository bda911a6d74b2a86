import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { namesFrom, pathBelow, renamePaths } from '../../scripts/lib/paths.ts'

test('namesFrom: from where one stands', () => {
  const nameOf = namesFrom('/r/apps')
  assert.is(nameOf('/r/apps/a.yaml'), 'a.yaml')
  assert.is(nameOf('/r/apps'), '.')
  assert.is(nameOf('/r/b.yaml'), '../b.yaml')
})

test('renamePaths: what is below the root, and nothing that only begins like it', () => {
  const rename = (text: string) => renamePaths(text, '/r.x', namesFrom('/r.x/apps'))
  assert.is(
    rename("open /r.x/base/a.yaml: no such file, at '/r.x/apps/b' or /r.x"),
    "open ../base/a.yaml: no such file, at 'b' or ..",
  )
  for (const text of ['/r.xy/a', '/rax/a', '/s/r.x/a']) assert.is(rename(text), text)
})

test('pathBelow: only what is below', () => {
  assert.is(pathBelow('/r', '/r/a/b.yaml'), 'a/b.yaml')
  assert.is(pathBelow('/r', '/r'), '.')
  assert.is(pathBelow('/r', '/r/..a'), '..a')
  for (const path of ['/', '/ra', '/r/../x']) assert.is(pathBelow('/r', path), undefined, path)
})

test.run()
