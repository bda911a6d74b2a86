import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ComparedObject } from '../../../scripts/diagnosis/values/compared.ts'
import type { NotBuilt } from '../../../scripts/lib/applied/seen-builds.ts'
import { existingReport } from '../../../scripts/sops/verify/existing/report.ts'
import { appliedKustomization, snapshotWith } from '../../helpers/diagnosis/snapshot.ts'

const long = 'a-name-that-is-as-long-as-a-name-of-an-object-may-well-be'
const decryption = { provider: 'sops' }
const snapshot = snapshotWith([
  appliedKustomization('apps', { spec: { decryption } }),
  appliedKustomization(long, { spec: { decryption } }),
  appliedKustomization('plain'),
])
const object = (more: Partial<ComparedObject> = {}): ComparedObject => ({
  kustomization: 'flux-system/apps',
  commit: '1'.repeat(40),
  files: ['apps/db.enc.yaml'],
  kind: 'Secret',
  namespace: 'default',
  name: 'db',
  status: 'same',
  keys: [],
  why: undefined,
  uid: 'u',
  resourceVersion: '1',
  values: [],
  ...more,
})
const report = (objects: ComparedObject[], notBuilt: NotBuilt[] = []) =>
  existingReport({ objects, notBuilt, otherKinds: [] }, { snapshot, root: '/r', cwd: '/r/apps' })

test('the exit code says whether all are the same', () => {
  const url = { file: 'k.yaml', field: 'resources (URL)', reach: 'files' } as const
  const problem = { file: 'k.yaml', field: undefined, problem: 'x', reach: 'files' } as const
  const of = (name: string) => `flux-system/${name}`
  const cases: [code: number, objects: ComparedObject[], notBuilt?: NotBuilt[]][] = [
    [0, [object()]],
    [2, []],
    [1, [object(), object({ status: 'different', keys: ['token'] })]],
    [1, [object({ status: 'missing' }), object({ status: 'not readable', why: { code: 'at-work' } })]],
    [1, [object({ status: 'ciphertext', keys: ['token'] })]],
    [2, [object(), object({ status: 'not readable', why: { code: 'needs-sops' } })]],
    [2, [object()], [{ kustomization: of('apps'), code: 'no-repository' }]],
    [0, [object()], [{ kustomization: of('plain'), code: 'no-repository' }]],
    [0, [object()], [{ kustomization: of('apps'), code: 'not-followed', gap: url }]],
    [2, [object()], [{ kustomization: of('apps'), code: 'not-followed', gap: problem }]],
  ]
  for (const [code, objects, notBuilt] of cases) {
    const { exitCode, lines } = report(objects, notBuilt)
    assert.is(exitCode, code, lines.join('\n'))
    if (notBuilt) assert.match(lines.join('\n'), /^not seen: kustomization flux-system/m)
  }
})

test('no line is wider than a terminal, and of many Kustomizations those are listed that are not the same', () => {
  const { lines } = report([
    object({ name: long, status: 'different', keys: ['token'] }),
    object({ kustomization: `flux-system/${long}` }),
  ])
  for (const line of lines) assert.ok(line.length <= 80, line)
  assert.match(
    lines.join('\n'),
    /^ {2}in db\.enc\.yaml, applied by kustomization flux-system\/apps at 1111111$/m,
  )
  const many = Array.from({ length: 50 }, (_, index) => object({ kustomization: `flux-system/k${index}` }))
  const shown = report([...many, object({ status: 'missing' })]).lines.join('\n')
  assert.not.match(shown, 'k49')
  assert.match(shown, /^flux-system\/apps +0 +0 +1 +0 +0$/m)
  assert.match(shown, /^all 51 +50 +0 +1 +0 +0$/m)
})

test.run()
