import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFluxRepository } from '../../../scripts/lib/repository/flux-repository.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'
import {
  decryptionPatch,
  fluxKustomization as flux,
  inSpec,
  kustomizationOf,
} from '../../helpers/flux/flux-objects.ts'

const source = (name: string, ignore: string, url = 'https://x/fleet') =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: flux-system}\nspec:\n  url: ${url}\n  ignore: "${ignore}"\n`
const part = (name: string) => flux(name, './x').replace(/ {2}(interval|prune).*\n/g, '')

/** Files, and by name why something is not applied: what it lacks, the file that does not list it, or the pattern. */
const cases: Record<string, [files: Record<string, string>, expected: Record<string, unknown>]> = {
  'a file that a kustomization does not list, beside one that it lists': [
    {
      'apps/kustomization.yaml': kustomizationOf('one.yaml'),
      'apps/one.yaml': flux('one', './one'),
      'apps/two.yaml': flux('two', './two'),
    },
    { two: 'apps/kustomization.yaml' },
  ],
  'one in a directory of its own': [
    {
      'apps/kustomization.yaml': kustomizationOf('one/ks.yaml'),
      'apps/one/ks.yaml': flux('one', './one'),
      'apps/two/ks.yaml': flux('two', './two'),
    },
    { two: 'apps/kustomization.yaml' },
  ],
  'one whose directory is not listed': [
    {
      'apps/kustomization.yaml': kustomizationOf('one'),
      'apps/one/kustomization.yaml': kustomizationOf('ks.yaml'),
      'apps/one/ks.yaml': flux('one', './one'),
      'apps/two/kustomization.yaml': kustomizationOf('ks.yaml'),
      'apps/two/ks.yaml': flux('two', './two'),
    },
    { two: 'apps/kustomization.yaml' },
  ],
  'not one that another Kustomization builds': [
    {
      'apps/kustomization.yaml': kustomizationOf('one.yaml', 'top.yaml'),
      'apps/one.yaml': flux('one', './one'),
      'apps/top.yaml': flux('top', './more'),
      'more/two.yaml': flux('two', './two'),
    },
    {},
  ],
  'not where nothing that is like it is listed': [
    {
      'apps/kustomization.yaml': kustomizationOf('namespace.yaml', 'deep/one.yaml'),
      'apps/namespace.yaml': 'kind: Namespace\n',
      'apps/deep/one.yaml': flux('one', './one'),
      'apps/two.yaml': flux('two', './two'),
    },
    {},
  ],
  'not where resources may bring it that are not here': [
    {
      'apps/kustomization.yaml': kustomizationOf('one.yaml', 'https://example.com/x'),
      'apps/one.yaml': flux('one', './one'),
      'apps/two.yaml': flux('two', './two'),
    },
    {},
  ],
  'not a root that is applied by hand': [
    {
      'clusters/kustomization.yaml': kustomizationOf('apps.yaml'),
      'clusters/apps.yaml': flux('apps', './apps'),
      'clusters/root.yaml': flux('root', './clusters'),
    },
    {},
  ],
  'one that only copies a root: what it builds has another parent': [
    {
      'clusters/kustomization.yaml': kustomizationOf('root.yaml'),
      'clusters/root.yaml': flux(
        'root',
        './apps',
        inSpec(decryptionPatch('    target: {kind: Kustomization}\n')),
      ),
      'clusters/old.yaml': flux('old', './apps'),
      'apps/one.yaml': flux('one', './one'),
    },
    { old: 'clusters/kustomization.yaml' },
  ],
  'what the API server would refuse': [
    {
      'a.yaml': part('a'),
      'b.yaml':
        'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: b}\nspec: {timeout: 5m}\n',
    },
    { a: ['interval', 'prune'], b: ['interval', 'prune', 'sourceRef.kind', 'sourceRef.name'] },
  ],
  'not what a patch of a kustomization or of a parent completes': [
    {
      'apps/kustomization.yaml': `${kustomizationOf('a.yaml')}patches:\n  - target: {kind: Kustomization}\n    patch: |\n      - {op: add, path: /spec/interval, value: 1m}\n      - {op: add, path: /spec/prune, value: true}\n`,
      'apps/a.yaml': part('a'),
    },
    {},
  ],
  'below a .sourceignore': [
    {
      '.sourceignore': '/old\n',
      'old/a.yaml': flux('a', './a'),
      'new/a.yaml': flux('b', './b'),
    },
    { a: '/old' },
  ],
  'below a .sourceignore, taken in again': [
    { '.sourceignore': '/*\n!/new\n', 'old/a.yaml': flux('a', './a'), 'new/a.yaml': flux('b', './b') },
    { a: '/*' },
  ],
  'not a root that is left out: people apply it by hand': [
    {
      '.sourceignore': '/*\n!/apps\n',
      'bootstrap/root.yaml': flux('root', './apps'),
      'apps/one.yaml': flux('one', './one'),
    },
    {},
  ],
  'below the spec.ignore of its source': [
    {
      'flux/source.yaml': source('flux-system', '/old'),
      'old/a.yaml': flux('a', './a'),
      'flux/b.yaml': flux('b', './b'),
    },
    { a: '/old' },
  ],
  'not where only one of two clusters leaves it out': [
    {
      'one/source.yaml': source('flux-system', '/two'),
      'two/source.yaml': source('flux-system', '/one'),
      'one/a.yaml': flux('a', './a'),
      'two/b.yaml': flux('b', './b'),
    },
    {},
  ],
  'what Flux leaves out by itself': [{ '.github/a.yaml': flux('a', './a') }, { a: '.github/' }],
}

for (const [title, [files, expected]] of Object.entries(cases))
  test(`findNotApplied: ${title}`, () =>
    withDirectory(async (root) => {
      writeFiles(root, files)
      const { notApplied, nodes } = await readFluxRepository({ root, env: process.env }, Object.keys(files))
      const found = [...notApplied].map(([{ name }, why]) => [
        name,
        why.why === 'incomplete' ? why.lacks : why.why === 'not-listed' ? why.by : why.pattern,
      ])
      assert.equal(Object.fromEntries(found), expected)
      const parents = [...nodes.values()].flatMap(({ rendered }) =>
        rendered.map(({ parent }) => parent?.name),
      )
      assert.equal(
        parents.filter((name) => name !== undefined && Object.hasOwn(expected, name)),
        [],
      )
    }))

test.run()
