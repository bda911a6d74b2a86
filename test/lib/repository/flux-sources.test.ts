import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeFileTree } from '../../../scripts/lib/repository/file-tree.ts'
import { pathOf, sourcesHere } from '../../../scripts/lib/repository/flux-sources.ts'

const tree = makeFileTree(['apps/one/x.yaml', 'y.yaml'], [], [], () => '')
const built = (source: string | undefined, path?: string) => ({
  spec: { ...(path !== undefined && { path }), ...(source !== undefined && { sourceRef: { name: source } }) },
})

/** Sources and paths, and which of them build this repository. */
const cases: Record<string, [source: string | undefined, path: string | undefined, isHere: boolean][]> = {
  'one of whose paths one is here, with all its paths': [
    ['a', './apps', true],
    ['a', './gone', true],
    ['a', undefined, true],
    ['b', './gone', false],
  ],
  'one of which only the root is built, where it is the only one': [
    ['a', './', true],
    ['a', undefined, true],
  ],
  'one of which only the root is built, beside others': [
    ['a', './', false],
    ['b', './apps', true],
    ['flux-system', '.', true],
  ],
  'one whose path leads out of the repository': [['a', '../apps', false]],
  'one that names no source': [
    [undefined, './apps', true],
    [undefined, './gone', true],
    ['a', './gone', false],
  ],
}

for (const [title, rows] of Object.entries(cases))
  test(`sourcesHere: ${title}`, () => {
    const values = rows.map(([source, path]) => built(source, path))
    assert.equal(
      values.map(sourcesHere(values, tree)),
      rows.map(([, , isHere]) => isHere),
    )
  })

test('pathOf: none is the root', () => {
  assert.is(pathOf({}), '.')
  assert.is(pathOf(built('a', './apps')), './apps')
})

test.run()
