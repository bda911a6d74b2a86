import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeBuilder } from '../../../scripts/lib/repository/builds.ts'
import { topsOf } from '../../../scripts/lib/repository/file-tree.ts'
import { type FluxNode, renderFluxTree } from '../../../scripts/lib/repository/flux-tree.ts'
import { buildersOf, surroundings, withFileTree } from '../../helpers/flux/file-tree.ts'
import { fluxByHand } from '../../helpers/flux/flux-by-hand.ts'
import {
  decryptionPatch,
  fluxKustomization as flux,
  inSpec,
  kustomizationOf as kustomization,
} from '../../helpers/flux/flux-objects.ts'

type Files = Record<string, string>

const secret = 'kind: Secret\nsops:\n  mac: ENC[AES256_GCM,data:x]\n'
/** Lines of a spec: a patch that gives all Kustomizations, or those of this target, a decryption block. */
const decrypts = (target = 'kind: Kustomization') => inSpec(decryptionPatch(`    target: {${target}}\n`))
/** Lines of a spec: a patch that adds a value under a path to Kustomizations of this target. */
const adds = (path: string, value: unknown, target = 'kind: Kustomization') =>
  `  patches:\n    - target: {${target}}\n      patch: '${JSON.stringify([{ op: 'add', path, value }])}'\n`
const variables = (values: Record<string, string>) => `  postBuild: {substitute: ${JSON.stringify(values)}}\n`

function render(files: Files): Promise<FluxNode[]> {
  return withFileTree(files, ({ tree, kustomizations }) =>
    renderFluxTree(tree, buildersOf(tree), surroundings(topsOf(kustomizations))),
  )
}

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted()
      .map(([key, inner]) => [key, canonical(inner)]),
  )
}
const texts = (objects: readonly unknown[]) => objects.map((one) => JSON.stringify(canonical(one))).toSorted()

/** A repository, and for each of its clusters what a person applies to it. */
type Case = [files: Files, ...clusters: string[][]]

const cases: Record<string, Case> = {
  'a parent changes its children': [
    {
      'cluster/apps.yaml': flux(
        'apps',
        './apps',
        `  targetNamespace: t\n  namePrefix: p-\n  nameSuffix: -s\n${decrypts('name: one')}`,
      ),
      'apps/one.yaml': flux('one', './one'),
      'apps/deep/two.yaml': flux('two', './two'),
    },
    ['cluster/apps.yaml'],
  ],
  'a parent with a kustomization file, and a component of its own': [
    {
      'cluster/apps.yaml': flux(
        'apps',
        './apps',
        `  components: [../part]\n${decrypts('labelSelector: by')}`,
      ),
      'apps/kustomization.yaml': `namespace: a\nnamePrefix: x-\n${kustomization('one.yaml', '../base')}`,
      'apps/one.yaml': flux('one', './one'),
      'base/kustomization.yaml': `namePrefix: b-\n${kustomization('two.yaml')}`,
      'base/two.yaml': flux('two', './two', '', '  labels: {by: hand}\n'),
      'part/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonLabels: {by: part}\n',
    },
    ['cluster/apps.yaml'],
  ],
  'a parent changes grandchildren by a patch of patches': [
    {
      'cluster/root.yaml': flux(
        'root',
        './root',
        adds('/spec/patches', [
          {
            target: { kind: 'Kustomization' },
            patch: JSON.stringify([{ op: 'add', path: '/spec/decryption', value: { provider: 'sops' } }]),
          },
        ]),
      ),
      'root/apps.yaml': flux('apps', './apps'),
      'apps/one.yaml': flux('one', './one'),
      'one/leaf.yaml': flux('leaf', './leaf'),
    },
    ['cluster/root.yaml'],
  ],
  'a parent changes where its children look for theirs': [
    {
      'cluster/root.yaml': flux('root', './root', adds('/spec/path', './other', 'name: apps')),
      'root/apps.yaml': flux('apps', './apps', decrypts()),
      'apps/one.yaml': flux('one', './one'),
      'other/two.yaml': flux('two', './two'),
    },
    ['cluster/root.yaml', 'apps/one.yaml'],
  ],
  'variables of a parent, and those that it gives on': [
    {
      'cluster/root.yaml': flux('root', './root', variables({ CLUSTER: 'main', TEAM: 'blue' })),
      'root/apps.yaml': flux(
        'apps',
        `./apps/\${CLUSTER}`,
        `  targetNamespace: \${TEAM}\n${variables({ STAGE: `\${CLUSTER}`, TIER: 'web' })}`,
        `  namespace: \${TEAM}\n`,
      ),
      'apps/main/one.yaml': flux('one', `./one/\${STAGE}/\${SIZE:=small}`, decrypts()),
      'one/main/small/two.yaml': flux('two', './two'),
    },
    ['cluster/root.yaml'],
  ],
  'several parents in one cluster, which put a child into a namespace each': [
    {
      'cluster/red.yaml': flux('red', './apps', `  targetNamespace: red\n${decrypts()}`),
      'cluster/blue.yaml': flux('blue', './apps', '  targetNamespace: blue\n'),
      'apps/one.yaml': flux('one', './one', decrypts()),
      'one/two.yaml': flux('two', './two', '', '  namespace: two\n'),
    },
    ['cluster/red.yaml', 'cluster/blue.yaml'],
  ],
  'a parent in each of two clusters': [
    {
      'clusters/a/apps.yaml': flux('apps', './apps', decrypts()),
      'clusters/b/apps.yaml': flux('apps', './apps', '  namePrefix: b-\n'),
      'apps/one.yaml': flux('one', './one'),
    },
    ['clusters/a/apps.yaml'],
    ['clusters/b/apps.yaml'],
  ],
  'what a person builds with kustomize, and no parent does': [
    {
      'cluster/kustomization.yaml': `namespace: c\nnamePrefix: c-\n${kustomization('../base')}`,
      'base/kustomization.yaml': kustomization('apps.yaml'),
      'base/apps.yaml': flux('apps', './apps', decrypts()),
      'apps/one.yaml': flux('one', './one'),
      'alone/lone.yaml': flux('lone', './lone'),
    },
    ['cluster', 'alone/lone.yaml'],
  ],
  'a Kustomization that builds itself, and changes itself': [
    {
      'cluster/flux-system/gotk-sync.yaml': flux('flux-system', './cluster', decrypts()),
      'cluster/apps.yaml': flux('apps', './apps'),
      'apps/one.yaml': flux('one', './one'),
    },
    ['cluster/flux-system/gotk-sync.yaml'],
  ],
  'two that build each other, and change each other': [
    {
      'a/b.yaml': flux('b', './b', adds('/spec/timeout', '1m')),
      'b/a.yaml': flux('a', './a', decrypts()),
    },
    ['a/b.yaml'],
  ],
  'a parent from another repository': [
    {
      'cluster/apps.yaml': flux('apps', './apps', decrypts()),
      'cluster/theirs.yaml': flux('theirs', './elsewhere', decrypts()).replace(
        'kind: GitRepository, name: flux-system',
        'kind: GitRepository, name: theirs',
      ),
      'cluster/root.yaml': flux('root', './', adds('/spec/timeout', '1m')).replace(
        'kind: GitRepository, name: flux-system',
        'kind: GitRepository, name: theirs',
      ),
      'apps/one.yaml': flux('one', './one'),
    },
    ['cluster/apps.yaml', 'cluster/theirs.yaml', 'cluster/root.yaml'],
  ],
}

for (const [title, [files, ...clusters]] of Object.entries(cases))
  test(`renderFluxTree, as Flux and kustomize: ${title}`, () =>
    withFileTree(files, ({ root, tree, kustomizations }) => {
      const inClusters = clusters.flatMap((byHand) => fluxByHand(root, byHand))
      const nodes = renderFluxTree(tree, buildersOf(tree), surroundings(topsOf(kustomizations)))
      assert.equal(
        texts(nodes.flatMap(({ rendered }) => rendered.map(({ value }) => value))),
        texts(inClusters),
      )
    }))

const byName = (nodes: readonly FluxNode[], name: string) => {
  const node = nodes.find(({ source }) => source.name === name)
  assert.ok(node, name)
  return node
}

test('renderFluxTree: the parents of each rendering, and what gave it its block', async () => {
  const nodes = await render({
    'cluster/red.yaml': flux('red', './apps', decrypts()),
    'cluster/blue.yaml': flux('blue', './apps'),
    'apps/one.yaml': flux('one', './one'),
  })
  const shown = (name: string) =>
    byName(nodes, name).rendered.map(({ parent, decryptionBy }) => [
      parent?.name,
      decryptionBy?.from,
      decryptionBy?.by,
    ])
  assert.equal(shown('red'), [[undefined, undefined, undefined]])
  assert.equal(shown('one'), [
    ['red', 'parent', 'cluster/red.yaml'],
    ['blue', undefined, undefined],
  ])
})

test('renderFluxTree: the encrypted files of all that a Kustomization is in its clusters, and the paths that are not here', async () => {
  const nodes = await render({
    'clusters/a.yaml': flux('a', './apps', variables({ CLUSTER: 'a' })),
    'clusters/b.yaml': flux('b', './apps', variables({ CLUSTER: 'b' })),
    'clusters/c.yaml': flux('c', './apps', variables({ CLUSTER: 'c' })),
    'apps/one.yaml': flux('one', `./one/\${CLUSTER}`),
    'apps/two.yaml': flux('two', `./\${CLUSTER}/\${UNKNOWN}`),
    'one/a/secret.yaml': secret,
    'one/b/plain.yaml': 'kind: ConfigMap\n',
    'one/b/secret.yaml': secret,
  })
  const one = byName(nodes, 'one')
  assert.equal([...one.encrypted].toSorted(), ['one/a/secret.yaml', 'one/b/secret.yaml'])
  assert.equal(one.unseen, ['./one/c'])
  const paths = ['a', 'b', 'c'].map((cluster) => `./${cluster}/\${UNKNOWN}`)
  assert.equal([...byName(nodes, 'two').unseen].toSorted(), paths)
  assert.equal([...byName(nodes, 'a').encrypted], [])
  assert.equal(byName(nodes, 'a').unseen, [])
})

test('renderFluxTree: ends where Kustomizations change each other without end', async () => {
  const nodes = await render({
    'cluster/a.yaml': flux('a', './cluster', adds('/spec/patches', [])),
  })
  assert.is(byName(nodes, 'a').rendered.length, 1)
})

test('renderFluxTree: each path is built once for all rounds in which nothing that it depends on has changed', () =>
  withFileTree(
    {
      'cluster/root.yaml': flux('root', './root', adds('/spec/timeout', '1m')),
      'root/apps.yaml': flux('apps', './apps', adds('/spec/patches', [], 'name: one')),
      'apps/one.yaml': flux('one', './one'),
      'one/two.yaml': flux('two', './two'),
      'two/x.yaml': 'kind: ConfigMap\n',
    },
    ({ tree }) => {
      const builder = makeBuilder(tree)
      const built: string[] = []
      const nodes = renderFluxTree(
        tree,
        buildersOf(tree, {
          ...builder,
          flux: (directory, additions) => {
            built.push(directory)
            return builder.flux(directory, additions)
          },
        }),
        surroundings(),
      )
      assert.is(nodes.length, 4)
      // of one the first round has not seen the patches
      assert.equal(built.toSorted(), ['apps', 'one', 'one', 'root', 'two'])
    },
  ))

test.run()
