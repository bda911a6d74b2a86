import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type BuiltId, locate } from '../../../scripts/diagnosis/values/locate.ts'
import type { Kustomization } from '../../../scripts/lib/cluster/flux-objects.ts'

const listing = (...ids: string[]): Kustomization => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name: 'apps', namespace: 'flux-system' },
  spec: { prune: true, sourceRef: { kind: 'GitRepository', name: 'x' } },
  status: { inventory: { entries: ids.map((id) => ({ id, v: 'v1' })) } },
})
const built = (more: Partial<BuiltId> = {}): BuiltId => ({
  kind: 'Secret',
  namespace: 'default',
  name: 'a-db',
  writtenName: 'db',
  hashed: false,
  ...more,
})
const found = (built: BuiltId, ...ids: string[]) => {
  const entry = locate(listing(...ids), built)
  return entry && `${entry.namespace}/${entry.name}`
}

test('locate: the name of the build, else the only one that can be meant', () => {
  const hash = 'a-db-7h2k9m4tgb'
  const others = ['default_a-db__ConfigMap', 'default_a-db_x.io_Secret']
  assert.is(found(built(), 'default_a-db__Secret', 'other_a-db__Secret', ...others), 'default/a-db')
  assert.is(found(built({ namespace: undefined }), 'x_a-db__Secret', ...others), 'x/a-db')
  assert.is(found(built(), 'x_a-db__Secret'), 'x/a-db')
  assert.is(found(built(), 'x_db__Secret'), 'x/db')
  assert.is(found(built({ hashed: true }), `default_${hash}__Secret`), `default/${hash}`)
})

test('locate: nothing is guessed', () => {
  assert.is(found(built(), 'default_a-db__ConfigMap'), undefined)
  assert.is(found(built({ namespace: undefined }), 'x_a-db__Secret', 'y_a-db__Secret'), undefined)
  assert.is(found(built(), 'default_a-db-7h2k9m4tgb__Secret'), undefined)
  assert.is(found(built({ hashed: true }), 'default_a-db-7h2k9m4tg__Secret'), undefined)
  const two = ['default_a-db-7h2k9m4tgb__Secret', 'default_a-db-8h2k9m4tgb__Secret']
  assert.is(found(built({ hashed: true }), ...two), undefined)
})

test.run()
