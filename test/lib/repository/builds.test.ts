import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { additionsOf } from '../../../scripts/lib/repository/additions.ts'
import { type Accumulated, type Builder, makeBuilder } from '../../../scripts/lib/repository/builds.ts'
import { parseDocuments } from '../../../scripts/lib/yaml/documents.ts'
import { type Mapping, textAt } from '../../../scripts/lib/yaml/values.ts'
import { writeFiles } from '../../helpers/files.ts'
import { withFileTree } from '../../helpers/flux/file-tree.ts'

type Files = Record<string, string>

const withBuilder = (files: Files, use: (builder: Builder, root: string) => void) =>
  withFileTree(files, ({ tree, root }) => use(makeBuilder(tree), root))

/** The Flux Kustomizations that kustomize puts out; `undefined` where it refuses. */
function kustomize(directory: string): Mapping[] | undefined {
  const args = ['build', '--load-restrictor', 'LoadRestrictionsNone', directory]
  const { status, stdout } = spawnSync('kustomize', args, { encoding: 'utf8' })
  if (status !== 0) return undefined
  const values = parseDocuments(stdout).map(({ value }) => value as Mapping)
  return sorted(values.filter(({ kind }) => kind === 'Kustomization'))
}

function applied(accumulated: readonly Accumulated[]): Mapping[] {
  return sorted(
    accumulated.map(({ source, steps }) =>
      steps.reduce((object, step) => step.apply(object), source.value as Mapping),
    ),
  )
}

function sorted(objects: Mapping[]): Mapping[] {
  const key = (object: Mapping) => json([textAt(object, 'metadata', 'namespace'), nameOf(object)])
  return objects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}

const nameOf = (object: unknown) => textAt(object, 'metadata', 'name')
const json = (value: unknown) => JSON.stringify(value)

const flux = (name: string, metadata: Mapping = {}, spec: Mapping = { path: './x', prune: true }) =>
  json({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, ...metadata },
    spec,
  })
const component = (more: Mapping) =>
  json({ apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', ...more })
/** A patch that adds `key` to the spec. */
const patch = (key: string, target: Mapping = {}) => ({
  target: { kind: 'Kustomization', ...target },
  patch: json({ kind: 'x', metadata: { name: 'x' }, spec: { [key]: 'added' } }),
})
const operation = (op: string, path: string, value: unknown) => json([{ op, path, value }])

/** `a`, and `b` which has a namespace, with labels. */
const base: Files = {
  'base/kustomization.yaml': json({ resources: ['a.yaml', 'b.yaml'] }),
  'base/a.yaml': flux('a'),
  'base/b.yaml': flux('b', { namespace: 'own', labels: { l: '1', m: '1' }, annotations: { l: '1', m: '1' } }),
}
const over = (kustomization: Mapping, files: Files = {}): Files => ({
  ...base,
  'kustomization.yaml': json({ resources: ['base'], ...kustomization }),
  ...files,
})
/** An overlay over one that sets the namespace `mid`, over the base. */
const twice = (kustomization: Mapping): Files => ({
  ...base,
  'mid/kustomization.yaml': json({ resources: ['../base'], namespace: 'mid' }),
  'kustomization.yaml': json({ resources: ['mid'], ...kustomization }),
})
const fileOfA = flux('a', {}, { x: 1 })

const builds: Record<string, Files> = {
  'resources, and other objects among them': over(
    { resources: ['./base/', 'base/../c.yaml'] },
    {
      'c.yaml': `${flux('c')}\n---\n${json({ apiVersion: 'v1', kind: 'List', items: [JSON.parse(flux('d')), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'e' } }] })}`,
    },
  ),
  'bases, and other names of the file': {
    ...base,
    'kustomization.yml': json({ bases: ['o'] }),
    'o/Kustomization': json({ bases: ['../base'], namespace: 'o' }),
  },
  'two overlays of a base': {
    ...base,
    'kustomization.yaml': json({ resources: ['one', 'two'] }),
    'one/kustomization.yaml': json({ resources: ['../base'], namespace: 'one' }),
    'two/kustomization.yaml': json({ resources: ['../base'], namespace: 'two', patches: [patch('x')] }),
  },
  'a namespace in a namespace': twice({ namespace: 'outer' }),
  'an empty namespace': over({ namespace: '' }),
  labels: over({ labels: [{ pairs: { l: '2', k: '2' } }, { pairs: { k: '3' }, includeSelectors: true }] }),
  'commonLabels after labels': over({ commonLabels: { l: '2', n: '2' }, labels: [{ pairs: { n: '3' } }] }),
  commonAnnotations: over({ commonAnnotations: { l: '2', n: '2' } }),
  'patches in their order': over({
    patches: [
      { target: { name: 'a' }, patch: operation('add', '/spec/x', '1') },
      { target: { name: 'a' }, patch: operation('test', '/spec/x', '1') },
      patch('x'),
      patch('y', { labelSelector: 'l=1' }),
    ],
  }),
  'patches before namespace, labels and annotations': over({
    namespace: 'new',
    commonLabels: { n: '2' },
    commonAnnotations: { n: '2' },
    patches: [
      patch('x', { namespace: 'new' }),
      patch('y', { namespace: 'own' }),
      patch('z', { labelSelector: 'n' }),
      patch('z', { annotationSelector: 'n' }),
    ],
  }),
  'patches by path': over(
    { patches: [{ path: 'p.yaml' }, { path: './sub/p.json', target: { name: 'b' } }] },
    { 'p.yaml': fileOfA, 'sub/p.json': operation('add', '/spec/x', 2) },
  ),
  'a patch of several objects': over(
    { patches: [{ path: 'p.yaml' }] },
    { 'p.yaml': `${fileOfA}\n---\n${flux('b', { namespace: 'own' }, { x: 2 })}` },
  ),
  'patchesStrategicMerge before patches': over(
    {
      patches: [patch('z', { name: 'a' }), { target: { name: 'a' }, patch: operation('add', '/spec/x', 2) }],
      patchesStrategicMerge: ['p.yaml', flux('b', { namespace: 'own' }, { y: 1 })],
    },
    { 'p.yaml': fileOfA },
  ),
  'patchesJson6902 after all others': over(
    {
      namespace: 'new',
      commonLabels: { n: '2' },
      patchesJson6902: [
        { target: { name: 'a', namespace: 'new', labelSelector: 'n=2' }, path: 'p.json' },
        { target: { name: 'b', namespace: 'own' }, patch: operation('add', '/spec/y', 1) },
        { target: { name: 'a', namespace: 'other' }, patch: operation('add', '/spec/y', 1) },
      ],
    },
    { 'p.json': operation('add', '/spec/x', 1) },
  ),
  'targets by the first namespace and the last': twice({
    patches: [
      patch('x', { namespace: 'own' }),
      patch('y', { namespace: 'mid' }),
      patch('z', { namespace: 'default' }),
    ],
  }),
  'targets by a namespace between': {
    ...base,
    'mid/kustomization.yaml': json({ resources: ['../base'], namespace: 'mid' }),
    'late/kustomization.yaml': json({ resources: ['../mid'], namespace: 'late' }),
    'kustomization.yaml': json({
      resources: ['late'],
      patches: [patch('x', { namespace: 'mid' }), { patch: flux('a', { namespace: 'mid' }, { y: 1 }) }],
    }),
  },
  'names by the first namespace and the last': twice({
    patches: [{ patch: fileOfA }, { patch: flux('b', { namespace: 'mid' }, { x: 1 }) }],
    patchesStrategicMerge: [flux('b', { namespace: 'own' }, { y: 1 })],
  }),
  'a name that a patch changed': over({
    patches: [
      { target: { name: 'a' }, patch: operation('replace', '/metadata/name', 'z') },
      patch('x', { name: 'a' }),
      patch('y', { name: 'z' }),
      { patch: flux('a', {}, { z: 1 }) },
    ],
  }),
  'a prefix and a suffix': over({ namePrefix: 'x-', nameSuffix: '-y' }),
  'patches before prefix and suffix, patchesJson6902 after them': over({
    namePrefix: 'x-',
    nameSuffix: '-y',
    patches: [patch('x', { name: 'a' }), patch('y', { name: 'x-a-y' })],
    patchesJson6902: [
      { target: { name: 'x-a-y' }, patch: operation('add', '/spec/z', 1) },
      { target: { name: 'b' }, patch: operation('add', '/spec/z', 2) },
      { target: { name: 'x-b' }, patch: operation('add', '/spec/z', 3) },
    ],
  }),
  'targets by the first name and the last, patches by every one': {
    ...base,
    'mid/kustomization.yaml': json({ resources: ['../base'], namePrefix: 'x-' }),
    'late/kustomization.yaml': json({ resources: ['../mid'], namePrefix: 'y-', namespace: 'late' }),
    'kustomization.yaml': json({
      resources: ['late'],
      patches: [
        patch('first', { name: 'a' }),
        patch('between', { name: 'x-a' }),
        patch('last', { name: 'y-x-a' }),
        patch('mixed', { name: 'y-x-b', namespace: 'own' }),
        { patch: flux('a', {}, { byFirst: 1 }) },
        { patch: flux('x-a', {}, { byOld: 1 }) },
        { patch: flux('x-a', { namespace: 'late' }, { byOldInNew: 1 }) },
        { patch: flux('y-x-b', { namespace: 'late' }, { byLast: 1 }) },
      ],
    }),
  },
  'a parent that patches what its base calls otherwise': {
    ...base,
    'mid/kustomization.yaml': json({ resources: ['../base'], nameSuffix: '-one' }),
    'kustomization.yaml': json({
      resources: ['mid'],
      patches: [patch('x', { name: 'b-one', namespace: 'own' }), { patch: flux('a-one', {}, { y: 1 }) }],
    }),
  },
  'a name that patchesJson6902 changed is forgotten': {
    ...base,
    'mid/kustomization.yaml': json({
      resources: ['../base'],
      patchesJson6902: [{ target: { name: 'a' }, patch: operation('replace', '/metadata/name', 'z') }],
    }),
    'kustomization.yaml': json({
      resources: ['mid'],
      patches: [patch('x', { name: 'a' }), patch('y', { name: 'z' })],
    }),
  },
  'a component with a prefix': over(
    { components: ['c'], namePrefix: 'y-', patches: [patch('x', { name: 'c-a' })] },
    { 'c/kustomization.yaml': component({ namePrefix: 'c-' }) },
  ),
  'a component, before the patches of the overlay': over(
    {
      components: ['c'],
      namespace: 'new',
      patches: [
        patch('x', { labelSelector: 'by=c' }),
        { target: { name: 'c' }, patch: operation('test', '/spec/y', 'added') },
      ],
    },
    {
      'c.yaml': flux('c'),
      'c/kustomization.yaml': component({
        resources: ['../c.yaml'],
        commonLabels: { by: 'c' },
        patches: [patch('y')],
      }),
    },
  ),
  'a component with a namespace and a directory': over(
    { components: ['c'] },
    {
      'c/kustomization.yaml': component({
        resources: ['../d'],
        namespace: 'c',
        patches: [patch('x', { namespace: 'd' })],
      }),
      'd/kustomization.yaml': json({ resources: ['d.yaml'], namespace: 'd' }),
      'd/d.yaml': flux('d'),
    },
  ),
  'components of components': over(
    { components: ['c', 'e'] },
    {
      'c/kustomization.yaml': component({
        components: ['../d'],
        patches: [patch('x', { labelSelector: 'by=d' })],
      }),
      'd/kustomization.yaml': component({
        commonLabels: { by: 'd' },
        patches: [patch('y', { labelSelector: 'by' })],
      }),
      'e/kustomization.yaml': component({ patches: [patch('z', { labelSelector: 'by' })] }),
    },
  ),
  'a component of a base is only for the base': over(
    { resources: ['base', 'd.yaml'] },
    {
      'base/kustomization.yaml': json({ resources: ['a.yaml'], components: ['../c'] }),
      'c/kustomization.yaml': component({ patches: [patch('x')] }),
      'd.yaml': flux('d'),
    },
  ),
}

for (const [title, files] of Object.entries(builds)) {
  test(`kustomize: ${title}`, () =>
    withBuilder(files, (builder, root) => {
      const built = kustomize(root)
      assert.ok(built && built.length >= 2)
      assert.equal(applied(builder.kustomize('.').flux), built)
    }))
}

test('kustomize: each step says which file it is from', () =>
  withBuilder(
    over(
      { namespace: 'new', patches: [{ path: 'p.yaml' }], components: ['c'] },
      {
        'p.yaml': fileOfA,
        'c/kustomization.yaml': component({ patches: [patch('x')] }),
      },
    ),
    (builder) => {
      for (const { source, steps } of builder.kustomize('.').flux) {
        assert.match(source.file, /^base\/[ab]\.yaml$/)
        const by = ['c/kustomization.yaml', 'p.yaml', 'kustomization.yaml']
        assert.equal(
          steps.map((step) => [step.from, step.by]),
          by.map((file) => ['kustomize', file]),
        )
      }
    },
  ))

const refused: Record<string, Files> = {
  'one that includes itself': over({ resources: ['base', '.'] }),
  'two that include each other': over(
    { resources: ['base', 'o'] },
    { 'o/kustomization.yaml': json({ resources: ['..'] }) },
  ),
  'a component of itself': over(
    { components: ['c'] },
    { 'c/kustomization.yaml': component({ components: ['.'] }) },
  ),
  'components of each other': over(
    { components: ['c'] },
    {
      'c/kustomization.yaml': component({ components: ['../d'] }),
      'd/kustomization.yaml': component({ components: ['../c'] }),
    },
  ),
  'a missing resource': over({ resources: ['base', 'gone.yaml', 'gone'] }),
  'a missing component': over({ components: ['gone'] }),
  'a missing patch': over({ patches: [{ path: 'gone.yaml' }, { path: '../../gone.yaml', target: {} }] }),
  'a directory without a kustomization file': over({ resources: ['base', 'd'] }, { 'd/d.yaml': flux('d') }),
  'remote ones': over({
    resources: ['base', 'https://127.0.0.1:1/x.yaml', 'ssh://git@127.0.0.1:1/x//y?ref=z'],
    patches: [{ path: 'https://127.0.0.1:1/x.yaml' }],
  }),
}

for (const [title, files] of Object.entries(refused)) {
  test(`kustomize: where it refuses, what is there: ${title}`, () =>
    withBuilder(files, (builder, root) => {
      assert.is(kustomize(root), undefined)
      assert.equal(applied(builder.kustomize('.').flux).map(nameOf), ['b', 'a'])
    }))
}

test('kustomize: nothing where there is no kustomization file', () =>
  withBuilder({ 'a.yaml': flux('a') }, (builder) => {
    const nothing = { flux: [], encrypted: new Set(), uses: [], hidden: [] }
    assert.equal(builder.kustomize('.'), nothing)
    assert.equal(builder.kustomize('gone'), nothing)
    assert.equal(builder.flux('gone'), nothing)
  }))

const below: Files = {
  'at/a.yaml': flux('a'),
  'at/b.yml': flux('b'),
  'at/c.json': flux('c'),
  'at/deep/.x/d.yaml': flux('d'),
  'at/k/kustomization.yml': json({ resources: ['e.yaml'], namespace: 'k' }),
  'at/k/e.yaml': flux('e'),
  'at/k/f.yaml': flux('f'),
  'at/k/k/g.yaml': flux('g'),
  'beside.yaml': flux('h'),
  'c/kustomization.yaml': component({ patches: [patch('x', { namespace: 'k' })], namespace: 'c' }),
}
const generated = { resources: ['a.yaml', 'b.yml', 'deep/.x/d.yaml', 'k'] }
const own = {
  resources: ['a.yaml', 'b.yml'],
  components: ['../d'],
  patches: [patch('z', { namespace: 'c' })],
}
/** A namespace, a prefix and a suffix of its own. */
const named = { resources: ['a.yaml', 'b.yml'], namespace: 'n', namePrefix: 'n-', nameSuffix: '-n' }
const withOwn = {
  ...below,
  'at/kustomization.yaml': json(own),
  'd/kustomization.yaml': component({ namespace: 'k' }),
}

/**
 * What the spec of a Flux Kustomization makes of its path (fluxcd/pkg/kustomize, kustomize_generator.go): the kustomization
 * file that Flux gives to kustomize, a generated one or that of the path with more in it.
 */
const paths: [title: string, files: Files, spec: Mapping, kustomization: Mapping][] = [
  ['all YAML files below, directories with a kustomization file as such', below, {}, generated],
  [
    'and components, relative to the path',
    below,
    { components: ['../c/'] },
    { ...generated, components: ['../c'] },
  ],
  ['a kustomization file', withOwn, {}, own],
  [
    'components added to those of the kustomization file',
    withOwn,
    { components: ['../c'] },
    { ...own, components: ['../d', '../c'] },
  ],
  [
    'patches behind those of the kustomization file, and before its namespace',
    withOwn,
    { patches: [patch('y', { namespace: 'k' }), patch('x', { namespace: 'default' })] },
    {
      ...own,
      patches: [...own.patches, patch('y', { namespace: 'k' }), patch('x', { namespace: 'default' })],
    },
  ],
  [
    'a namespace, a prefix and a suffix',
    below,
    { targetNamespace: 't', namePrefix: 'p-', nameSuffix: '-s', patches: [patch('x', { name: 'a' })] },
    {
      ...generated,
      namespace: 't',
      namePrefix: 'p-',
      nameSuffix: '-s',
      patches: [patch('x', { name: 'a' })],
    },
  ],
  [
    'which take the place of those of the kustomization file',
    { ...withOwn, 'at/kustomization.yaml': json(named) },
    { targetNamespace: 't', namePrefix: 'p-' },
    { ...named, namespace: 't', namePrefix: 'p-' },
  ],
]

for (const [title, files, spec, kustomization] of paths) {
  test(`flux: ${title}`, () =>
    withBuilder(files, (builder, root) => {
      writeFiles(root, { 'at/kustomization.yaml': json(kustomization) })
      const built = kustomize(join(root, 'at'))
      assert.ok(built && built.length >= 2)
      assert.equal(applied(builder.flux('at', additionsOf({ spec }, 'parent.yaml')).flux), built)
    }))
}

test('flux: each step says whether a kustomization file or the spec of the parent says so', () =>
  withBuilder(
    { 'at/kustomization.yaml': json({ ...named, resources: ['a.yaml'] }), 'at/a.yaml': flux('a') },
    (builder) => {
      const spec = { targetNamespace: 't', namePrefix: 'p-', patches: [patch('x')] }
      const [{ steps }] = builder.flux('at', additionsOf({ spec }, 'parent.yaml')).flux as [Accumulated]
      assert.equal(
        steps.map(({ from, by }) => [from, by]),
        [
          ['parent', 'parent.yaml'],
          ['parent', 'parent.yaml'],
          ['parent', 'parent.yaml'],
          ['kustomize', 'at/kustomization.yaml'],
        ],
      )
    },
  ))

const block = 'kind: ConfigMap\nsops:\n  mac: ENC[AES256_GCM,data:x]\n'
const secrets: Files = {
  's.yaml': block,
  's.json': '{"sops": {"mac": "ENC[AES256_GCM,data:x]"}}',
  'min.json': '{"sops":{"mac":"ENC[AES256_GCM,data:x]"}}',
  's.env': 'sops_mac=ENC[AES256_GCM,data:x]\n',
  's.ini': '[sops]\nmac = ENC[AES256_GCM,data:x]\n',
  's.bin': '{\n"sops": {"mac": "ENC[AES256_GCM,data:x]"}}',
  'value.yaml': `kind: Secret\ndata:\n  x: ${Buffer.from(block.repeat(4)).toString('base64')}\n`,
  'plain.yaml': 'kind: ConfigMap\ndata: {sops: x}\n',
}
const everything = Object.keys(secrets)
const elsewhere = (kustomization: Mapping) => ({ 'd/kustomization.yaml': json(kustomization) })
const up = (files: string[]) => files.map((file) => `../${file}`)
const generator = (more: Mapping) => ({ secretGenerator: [{ name: 'x', ...more }] })

const encrypted: [title: string, kustomization: Mapping, expected: string[], files?: Files][] = [
  ['resources', { resources: everything }, ['min.json', 's.bin', 's.json', 's.yaml', 'value.yaml']],
  [
    'resources of a directory',
    { resources: ['d'] },
    ['s.yaml'],
    elsewhere({ resources: up(['s.yaml', 'plain.yaml']) }),
  ],
  ['resources of a base', { bases: ['d'] }, ['s.yaml'], elsewhere({ resources: up(['s.yaml']) })],
  ['resources of a component', { components: ['d'] }, ['s.yaml'], elsewhere({ resources: up(['s.yaml']) })],
  ['files of a generator', generator({ files: everything }), ['s.bin', 's.env', 's.ini', 's.json', 's.yaml']],
  [
    'files by their keys',
    generator({ files: ['x=s.json', 'y=s.env', 'z.yaml=s.yaml', 'a.json=s.bin', 'b.env=s.ini'] }),
    ['s.bin', 's.env', 's.ini', 's.json', 's.yaml'],
  ],
  ['envs of a generator', generator({ envs: everything }), ['s.env', 's.ini', 's.json', 's.yaml']],
  [
    'a generator of a directory',
    { resources: ['d'] },
    ['s.env'],
    elsewhere(generator({ envs: up(['s.env']) })),
  ],
  [
    'a generator of a component',
    { components: ['d'] },
    ['s.env'],
    elsewhere(generator({ envs: up(['s.env']) })),
  ],
  ['the single env of a generator', generator({ env: 's.env' }), []],
  ['a ConfigMap generator', { configMapGenerator: [{ name: 'x', files: everything, envs: everything }] }, []],
  [
    'patches',
    { patches: everything.map((path) => ({ path })) },
    ['s.bin', 's.env', 's.ini', 's.json', 's.yaml'],
  ],
  ['patches that are texts', { patches: [{ patch: block }] }, []],
  [
    'patchesStrategicMerge',
    { patchesStrategicMerge: everything },
    ['min.json', 's.bin', 's.json', 's.yaml', 'value.yaml'],
  ],
  ['patchesJson6902', { patchesJson6902: everything.map((path) => ({ path, target: { name: 'x' } })) }, []],
  [
    'crds, configurations, transformers',
    { crds: everything, configurations: everything, transformers: everything },
    [],
  ],
  ['what is gone', { resources: ['gone.yaml'], ...generator({ files: ['gone'], envs: ['gone.env'] }) }, []],
]

for (const [title, kustomization, expected, files = {}] of encrypted) {
  test(`encrypted: ${title}`, () =>
    withBuilder({ ...secrets, ...files, 'kustomization.yaml': json(kustomization) }, (builder) => {
      assert.equal([...builder.kustomize('.').encrypted].sort(), expected)
      assert.equal([...builder.flux('.').encrypted].sort(), expected)
    }))
}

test('encrypted: a path without a kustomization file', () =>
  withBuilder(
    {
      ...secrets,
      'd/deep/s.yml': block,
      'c/kustomization.yaml': component({ resources: ['../s.env', '../s.json'] }),
    },
    (builder) => {
      assert.equal([...builder.flux('.').encrypted].sort(), [
        'd/deep/s.yml',
        's.json',
        's.yaml',
        'value.yaml',
      ])
      assert.equal(
        [...builder.flux('d', additionsOf({ spec: { components: ['../c'] } }, 'x')).encrypted].sort(),
        ['d/deep/s.yml', 's.json'],
      )
    },
  ))

test.run()
