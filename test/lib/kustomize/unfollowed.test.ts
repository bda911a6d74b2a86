import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Reach } from '../../../scripts/lib/kustomize/reach.ts'
import { isRemote, kustomizationFields } from '../../../scripts/lib/kustomize/unfollowed.ts'
import { makeBuilder } from '../../../scripts/lib/repository/builds.ts'
import { type Rendered, render } from '../../../scripts/lib/repository/rendered.ts'
import { parseDocuments } from '../../../scripts/lib/yaml/documents.ts'
import { isMapping, type Mapping, valueAt } from '../../../scripts/lib/yaml/values.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'
import { withFileTree } from '../../helpers/flux/file-tree.ts'

type Files = Record<string, string>

const json = (value: unknown) => JSON.stringify(value)
const apiVersion = 'kustomize.toolkit.fluxcd.io/v1'
const object = {
  apiVersion,
  kind: 'Kustomization',
  metadata: { name: 'a', namespace: 'x', labels: { l: '1' } },
  spec: {
    path: './$(X)',
    interval: '1h',
    decryption: { provider: 'sops', secretRef: { name: 'key' } },
    patches: [{ patch: 'one' }],
  },
}

/** What kustomize makes of the object, `null` where nothing is left. */
function kustomize(directory: string): Mapping | null {
  const args = ['build', '--load-restrictor', 'LoadRestrictionsNone', directory]
  const { status, stdout, stderr } = spawnSync('kustomize', args, { encoding: 'utf8' })
  assert.is(status, 0, stderr)
  const values = parseDocuments(stdout).map(({ value }) => value)
  return (values.find((value) => valueAt(value, 'kind') === 'Kustomization') as Mapping | undefined) ?? null
}

/** All that decides what a Flux Kustomization is and builds, in parts: from the widest reach to the narrowest. */
const parts: Record<Reach, (value: Mapping | null) => unknown> = {
  object: (value) => value && [value.metadata, valueAt(value, 'spec', 'decryption')],
  files: (value) => ['path', 'components', 'sourceRef'].map((key) => valueAt(value, 'spec', key)),
  children: (value) =>
    ['patches', 'targetNamespace', 'namePrefix', 'postBuild'].map((key) => valueAt(value, 'spec', key)),
}

/** The widest part in which two objects differ. */
function difference(a: Mapping | null, b: Mapping | null): Reach | undefined {
  const canonical = (value: unknown): unknown =>
    isMapping(value)
      ? Object.fromEntries(
          Object.entries(value)
            .toSorted()
            .map(([key, inner]) => [key, canonical(inner)]),
        )
      : value
  const isSame = (part: Reach) => json(canonicalList(parts[part](a))) === json(canonicalList(parts[part](b)))
  const canonicalList = (value: unknown) => (Array.isArray(value) ? value.map(canonical) : value)
  return (Object.keys(parts) as Reach[]).find((part) => !isSame(part))
}

async function withRendered(
  kustomization: Mapping,
  files: Files,
  use: (rendered: Rendered, built: () => Mapping | null) => void,
): Promise<void> {
  const all = {
    'a.yaml': json(object),
    'kustomization.yaml': json({ resources: ['a.yaml'], ...kustomization }),
    ...files,
  }
  await withFileTree(all, ({ tree, root }) => {
    const [only] = makeBuilder(tree).kustomize('.').flux
    assert.ok(only)
    use(render(only), () => kustomize(root))
  })
}

const replace = (fieldPaths: string[], select: Mapping = { kind: 'Kustomization' }) => ({
  sourceValue: 'other',
  targets: [{ select, ...(fieldPaths.length > 0 && { fieldPaths }), options: { create: true } }],
})
const transformer = (kind: string, more: Mapping) =>
  `${json({ apiVersion: 'builtin', kind, metadata: { name: 'n' }, ...more })}\n`
const annotations = (...fieldSpecs: Mapping[]) =>
  transformer('AnnotationsTransformer', { annotations: { b: 'c' }, fieldSpecs })
const atMetadata = { path: 'metadata/annotations', create: true }
const merge = (more: Mapping) =>
  json({ apiVersion, kind: 'Kustomization', metadata: { name: 'a', namespace: 'x' }, ...more })
const waits = json([{ op: 'add', path: '/spec/decryption/provider', value: 'other' }])
const secret = { secretGenerator: [{ name: 'key', namespace: 'x', literals: ['a=b'] }] }
const variable = {
  vars: [
    {
      name: 'X',
      objref: { kind: 'Kustomization', name: 'a', apiVersion },
      fieldref: { fieldpath: 'metadata.name' },
    },
  ],
}
const schema = json({
  definitions: {
    flux: {
      type: 'object',
      'x-kubernetes-group-version-kind': [
        { group: 'kustomize.toolkit.fluxcd.io', version: 'v1', kind: 'Kustomization' },
      ],
      properties: {
        spec: {
          type: 'object',
          properties: {
            patches: {
              type: 'array',
              items: { type: 'object' },
              'x-kubernetes-patch-merge-key': 'patch',
              'x-kubernetes-patch-strategy': 'merge',
            },
          },
        },
      },
    },
  },
})

/** What is said to be unknown, which must be what kustomize makes otherwise than we do: nothing less, nothing more. */
const exactly: [title: string, reach: Reach | undefined, kustomization: Mapping, files?: Files][] = [
  ['replacements of the block', 'object', { replacements: [replace(['spec.decryption.secretRef.name'])] }],
  ['replacements of the name, where no field is named', 'object', { replacements: [replace([])] }],
  ['replacements of the path', 'files', { replacements: [replace(['spec.interval', 'spec.path'])] }],
  ['replacements of the target namespace', 'children', { replacements: [replace(['spec.targetNamespace'])] }],
  ['replacements of another field', undefined, { replacements: [replace(['spec.interval'])] }],
  [
    'replacements in another kind',
    undefined,
    { replacements: [replace(['spec.path'], { kind: 'HelmRelease' })] },
  ],
  ['replacements by another name', undefined, { replacements: [replace(['spec.path'], { name: 'b' })] }],
  [
    'replacements by a label, and a name that it had before',
    'files',
    { namePrefix: 'p-', replacements: [replace(['spec.path'], { name: 'a', labelSelector: 'l=1' })] },
  ],
  [
    'replacements in files, one and a list',
    'files',
    { replacements: [{ path: 'one.yaml' }, { path: 'list.yaml' }] },
    { 'one.yaml': json(replace(['spec.interval'])), 'list.yaml': json([replace(['spec.path'])]) },
  ],
  [
    'replacements in a file for another kind',
    undefined,
    { replacements: [{ path: 'one.yaml' }] },
    { 'one.yaml': json(replace(['spec.path'], { kind: 'HelmRelease' })) },
  ],
  ['a transformer of all objects', 'object', { transformers: [annotations(atMetadata)] }],
  [
    'a transformer of other kinds',
    undefined,
    { transformers: [annotations({ ...atMetadata, kind: 'Namespace' })] },
  ],
  [
    'a transformer of another group',
    undefined,
    { transformers: [annotations({ ...atMetadata, group: 'apps' })] },
  ],
  [
    'a transformer of this kind',
    'object',
    { transformers: [annotations({ ...atMetadata, kind: 'Kustomization' })] },
  ],
  [
    'a transformer of the path, in a file',
    'files',
    { transformers: ['t.yaml'] },
    { 't.yaml': transformer('PrefixTransformer', { prefix: 'x', fieldSpecs: [{ path: 'spec/path' }] }) },
  ],
  [
    'a transformer that patches',
    'object',
    { transformers: [transformer('PatchTransformer', { target: { kind: 'Kustomization' }, patch: waits })] },
  ],
  [
    'transformers of a directory',
    'object',
    { transformers: ['t'] },
    { 't/kustomization.yaml': json({ resources: ['t.yaml'] }), 't/t.yaml': annotations(atMetadata) },
  ],
  [
    'a configuration that makes a prefix one of the block',
    'object',
    { namePrefix: 'p-', configurations: ['c.yaml'] },
    { 'c.yaml': json({ namePrefix: [{ path: 'spec/decryption/provider' }] }) },
  ],
  [
    'a configuration that makes the name of the key Secret follow a generator',
    'object',
    { ...secret, configurations: ['c.yaml'] },
    {
      'c.yaml': json({
        nameReference: [
          {
            kind: 'Secret',
            version: 'v1',
            fieldSpecs: [{ kind: 'Kustomization', path: 'spec/decryption/secretRef/name' }],
          },
        ],
      }),
    },
  ],
  [
    'a configuration of other kinds',
    undefined,
    { ...secret, configurations: ['c.yaml'] },
    {
      'c.yaml': json({
        nameReference: [
          {
            kind: 'Secret',
            version: 'v1',
            fieldSpecs: [{ kind: 'HelmRelease', path: 'spec/valuesFrom/name' }],
          },
        ],
      }),
    },
  ],
  ['variables', undefined, variable],
  [
    'variables, and a configuration that replaces them in the path',
    'files',
    { ...variable, configurations: ['c.yaml'] },
    { 'c.yaml': json({ varReference: [{ path: 'spec/path', kind: 'Kustomization' }] }) },
  ],
  [
    'labels in the block',
    'object',
    { labels: [{ pairs: { b: 'c' }, fields: [{ path: 'spec/decryption', create: true }] }] },
  ],
  [
    'labels in a field of another kind',
    undefined,
    { labels: [{ pairs: { b: 'c' }, fields: [{ path: 'spec/decryption', kind: 'Namespace' }] }] },
  ],
  ['a patch that deletes it', 'object', { patches: [{ patch: merge({ $patch: 'delete' }) }] }],
  [
    'a patch that deletes it, by a target',
    'object',
    { patches: [{ target: { kind: 'Kustomization' }, patch: merge({ $patch: 'delete' }) }] },
  ],
  [
    'a patch that deletes others',
    undefined,
    { patches: [{ target: { kind: 'HelmRelease' }, patch: merge({ $patch: 'delete' }) }] },
  ],
  [
    'patchesStrategicMerge that delete it',
    'object',
    { patchesStrategicMerge: [merge({ $patch: 'delete' })] },
  ],
  [
    'a patch that may rename it',
    'object',
    {
      patches: [
        {
          target: { kind: 'Kustomization' },
          options: { allowNameChange: true },
          patch: merge({ metadata: { name: 'b' } }),
        },
      ],
    },
  ],
  [
    'a patch that may rename others',
    undefined,
    {
      patches: [
        {
          target: { name: 'c' },
          options: { allowNameChange: true },
          patch: merge({ metadata: { name: 'b' } }),
        },
      ],
    },
  ],
  [
    'a patch that our parser refuses, and kustomize does not',
    'object',
    { patches: [{ path: 'p.yaml' }] },
    {
      'p.yaml': `apiVersion: ${apiVersion}\nkind: Kustomization\nmetadata: {name: a, namespace: x}\nspec:\n  interval: 1m\n  interval: 1m\n  decryption: {provider: other}\n`,
    },
  ],
  ['a pattern of Go', 'object', { patches: [{ target: { name: '(?P<x>a)' }, patch: waits }] }],
  [
    'a pattern of Go for another kind',
    undefined,
    { patches: [{ target: { kind: 'HelmRelease', name: '(?P<x>a)' }, patch: waits }] },
  ],
  ['a field that is written in other letters', 'object', { NamePrefix: 'p-' }],
]

for (const [title, reach, kustomization, files = {}] of exactly)
  test(`gaps, where kustomize makes something else: ${title}`, () =>
    withRendered(kustomization, files, ({ value, gaps }, built) => {
      assert.is(difference(built(), value), reach)
      assert.is(gaps[0]?.reach, reach)
      assert.ok(gaps.every(({ file }) => file === 'kustomization.yaml'))
    }))

/** What is said to be unknown, though it may be as we think. */
const cautious: [field: string, kustomization: Mapping, files?: Files][] = [
  [
    'openapi',
    { openapi: { path: 's.json' }, patches: [{ patch: merge({ spec: { patches: [{ patch: 'two' }] } }) }] },
    { 's.json': schema },
  ],
  ['crds', { crds: ['s.json'] }, { 's.json': '{}' }],
  ['components (URL)', { components: ['https://127.0.0.1:1/x'] }],
  ['patches (URL)', { patches: [{ path: 'https://127.0.0.1:1/x.yaml' }] }],
  ['patches (URL)', { patches: [{ path: 'https://127.0.0.1:1/x.yaml', target: { name: 'a' } }] }],
  ['replacements', { replacements: [{ path: 'gone.yaml' }] }],
  ['transformers', { transformers: ['gone.yaml'] }],
  ['configurations', { configurations: ['https://127.0.0.1:1/x.yaml'] }],
]

for (const [field, kustomization, files = {}] of cautious)
  test(`gaps: ${field}: ${json(kustomization)}`, () =>
    withRendered(kustomization, files, ({ gaps }) =>
      assert.equal(gaps, [{ file: 'kustomization.yaml', field, reach: 'object' }]),
    ))

test('gaps: kustomize merges a list by a schema of openapi, and we do not', () => {
  const [, kustomization, files] = cautious[0]!
  return withRendered(kustomization, files!, ({ value }, built) =>
    assert.is(difference(built(), value), 'children'),
  )
})

const hidden: [field: string | undefined, text: string][] = [
  ['resources (URL)', json({ resources: ['a.yaml', 'https://127.0.0.1:1/x.yaml'] })],
  ['bases (URL)', json({ bases: ['ssh://git@127.0.0.1:1/x//y'] })],
  ['components (URL)', json({ components: ['git@127.0.0.1:x/y'] })],
  ['generators', json({ generators: ['g.yaml'] })],
  ['helmCharts', json({ helmCharts: [{ name: 'x' }] })],
  ['Resources', json({ Resources: ['a.yaml'] })],
  [undefined, 'resources: [a.yaml]\nnamespace: x\nnamespace: y\n'],
]

for (const [field, text] of hidden)
  test(`hidden resources: ${field ?? 'a file that our parser refuses'}`, () =>
    withFileTree({ 'kustomization.yaml': text, 'a.yaml': json(object) }, ({ tree }) => {
      const builder = makeBuilder(tree)
      const problem = field === undefined ? { problem: 'duplicate key in line 3' } : {}
      const expected = [{ file: 'kustomization.yaml', field, ...problem, reach: 'files' }]
      assert.equal(builder.kustomize('.').hidden, expected)
      assert.equal(builder.flux('.').hidden, expected)
    }))

test('hidden resources: of a base, of a component and of what is below a path; none where all is here', () =>
  withFileTree(
    {
      'over/kustomization.yaml': json({ resources: ['../base'], components: ['../part'] }),
      'base/kustomization.yaml': json({ generators: ['g.yaml'] }),
      'part/kustomization.yaml': json({ kind: 'Component', helmCharts: [{ name: 'x' }] }),
      'fine/kustomization.yaml': json({
        resources: ['../a.yaml'],
        images: [],
        vars: [],
        foo: 1,
        crds: [],
        generators: null,
      }),
      'a.yaml': json(object),
    },
    ({ tree }) => {
      const builder = makeBuilder(tree)
      const files = (directory: string) => builder.flux(directory).hidden.map(({ file }) => file)
      assert.equal(files('over'), ['base/kustomization.yaml', 'part/kustomization.yaml'])
      assert.equal(files('.').toSorted(), [
        'base/kustomization.yaml',
        'base/kustomization.yaml',
        'part/kustomization.yaml',
        'part/kustomization.yaml',
      ])
      assert.equal(files('fine'), [])
    },
  ))

test('kustomizationFields: kustomize knows each of them', () =>
  withDirectory(async (directory) => {
    const complaint = (field: string) => {
      writeFiles(directory, {
        'a.yaml': json(object),
        'kustomization.yaml': json({ resources: ['a.yaml'], [field]: null }),
      })
      return spawnSync('kustomize', ['build', directory], { encoding: 'utf8' }).stderr
    }
    for (const field of Object.values(kustomizationFields).flat())
      assert.not.match(complaint(field), 'unknown field', field)
    assert.match(complaint('foo'), 'unknown field "foo"')
  }))

test('isRemote: what kustomize fetches', () => {
  const remote = [
    'https://x/y.yaml',
    'HTTP://x/y',
    'ssh://git@x/y',
    'git@x:y/z',
    'git::x',
    'gh:x/y',
    'github.com/x/y',
    'file:///x',
  ]
  for (const path of remote) assert.ok(isRemote(path), path)
  for (const path of ['x.yaml', './github.com/x', '../x', '/x', 'a@b/c', 'a:b', 'githubXcom/x'])
    assert.not(isRemote(path), path)
})

test.run()
