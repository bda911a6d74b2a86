import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeFileTree } from '../../../../scripts/lib/repository/file-tree.ts'
import {
  type DeclaredSource,
  findSources,
  pathOf,
  sourcesHere,
} from '../../../../scripts/lib/repository/sources/flux-sources.ts'
import type { Mapping } from '../../../../scripts/lib/yaml/values.ts'

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
      values.map(sourcesHere(values, tree, { declared: [], remotes: new Map() })),
      rows.map(([, , isHere]) => isHere),
    )
  })

const flux = (name: string, url: string | undefined, more = {}) => ({
  ...{
    kind: 'GitRepository',
    name,
    namespace: 'flux-system',
    url,
    ...{ ref: undefined, ignore: undefined, isFirst: false },
  },
  ...more,
})
const of = (name: string, reference = {}, path = './apps') => ({
  metadata: { namespace: 'flux-system' },
  spec: { path, sourceRef: { kind: 'GitRepository', name, ...reference } },
})

/** Sources that are declared, remotes, and which Kustomizations build this repository. */
const byUrl: Record<
  string,
  [declared: DeclaredSource[], remotes: Record<string, string>, rows: [value: Mapping, isHere: boolean][]]
> = {
  'that of a remote': [
    [flux('a', 'x/fleet'), flux('b', 'x/other')],
    { origin: 'git@x:fleet.git' },
    [
      [of('a'), true],
      [of('a', {}, './gone'), true],
      [of('b'), false],
    ],
  ],
  'that of the first source, where no remote is declared': [
    [flux('flux-system', 'x/fleet', { isFirst: true }), flux('b', 'x/other'), flux('c', 'x/fleet')],
    { origin: 'https://fork/fleet' },
    [
      [of('flux-system'), true],
      [of('b'), false],
      [of('c'), true],
    ],
  ],
  'a first source that another URL has than the remote': [
    [flux('flux-system', 'x/fleet', { isFirst: true }), flux('b', 'x/apps')],
    { origin: 'https://x/apps' },
    [
      [of('flux-system'), false],
      [of('b'), true],
    ],
  ],
  'another remote than origin says less than the first source, for origin may have a name of ssh': [
    [flux('flux-system', 'x/fleet', { isFirst: true }), flux('b', 'x/template')],
    { origin: 'git@work:fleet.git', upstream: 'https://x/template' },
    [
      [of('flux-system'), true],
      [of('b'), true],
    ],
  ],
  'the artifact of a registry that a cluster begins with': [
    [
      flux('flux-system', 'r/fleet', { kind: 'OCIRepository', isFirst: true }),
      flux('b', 'x/fleet'),
      flux('c', 'r/other', { kind: 'OCIRepository' }),
    ],
    { origin: 'https://x/fleet' },
    [
      [of('flux-system', { kind: 'OCIRepository' }), true],
      [of('b'), true],
      [of('c', { kind: 'OCIRepository' }), false],
    ],
  ],
  'one of another namespace, or of another kind, is another one': [
    [flux('a', 'x/fleet', { isFirst: true }), flux('b', 'x/other', { namespace: 'tenant' })],
    {},
    [
      [of('b', { namespace: 'tenant' }), false],
      [of('b'), true],
      [of('b', { namespace: 'tenant', kind: 'Bucket' }), true],
    ],
  ],
  'one whose URL is not known, by its paths': [
    [flux('a', 'x/fleet', { isFirst: true }), flux('b', undefined)],
    {},
    [
      [of('b'), true],
      [of('d', {}, './gone'), false],
    ],
  ],
}

for (const [title, [declared, remotes, rows]] of Object.entries(byUrl))
  test(`sourcesHere, by the URL: ${title}`, () => {
    const values = rows.map(([value]) => value)
    assert.equal(
      values.map(sourcesHere(values, tree, { declared, remotes: new Map(Object.entries(remotes)) })),
      rows.map(([, isHere]) => isHere),
    )
  })

test('findSources: what files declare, and what a FluxInstance makes', () => {
  const text = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: a, namespace: n}
spec: {url: "ssh://git@X/fleet.git", ignore: "/*"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts}
spec: {url: https://charts}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: Bucket
metadata: {name: "flux-system"}
spec: {url: "\${URL}"}
`
  const source = {
    kind: 'OCIRepository',
    name: 'gitops',
    namespace: 'gitops',
    url: 'oci://r/fleet',
    ref: 'latest',
  }
  const instance = { name: 'flux', path: '.', patches: [], decrypts: false, source, at: ['spec'] }
  assert.equal(
    findSources(
      new Map([['x.yaml', text]]),
      [{ file: 'y.yaml', instance, namespace: undefined, keySecrets: [] }],
      new Set(['a']),
    ),
    [
      {
        kind: 'GitRepository',
        name: 'a',
        namespace: 'n',
        url: 'x/fleet',
        ...{ ref: undefined, ignore: '/*' },
        isFirst: false,
      },
      {
        ...{ kind: 'Bucket', name: 'flux-system', namespace: undefined, url: undefined, ignore: undefined },
        ...{ ref: undefined, isFirst: true },
      },
      { ...source, url: 'r/fleet', ref: { name: 'latest' }, ignore: undefined, isFirst: true },
    ],
  )
  const [ofBootstrap] = findSources(new Map([['c/gotk-sync.yaml', text]]), [], new Set(['a']))
  assert.is(ofBootstrap?.isFirst, true)
  assert.equal(findSources(new Map([['x.yaml', text]]), [], new Set(['b', 'a-b'])), [])
})

test('pathOf: none is the root', () => {
  assert.is(pathOf({}), '.')
  assert.is(pathOf(built('a', './apps')), './apps')
})

test.run()
