import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findInstallations } from '../../../scripts/lib/repository/flux-instances.ts'

const instance = (patch = '', path = 'clusters/a') =>
  `kind: FluxInstance\nmetadata: {name: flux}\nspec:\n  sync: {path: ${path}}\n${patch && `  kustomize:\n    patches:\n      - patch: |\n${patch.replaceAll(/^/gm, '          ')}\n`}`
const flag = (value: string) =>
  `- op: add\n  path: /spec/template/spec/containers/0/args/-\n  value: ${value}`

type Expected = { name?: string; path?: string; decrypts?: boolean; keySecrets: string[] } | undefined

const cases: Record<string, [text: string, expected: Expected]> = {
  'a FluxInstance': [instance(), { name: 'flux', path: 'clusters/a', decrypts: false, keySecrets: [] }],
  'one whose kind is quoted': [
    instance().replace('FluxInstance', '"FluxInstance"'),
    { name: 'flux', path: 'clusters/a', decrypts: false, keySecrets: [] },
  ],
  'one in JSON, without a path': [
    '{"kind": "FluxInstance", "metadata": {"name": "x"}, "spec": {}}',
    { name: 'x', path: '.', decrypts: false, keySecrets: [] },
  ],
  'the values of its chart': [
    'kind: HelmRelease\nmetadata: {name: flux-instance}\nspec: {values: {instance: {sync: {path: b}}}}\n',
    { name: 'flux-instance', path: 'b', decrypts: false, keySecrets: [] },
  ],
  'a key for the controller': [
    instance(flag('--sops-age-secret=sops-age')),
    { name: 'flux', path: 'clusters/a', decrypts: false, keySecrets: ['sops-age'] },
  ],
  'two keys for the controller': [
    `${flag('--sops-age-secret=a')}\n${flag('--sops-age-secret=b')}\n${flag('--sops-age-secret=a')}`,
    { keySecrets: ['a', 'b'] },
  ],
  'a key in quotes': [
    instance(flag("'--sops-age-secret=sops-age'")),
    { name: 'flux', path: 'clusters/a', decrypts: false, keySecrets: ['sops-age'] },
  ],
  'a key in a comment': [
    instance(flag('x').concat('\n# value: --sops-age-secret=sops-age')),
    { name: 'flux', path: 'clusters/a', decrypts: false, keySecrets: [] },
  ],
  'a patch that decrypts': [
    instance('- op: add\n  path: /spec/decryption\n  value: {provider: sops}'),
    { name: 'flux', path: 'clusters/a', decrypts: true, keySecrets: [] },
  ],
  'a comment about decryption': [
    instance('# no decryption here\n- op: add\n  path: /spec/x'),
    { name: 'flux', path: 'clusters/a', decrypts: false, keySecrets: [] },
  ],
  'a Deployment': [
    'kind: Deployment\nspec: {args: [--sops-age-secret=sops-age]}\n',
    { keySecrets: ['sops-age'] },
  ],
  'a patch of it': [flag('--sops-age-secret=sops-age'), { keySecrets: ['sops-age'] }],
  'a flag without a name': ["run: grep -q -- '--sops-age-secret=' x\n", undefined],
  'a comment of the file': ['# --sops-age-secret=x\nkind: ConfigMap\n', undefined],
  'what only names it': ['kind: ResourceSet\nmetadata: {name: flux-instance}\n', undefined],
}

for (const [title, [text, expected]] of Object.entries(cases))
  test(`findInstallations: ${title}`, () => {
    const found = findInstallations(new Map([['x.yaml', text]]))
    const flat = found.map(({ instance: made, keySecrets }) => {
      const { source, at, patches, ...rest } = made ?? {}
      return { ...rest, keySecrets }
    })
    assert.equal(flat, expected ? [expected] : [])
  })

test('findInstallations: the source that a FluxInstance makes', () => {
  const sync = (more: string) =>
    findInstallations(
      new Map([['x.yaml', `kind: FluxInstance\nmetadata: {namespace: gitops}\nspec: {sync: {${more}}}\n`]]),
    )[0]?.instance?.source
  const source = { kind: 'GitRepository', namespace: 'gitops', url: 'https://x/y.git', ref: undefined }
  assert.equal(sync('kind: GitRepository, url: https://x/y.git'), { ...source, name: 'gitops' })
  assert.equal(sync('kind: GitRepository, url: https://x/y.git, name: z'), { ...source, name: 'z' })
  assert.is(sync('url: https://x/y.git, ref: refs/heads/main')?.ref, 'refs/heads/main')
  assert.equal(sync('path: a'), { ...source, name: 'gitops', url: undefined })
})

test.run()
