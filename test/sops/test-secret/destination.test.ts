import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { realCorpus } from '../../helpers/corpus/corpus.ts'
import { writeFiles } from '../../helpers/files.ts'
import { withExample } from '../../helpers/flux/example.ts'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'
import { makeKey, sopsConfig } from '../../helpers/keys.ts'
import { runTask } from '../../helpers/task.ts'

/** A Kustomization `x` whose source is not the GitRepository of the repository. */
const elsewhere = (source: string, path = './') =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x, namespace: flux-system}\nspec:\n  interval: 1h\n  path: ${path}\n  prune: true\n  sourceRef: {${source}}\n`

/** The source and the path of a Kustomization that builds nothing of this repository, and what is said of it. */
const refused: Record<string, [source: string, path: string, said: RegExp]> = {
  'an OCIRepository': [
    'kind: OCIRepository, name: podinfo',
    './',
    /of another source, OCIRepository podinfo:/,
  ],
  'a Bucket, and no path': ['kind: Bucket, name: box', '""', /the path \. of another source, Bucket box:/],
  'an artifact of something else': [
    'kind: ExternalArtifact, name: made',
    '/',
    /of another source, ExternalArtifact made:/,
  ],
  'another GitRepository': [
    'kind: GitRepository, name: other',
    '.',
    /of another source, GitRepository other:/,
  ],
  'a path that is not here': [
    'kind: GitRepository, name: other',
    './deploy',
    /is not a directory of this repository/,
  ],
}
for (const [title, [source, path, said]] of Object.entries(refused))
  test(`sops:test-create writes nothing where nothing builds it: ${title}`, () =>
    withExample(
      { 'kubernetes/flux-system/x.yaml': elsewhere(source, path) },
      async ({ root: cwd, env, changed }) => {
        for (const args of [[], ['--commit']]) {
          const call = ['--kustomization', 'x', ...args]
          const { code, stdout, stderr } = await runTask('sops:test-create', call, { cwd, env })
          assert.equal([code, stdout], [2, ''])
          assert.match(stderr, said)
          assert.equal(changed(), [])
        }
        const removed = await runTask('sops:test-remove', ['--kustomization', 'x'], { cwd, env })
        assert.is(removed.code, path === './deploy' ? 2 : 0, removed.stderr)
      },
    ))

test('sops:test-create says where nothing applies the Kustomization, and refuses half of one', () => {
  const whole = fluxKustomization('left', './kubernetes/left')
  return withExample(
    {
      'kubernetes/flux-system/kustomization.yaml': 'resources: [infrastructure.yaml, apps.yaml]\n',
      'kubernetes/flux-system/left.yaml': whole,
      'kubernetes/flux-system/half.yaml': whole.replaceAll('left', 'half').replace(/ {2}interval.*\n/, ''),
      'kubernetes/left/x.yaml': 'kind: ConfigMap\n',
      'kubernetes/half/x.yaml': 'kind: ConfigMap\n',
    },
    async ({ root: cwd, env, changed }) => {
      const create = (name: string) => runTask('sops:test-create', ['--kustomization', name], { cwd, env })
      const half = await create('half')
      assert.is(half.code, 2, half.stdout)
      assert.match(
        half.stderr,
        /nothing here applies .*half: the API server would refuse it, for it lacks interval/,
      )
      assert.equal(changed(), [])
      const left = await create('left')
      assert.is(left.code, 0, left.stderr)
      assert.match(
        left.stderr,
        /warning: nothing here applies flux-system\/left: kubernetes\/flux-system\/kustomization\.yaml lists others/,
      )
    },
  )
})

const repositoryAt = (name: string, url: string) =>
  `---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: flux-system}\nspec: {interval: 1m, url: '${url}'}\n`

test('sops:test-create writes nothing for another repository that has such a path as well', () =>
  withExample(
    {
      'kubernetes/flux-system/x.yaml':
        elsewhere('kind: GitRepository, name: other', './kubernetes/apps') +
        repositoryAt('other', 'https://git.example.com/other') +
        repositoryAt('flux-system', 'ssh://git@git.example.com/cluster'),
    },
    async ({ root: cwd, env, changed }) => {
      const { code, stderr } = await runTask('sops:test-create', ['--kustomization', 'x'], { cwd, env })
      assert.is(code, 2)
      assert.match(stderr, 'builds the path ./kubernetes/apps of another source, GitRepository other:')
      assert.equal(changed(), [])
    },
  ))

test('sops:test-create: an artifact that is made of this repository is built from its paths', () =>
  withExample(
    { 'kubernetes/flux-system/x.yaml': elsewhere('kind: OCIRepository, name: cluster', './kubernetes/apps') },
    async ({ root: cwd, env }) => {
      const { code, stderr } = await runTask('sops:test-create', ['--kustomization', 'x'], { cwd, env })
      assert.is(code, 0, stderr)
    },
  ))

test('in two clusters that declare the same names: made and removed where the file says', () => {
  const clusters = ['staging', 'production']
  const files = clusters.flatMap((cluster) => [
    [
      `clusters/${cluster}/all.yaml`,
      ['apps', 'configs'].map((name) => fluxKustomization(name, `./${name}/${cluster}`)).join('---\n'),
    ],
    [`apps/${cluster}/kustomization.yaml`, 'resources: []\n'],
    [`configs/${cluster}/kustomization.yaml`, 'resources: []\n'],
  ])
  return withExample(Object.fromEntries(files), async ({ root: cwd, env, changed }) => {
    const run = (task: string, kustomization: string) =>
      runTask(task, ['--json', '--kustomization', kustomization], { cwd, env })
    for (const cluster of clusters)
      for (const call of ['configs', 'flux-system/configs']) {
        const named = `clusters/${cluster}/all.yaml:${call}`
        const created = await run('sops:test-create', named)
        assert.is(created.code, 0, created.stderr)
        assert.is(JSON.parse(created.stdout).path, `configs/${cluster}`)
        const removed = await run('sops:test-remove', named)
        assert.is(JSON.parse(removed.stdout).result, 'removed')
        assert.equal(changed(), [])
      }
  })
})

const corpus = realCorpus()
if (corpus)
  test('each Kustomization of two clusters that declare the same names can be named as the error lists it', () =>
    corpus.withRepositories(
      async ([repository]) => {
        const { root: cwd, env } = repository!
        const key = makeKey()
        writeFiles(cwd, { '.sops.yaml': sopsConfig(key.recipient), '.age-key.txt': key.text })
        const run = (task: string, kustomization: string) =>
          runTask(task, ['--json', '--kustomization', kustomization], { cwd, env })
        // what is made of artifacts of their own can be named, and told why it is not built from here
        for (const name of ['infra-controllers', 'infra-configs', 'apps']) {
          const { code, stderr } = await run('sops:test-create', name)
          assert.is(code, 2)
          const listed = [...stderr.matchAll(/^ {2}(\S+)/gm)].map(([, call = '']) => call)
          assert.is(listed.length, 2, stderr)
          for (const call of listed) {
            const created = await run('sops:test-create', call)
            assert.is(created.code, 2)
            assert.match(created.stderr, `the Flux Kustomization flux-system/${name} builds the path`)
            assert.match(created.stderr, 'of another source, ExternalArtifact')
          }
        }
      },
      ['fluxcd__flux2-kustomize-helm-example'],
    ))

test.run()
