import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditOf, ofCodes } from '../../../../helpers/audit.ts'
import { encrypt, map, secret } from '../../../../helpers/flux/encrypted-objects.ts'
import { fluxKustomization, kustomizationOf } from '../../../../helpers/flux/flux-objects.ts'

const block = '  decryption: {provider: sops, secretRef: {name: sops-age}}\n'
const encrypted = { 'apps/s.yaml': encrypt(secret('s')) }
const removed = fluxKustomization('a', './apps', block).replace('/v1\n', '/v1beta2\n')
const components = (version: string) => ({
  'cluster/flux-system/gotk-components.yaml': `# Flux Version: ${version}\n`,
})
const codes = ['built-without-decryption', 'refused-block', 'no-key-secret', 'removed-version', 'built-twice']

const cases: Record<string, [files: Record<string, string>, found: string[]]> = {
  'decryption, and a block that names a Secret': [
    { 'c/a.yaml': fluxKustomization('a', './apps', block) },
    [],
  ],
  'no decryption': [
    { 'c/a.yaml': fluxKustomization('a', './apps') },
    ['c/a.yaml:7 built-without-decryption'],
  ],
  'no decryption, and only what an operator in the cluster decrypts': [
    {
      'c/a.yaml': fluxKustomization('a', './apps'),
      'apps/s.yaml': encrypt(secret('s').replace('kind: Secret', 'kind: SopsSecret')),
    },
    [],
  ],
  'no decryption, and nothing encrypted': [
    { 'c/a.yaml': fluxKustomization('a', './apps'), 'apps/s.yaml': 'kind: ConfigMap\n' },
    [],
  ],
  'a child that inherits nothing from its parent': [
    {
      'c/a.yaml': fluxKustomization('a', './children', block),
      'children/b.yaml': fluxKustomization('b', './apps'),
    },
    ['children/b.yaml:7 built-without-decryption'],
  ],
  'a Kustomization that nothing lists, where others are listed': [
    {
      'c/a.yaml': fluxKustomization('a', './children', block),
      'children/kustomization.yaml': kustomizationOf('one.yaml'),
      'children/one.yaml': fluxKustomization('one', './one', block),
      'one/m.yaml': map('m'),
      'children/two/app/ks.yaml': fluxKustomization('b', './apps'),
    },
    [],
  ],
  'a parent that gives its children the block': [
    {
      'c/a.yaml': fluxKustomization(
        'a',
        './children',
        `${block}  patches: [{target: {kind: Kustomization}, patch: "- {op: add, path: /spec/decryption, value: {provider: sops, secretRef: {name: x}}}"}]\n`,
      ),
      'children/b.yaml': fluxKustomization('b', './apps'),
    },
    [],
  ],
  'a FluxInstance': [
    {
      'flux.yaml':
        'apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\nspec: {sync: {kind: GitRepository, url: "https://example.com/r", path: apps}}\n',
    },
    ['flux.yaml built-without-decryption'],
  ],
  'a block with another provider': [
    { 'c/a.yaml': fluxKustomization('a', './apps', '  decryption: {provider: age}\n') },
    ['c/a.yaml:11 refused-block'],
  ],
  'a block that names no Secret': [
    { 'c/a.yaml': fluxKustomization('a', './apps', '  decryption: {provider: sops}\n') },
    ['c/a.yaml:11 no-key-secret'],
  ],
  'a block that names no Secret, and a controller with a key': [
    {
      'c/a.yaml': fluxKustomization('a', './apps', '  decryption: {provider: sops}\n'),
      'c/p.yaml': 'args: [--sops-age-secret=sops-age]\n',
    },
    [],
  ],
  'a removed version, once for all': [
    { 'c/a.yaml': removed, 'c/b.yaml': removed.replace('name: a', 'name: b').replace('./apps', './none') },
    ['c/a.yaml:1 removed-version'],
  ],
  'a removed version under a Flux that has it': [{ 'c/a.yaml': removed, ...components('v2.7.5') }, []],
  'a removed version under a Flux that has removed it': [
    { 'c/a.yaml': removed, ...components('v2.8.0') },
    ['c/a.yaml:1 removed-version'],
  ],
  'two Kustomizations of a cluster that build a file': [
    {
      'c/a.yaml': fluxKustomization('a', './apps', block),
      'c/b.yaml': fluxKustomization('b', './apps', block),
    },
    ['c/a.yaml:1 built-twice'],
  ],
  'two that build it into namespaces of their own': [
    {
      'c/a.yaml': fluxKustomization('a', './one', block),
      'c/b.yaml': fluxKustomization('b', './two', block),
      'apps/kustomization.yaml': kustomizationOf('s.yaml'),
      'one/kustomization.yaml': `namespace: one\n${kustomizationOf('../apps')}`,
      'two/kustomization.yaml': `namespace: two\n${kustomizationOf('../apps')}`,
    },
    [],
  ],
  'two that build it, and a patch that takes its metadata away': [
    {
      'c/a.yaml': fluxKustomization('a', './apps', block),
      'c/b.yaml': fluxKustomization('b', './apps', block),
      'apps/kustomization.yaml': `${kustomizationOf('s.yaml')}patches:
- target: {kind: Secret}
  patch: |
    - {op: remove, path: /metadata}
`,
    },
    [],
  ],
  'two of different clusters': [
    {
      'clusters/one/a.yaml': fluxKustomization('a', './apps', block),
      'clusters/two/a.yaml': fluxKustomization('a', './apps', block),
    },
    [],
  ],
}

for (const [title, [files, expected]] of Object.entries(cases))
  test(`${title}: ${expected.length > 0 ? expected : 'nothing is found'}`, async () => {
    assert.equal(ofCodes(await auditOf({ ...encrypted, ...files }), ...codes), expected)
  })

test('what is found names the Kustomizations and the files', async () => {
  const { found, facts } = await auditOf({
    'c/a.yaml': fluxKustomization('a', './apps'),
    'c/b.yaml': fluxKustomization('b', './apps', '  decryption: {}\n'),
    'apps/s.yaml': encrypt(secret('s')),
    'apps/t.yaml': encrypt(secret('t')),
  })
  const of = (code: string) => facts[found.findIndex((one) => one.endsWith(code))]
  const files = 'apps/s.yaml and 1 more'
  assert.equal(of('built-without-decryption'), { kustomization: 'flux-system/a', files })
  assert.equal(of('refused-block'), {
    of: 'flux-system/b: ',
    fault: 'its decryption block is empty, and decrypts nothing',
  })
  assert.equal(of('built-twice'), {
    kustomization: 'flux-system/a',
    other: 'flux-system/b (c/b.yaml)',
    files,
  })
})

test.run()
