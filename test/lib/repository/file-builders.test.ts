import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFluxRepository } from '../../../scripts/lib/repository/flux-repository.ts'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { withRepository } from '../../helpers/repository.ts'

const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n'
const decryption = '  decryption: {provider: sops}\n'
const patch = 'apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {a: b}\n'

/** Who builds each file, as `NAME as FIELD of KUSTOMIZATION FILE, decrypted`; every file with `Secret` in it is of interest. */
async function buildersIn(files: Record<string, string>, ...wanted: string[]) {
  return withRepository(files, async (repository) => {
    const isOfInterest = (_: string, bytes: Buffer) => bytes.includes('Secret')
    const found = await readFluxRepository(repository, Object.keys(files), undefined, isOfInterest)
    const builders = wanted.map((file) =>
      found
        .buildersOf(file)
        .map(({ source, use: { as, by }, decrypts }) =>
          [source.name, as, by, decrypts && 'decrypted'].filter(Boolean).join(' '),
        ),
    )
    return { builders, seesAll: found.seesAll }
  })
}

test('a file knows each Kustomization that builds it, how, and whether that decrypts', async () => {
  const { builders, seesAll } = await buildersIn(
    {
      'cluster/a.yaml': fluxKustomization('a', './apps', decryption),
      'cluster/b.yaml': fluxKustomization('b', './apps/one'),
      'apps/one/secret.yaml': secret,
      'apps/two/kustomization.yaml': `${kustomizationOf('s.yaml')}secretGenerator: [{name: g, files: [k.yaml=one], envs: [two], env: three}]\nconfigMapGenerator: [{name: c, files: [one]}]\npatches: [{path: p.yaml}]\npatchesStrategicMerge: [m.yaml]\npatchesJson6902: [{path: j.yaml, target: {kind: X}}]\n`,
      ...Object.fromEntries(['s', 'p', 'm', 'j'].map((name) => [`apps/two/${name}.yaml`, patch])),
      ...Object.fromEntries(['one', 'two', 'three'].map((name) => [`apps/two/${name}`, 'a=b\n'])),
      'apps/plain.yaml': 'kind: ConfigMap\n',
      'other/secret.yaml': secret,
    },
    'apps/one/secret.yaml',
    ...['s.yaml', 'one', 'two', 'three', 'p.yaml', 'm.yaml', 'j.yaml'].map((name) => `apps/two/${name}`),
    'apps/plain.yaml',
    'other/secret.yaml',
  )
  const by = (...fields: string[]) => fields.map((as) => `a ${as} apps/two/kustomization.yaml decrypted`)
  assert.equal(builders, [
    ['a resources decrypted', 'b resources'],
    by('resources'),
    by('secretGenerator.files', 'configMapGenerator.files'),
    by('secretGenerator.envs'),
    by('secretGenerator.env'),
    by('patches'),
    by('patchesStrategicMerge'),
    by('patchesJson6902'),
    [],
    [],
  ])
  assert.is(seesAll, true)
})

test('what a FluxInstance syncs and what a ResourceSet makes builds files too, and what nothing applies does not', async () => {
  const instance = {
    apiVersion: 'fluxcd.controlplane.io/v1',
    kind: 'FluxInstance',
    metadata: { name: 'flux', namespace: 'flux-system' },
    spec: { sync: { kind: 'GitRepository', url: 'https://example.com/r', path: 'clusters/x' } },
  }
  const set = {
    apiVersion: 'fluxcd.controlplane.io/v1',
    kind: 'ResourceSet',
    metadata: { name: 'tenants' },
    spec: {
      resources: [
        {
          apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
          kind: 'Kustomization',
          metadata: { name: '<< inputs.tenant >>' },
          spec: {
            path: './tenants/<< inputs.tenant >>',
            sourceRef: { kind: 'GitRepository', name: 'flux-system' },
            decryption: { provider: 'sops' },
          },
        },
      ],
    },
  }
  const { builders } = await buildersIn(
    {
      'flux.yaml': JSON.stringify(instance),
      'clusters/x/kustomization.yaml': kustomizationOf('s.yaml', 'apps'),
      'clusters/x/s.yaml': secret,
      'clusters/x/apps/kustomization.yaml': kustomizationOf('one.yaml', 'set.yaml'),
      'clusters/x/apps/one.yaml': fluxKustomization('one', './one'),
      'clusters/x/apps/two.yaml': fluxKustomization('two', './two'),
      'clusters/x/apps/set.yaml': JSON.stringify(set),
      ...Object.fromEntries(['one', 'two', 'tenants/t'].map((path) => [`${path}/s.yaml`, secret])),
    },
    ...['clusters/x', 'one', 'two', 'tenants/t'].map((path) => `${path}/s.yaml`),
  )
  assert.equal(builders, [
    ['flux-system resources clusters/x/kustomization.yaml'],
    ['one resources'],
    [],
    ['<< inputs.tenant >> resources decrypted'],
  ])
})

const root = { 'cluster/a.yaml': fluxKustomization('a', './apps'), 'apps/s.yaml': secret }
const views: Record<string, [files: Record<string, string>, seesAll: boolean]> = {
  'a path with a variable that nothing sets': [
    { ...root, 'cluster/b.yaml': fluxKustomization('b', './${' + 'NAME}') },
    false,
  ],
  'a kustomization file that cannot be read': [{ ...root, 'apps/kustomization.yaml': 'resources: [' }, false],
  'a plugin': [{ ...root, 'apps/kustomization.yaml': 'generators: [s.yaml]\n' }, false],
  'a resource by URL': [
    { ...root, 'apps/kustomization.yaml': 'resources: ["https://example.com/x.yaml"]\n' },
    true,
  ],
  'a path that is not here': [{ ...root, 'cluster/b.yaml': fluxKustomization('b', './gone') }, true],
}
for (const [title, [files, seesAll]] of Object.entries(views))
  test(`${title}: what Flux builds is ${seesAll ? '' : 'not '}all seen`, async () => {
    assert.is((await buildersIn(files)).seesAll, seesAll)
  })

test.run()
