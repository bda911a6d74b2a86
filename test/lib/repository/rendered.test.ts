import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Gap } from '../../../scripts/lib/kustomize/gap.ts'
import { type FluxKustomization, parseFluxFile } from '../../../scripts/lib/repository/flux-file.ts'
import { asWritten, render } from '../../../scripts/lib/repository/rendered.ts'
import type { Step } from '../../../scripts/lib/repository/steps.ts'
import { type Mapping, valueAt } from '../../../scripts/lib/yaml/values.ts'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'

const block = { provider: 'sops' }

function declared(path = './apps', more = ''): FluxKustomization {
  const file = parseFluxFile('apps.yaml', Buffer.from(fluxKustomization('apps', path, more)))
  const [found] = file?.kustomizations ?? []
  assert.ok(found)
  return found
}

/** A step of a file that puts a decryption block, or `undefined`, into the spec. */
const decryption = (by: string, value: unknown, from: Step['from'] = 'kustomize'): Step => ({
  from,
  by,
  apply: (object) => ({ ...object, spec: { ...(object.spec as Mapping), decryption: value } }),
  gap: () => undefined,
  mayChange: () => undefined,
})
const other: Step = {
  from: 'parent',
  by: 'other',
  apply: (object) => ({ ...object, status: {} }),
  gap: () => undefined,
  mayChange: () => undefined,
}

test('render: all steps in their order, and the declared object as it was', () => {
  const source = declared()
  const before = structuredClone(source.value)
  const { value } = render({ source, steps: [decryption('a', block), decryption('b', { provider: 'x' })] })
  assert.equal(valueAt(value, 'spec', 'decryption'), { provider: 'x' })
  assert.equal(source.value, before)
})

const givers: [title: string, steps: Step[], by: string | undefined][] = [
  ['nobody', [other], undefined],
  ['the step that gave it', [other, decryption('a', block), other], 'a'],
  [
    'the one that gave it first, where another changes it',
    [decryption('a', block), decryption('b', { ...block, x: 1 })],
    'a',
  ],
  ['nobody, where it is taken away again', [decryption('a', block), decryption('b', undefined)], undefined],
  [
    'the one that gave it anew',
    [decryption('a', block), decryption('b', undefined), decryption('c', block)],
    'c',
  ],
  ['nobody, where it has no provider', [decryption('a', { secretRef: { name: 'x' } })], undefined],
]

for (const [title, steps, by] of givers)
  test(`render: what gave the block: ${title}`, () =>
    assert.is(render({ source: declared(), steps }).decryptionBy?.by, by))

test('render: a block of its own is given by nobody', () => {
  const source = declared('./apps', '  decryption: {provider: sops}\n')
  assert.is(render({ source, steps: [] }).decryptionBy, undefined)
  assert.is(render({ source, steps: [decryption('a', { provider: 'x' })] }).decryptionBy, undefined)
})

test('render: with the variables that its parent has in the cluster', () => {
  const source = declared(`./apps/\${CLUSTER}`)
  const parent = { source: declared(), variables: { CLUSTER: 'main' }, gaps: [] }
  const found = render({ source, steps: [] }, parent)
  assert.is(valueAt(found.value, 'spec', 'path'), './apps/main')
  assert.is(found.parent?.name, 'apps')
  assert.is(valueAt(render({ source, steps: [] }).value, 'spec', 'path'), `./apps/\${CLUSTER}`)
})

test('render: what is not known of it, and what was not known of its parent makes all of it unknown', () => {
  const gap: Gap = { file: 'k.yaml', field: 'replacements', reach: 'children' }
  const unfollowed: Step = { ...other, gap: ({ status }) => (status ? gap : undefined) }
  const gapsOf = (steps: Step[], parentGaps: Gap[] = []) =>
    render({ source: declared(), steps }, { source: declared(), variables: {}, gaps: parentGaps }).gaps
  assert.equal(gapsOf([other, unfollowed, unfollowed]), [gap])
  assert.equal(gapsOf([unfollowed]), [], 'the object as it is before the step')
  assert.equal(gapsOf([other], [gap]), [{ ...gap, reach: 'object' }])
})

test('asWritten: the object of the file, without a parent', () => {
  const source = declared(`./\${X}`)
  const gaps: Gap[] = [{ file: 'kustomization.yaml', field: undefined, reach: 'object' }]
  assert.equal(asWritten(source, gaps), {
    parent: undefined,
    value: source.value,
    decryptionBy: undefined,
    changedBy: undefined,
    gaps,
  })
})

test.run()
