import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { substituted, variablesOf } from '../../../scripts/lib/repository/variables/post-build.ts'
import { valueAt } from '../../../scripts/lib/yaml/values.ts'

const withPath = (path: string) => ({ metadata: { name: 'a' }, spec: { path } })

/** A path, and what it is with CLUSTER=main and EMPTY set to nothing. */
const paths: [path: string, expected: string][] = [
  ['./apps', './apps'],
  [`./\${CLUSTER}/x/\${CLUSTER}`, './main/x/main'],
  [`./\${CLUSTER:=other}`, './main'],
  [`./\${SIZE:=small}`, './small'],
  [`./\${SIZE:-small}`, './small'],
  [`./\${SIZE=small}`, './small'],
  [`./\${SIZE:=}x`, './x'],
  [`./\${EMPTY}x`, './x'],
  [`./\${UNKNOWN}`, `./\${UNKNOWN}`],
  ['./$CLUSTER', './$CLUSTER'],
]

for (const [path, expected] of paths)
  test(`substituted: ${path}`, () => {
    const found = substituted(withPath(path), { CLUSTER: 'main', EMPTY: '' })
    assert.is(valueAt(found, 'spec', 'path'), expected)
  })

test('substituted: the namespace, the target namespace, and the variables that it has itself', () => {
  const value = {
    metadata: { name: `\${X}`, namespace: `\${X}` },
    spec: { targetNamespace: `\${X}-t`, postBuild: { substitute: { A: `\${X}`, B: 'b', C: 3 } }, wait: true },
  }
  assert.equal(substituted(value, { X: 'x' }), {
    metadata: { name: `\${X}`, namespace: 'x' },
    spec: { targetNamespace: 'x-t', postBuild: { substitute: { A: 'x', B: 'b' } }, wait: true },
  })
})

test('substituted: the very same object where there is no variable', () => {
  const value = withPath('./apps')
  assert.is(substituted(value, { X: 'x' }), value)
})

test('variablesOf: texts only, and none where there are none', () => {
  assert.equal(variablesOf({ spec: { postBuild: { substitute: { A: 'a', B: 1, C: '' } } } }), {
    A: 'a',
    C: '',
  })
  for (const spec of [undefined, {}, { postBuild: null }, { postBuild: { substitute: 'x' } }])
    assert.equal(variablesOf({ spec }), {})
})

test.run()
