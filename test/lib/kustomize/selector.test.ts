import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { selects } from '../../../scripts/lib/kustomize/selector.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'

const labels = { tier: 'web', stage: '', 'app.kubernetes.io/name': 'a-b_c.1', n: '3', in: 'y' }

/** Whether a patch for a selector changes an object; `undefined` where kustomize cannot read it. */
function kustomize(directory: string, target: object, metadata: object): boolean | undefined {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', ...metadata } }
  const patch = JSON.stringify([{ op: 'add', path: '/data', value: { b: 'hit' } }])
  writeFiles(directory, {
    'a.json': JSON.stringify(object),
    'kustomization.yaml': JSON.stringify({ resources: ['a.json'], patches: [{ target, patch }] }),
  })
  const { status, stdout } = spawnSync('kustomize', ['build', directory], { encoding: 'utf8' })
  return status === 0 ? stdout.includes('b: hit') : undefined
}

/** By what kustomize says. */
const selectors: [expected: boolean | undefined, ...selectors: string[]][] = [
  [
    true,
    '',
    ' ',
    'tier=web',
    'tier==web',
    'tier = web',
    ' tier  ==\tweb ',
    'tier!=db',
    'tier != db',
    'other!=db',
  ],
  [false, 'tier=db', 'tier==we', 'tier=Web', 'tier!=web', 'other=web', 'Tier=web'],
  [true, 'stage=', 'stage==', 'stage=,tier=web', 'tier!=', 'other!=', 'stage in ()', 'stage in (,a)'],
  [false, 'tier=', 'stage!=', 'other=', 'tier in ()', 'stage notin ()'],
  [
    true,
    'tier in (web)',
    'tier in (db,web)',
    'tier in ( db , web )',
    'tier in(db,web)',
    'tier  in  (web,web)',
  ],
  [false, 'tier in (db)', 'tier in (we,eb)', 'other in (web)', 'tier notin (db, web)', 'tier notin(web)'],
  [true, 'tier notin (db)', 'other notin (web)', 'tier notin (we,eb)', 'tier notin ()'],
  [true, 'tier', ' stage ', '!other', '! other', 'app.kubernetes.io/name', 'tier,stage,!other'],
  [false, 'other', '!tier', '! stage', 'tier,other', 'tier,!stage', 'name', 'kubernetes.io/name'],
  [
    true,
    'app.kubernetes.io/name=a-b_c.1',
    'app.kubernetes.io/name in (x, a-b_c.1)',
    'app.kubernetes.io/name!=a',
  ],
  [
    true,
    'tier=web,stage=',
    'tier in (db,web),n notin (1,2),!other',
    'tier=web , n=3',
    'n in (1,3),tier in (web)',
  ],
  [false, 'tier=web,n=4', 'tier=db,n=3', 'tier in (db),n notin (1,2)', 'n in (1,3),tier in (db)'],
  [true, 'n>2', 'n < 4', 'n>2,n<4'],
  [false, 'n>3', 'n<3', 'other>1', 'tier>1'],
  [true, 'in=y', 'in in (y)', 'in'],
  [
    undefined,
    'tier web',
    'tier=web stage=',
    'tier in web',
    'tier in (web',
    'tier in web)',
    'tier (web)',
    '(tier)',
  ],
  [undefined, ',', 'tier,', ',tier', 'tier,,n', '=web', '!=web', '!', '!tier=web', 'tier=!web', 'tier=(web)'],
  [
    undefined,
    'tier=a/b',
    'tier=-a',
    'tier=a-',
    'a/b/c',
    '-tier',
    'tier-',
    'tier=ä',
    'n>a',
    'n>1.5',
    'n > -1',
    '/a',
    'a/',
  ],
  [
    undefined,
    'tier===web',
    'tier=>web',
    'tier!web',
    'tier in (a b)',
    'tier in (a),',
    'tier in ((a))',
    'tier IN (a)',
  ],
  [
    undefined,
    `tier!=${'a'.repeat(64)}`,
    `${'a'.repeat(64)}`,
    'tier!=a/b',
    'tier notin (a/b)',
    'A.b/c!=d',
    'a_b/c!=d',
  ],
  [undefined, 'tier=web;n=3', 'tier: web', '{tier=web}', '"tier"=web', "tier='web'", 'tier!=a*', 'n>'],
]

/** Both say the same of each selector on an object with these labels or annotations. */
function check(field: 'label' | 'annotation', expected: boolean | undefined, list: readonly string[]) {
  return withDirectory(async (directory) => {
    for (const selector of list) {
      const found = kustomize(directory, { [`${field}Selector`]: selector }, { [`${field}s`]: labels })
      assert.is(found, expected, `kustomize: ${selector}`)
      assert.is(selects(selector, labels), expected ?? false, selector)
    }
  })
}

for (const field of ['label', 'annotation'] as const)
  for (const [expected, ...list] of selectors)
    test(`selects, ${field}s: ${expected ?? 'kustomize refuses, false'}: ${list[0] || 'nothing'} …`, () =>
      check(field, expected, list))

test.run()
