import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { topsOf } from '../../../scripts/lib/repository/file-tree.ts'
import type { FluxKustomization } from '../../../scripts/lib/repository/flux-file.ts'
import { type FluxInstallation, findInstallations } from '../../../scripts/lib/repository/flux-instances.ts'
import { renderFluxTree } from '../../../scripts/lib/repository/flux-tree.ts'
import { type Clusters, findClusters } from '../../../scripts/lib/repository/overlaps.ts'
import { buildersOf, surroundings, withFileTree } from '../../helpers/flux/file-tree.ts'
import { fluxKustomization as flux, kustomizationOf } from '../../helpers/flux/flux-objects.ts'

type Files = Record<string, string>

const secret = 'kind: Secret\nsops:\n  mac: ENC[AES256_GCM,data:x]\n'
const instance = (path: string, key = '--sops-age-secret=sops-age') =>
  `kind: FluxInstance\nmetadata: {name: flux}\nspec:\n  sync: {path: ${path}}\n  kustomize: {patches: [{patch: "- value: ${key}"}]}\n`
const deployment = 'kind: Deployment\nspec: {args: [--sops-age-secret=sops-age]}\n'

/** What the clusters of a repository are, and its Kustomizations by name. */
function withClusters(
  files: Files,
  use: (clusters: Clusters, named: (name: string) => FluxKustomization) => void,
): Promise<void> {
  return withFileTree(files, ({ tree, kustomizations }) => {
    const found = renderFluxTree(tree, buildersOf(tree), surroundings(topsOf(kustomizations)))
    const installations: FluxInstallation[] = findInstallations(new Map(Object.entries(files)))
    const clusters = findClusters(new Map(found.map((node) => [node.source, node])), installations)
    use(clusters, (name) => {
      const node = found.find(({ source }) => source.name === name)
      assert.ok(node, name)
      return node.source
    })
  })
}

/** The pairs that build the same file, `one > other file`, whoever comes first. */
const overlaps: Record<string, [files: Files, expected: Record<string, string | undefined>]> = {
  'two that build one path': [
    {
      'flux/one.yaml': flux('one', './apps'),
      'flux/two.yaml': flux('two', './apps'),
      'apps/secret.yaml': secret,
    },
    { one: 'two apps/secret.yaml', two: 'one apps/secret.yaml' },
  ],
  'two that include one base': [
    {
      'flux/one.yaml': flux('one', './one'),
      'flux/two.yaml': flux('two', './two'),
      'one/kustomization.yaml': kustomizationOf('../base'),
      'two/kustomization.yaml': kustomizationOf('../base'),
      'base/kustomization.yaml': kustomizationOf('secret.yaml'),
      'base/secret.yaml': secret,
    },
    { one: 'two base/secret.yaml', two: 'one base/secret.yaml' },
  ],
  'a parent and a grandchild, whatever the namespaces': [
    {
      'flux/root.yaml': flux('root', './apps'),
      'apps/one.yaml': flux('one', './apps/one', '  targetNamespace: one\n'),
      'apps/one/two.yaml': flux('two', './secrets', '  targetNamespace: two\n'),
      'apps/one/kustomization.yaml': kustomizationOf('two.yaml', '../../secrets/secret.yaml'),
      'secrets/secret.yaml': secret,
    },
    { root: 'one secrets/secret.yaml', one: 'root secrets/secret.yaml', two: 'root secrets/secret.yaml' },
  ],
  'none: nothing encrypted in it': [
    {
      'flux/one.yaml': flux('one', './apps'),
      'flux/two.yaml': flux('two', './apps'),
      'apps/x.yaml': 'kind: ConfigMap\n',
    },
    { one: undefined, two: undefined },
  ],
  'none: in two clusters, also below parents': [
    {
      'clusters/a/root.yaml': flux('root-a', './a'),
      'clusters/b/root.yaml': flux('root-b', './b'),
      'a/one.yaml': flux('one', './apps'),
      'b/two.yaml': flux('two', './apps'),
      'apps/secret.yaml': secret,
    },
    { one: undefined, two: undefined },
  ],
  'in one cluster, below two parents': [
    {
      'clusters/a/root.yaml': flux('root', './a'),
      'clusters/a/more.yaml': flux('more', './b'),
      'a/one.yaml': flux('one', './apps'),
      'b/two.yaml': flux('two', './apps'),
      'apps/secret.yaml': secret,
    },
    { one: 'two apps/secret.yaml', two: 'one apps/secret.yaml' },
  ],
  'none: into two namespaces': [
    {
      'flux/one.yaml': flux('one', './apps', '  targetNamespace: one\n'),
      'flux/two.yaml': flux('two', './apps'),
      'apps/secret.yaml': secret,
    },
    { one: undefined, two: undefined },
  ],
  'none: into another cluster': [
    {
      'flux/one.yaml': flux('one', './apps', '  kubeConfig: {secretRef: {name: one}}\n'),
      'flux/two.yaml': flux('two', './apps'),
      'apps/secret.yaml': secret,
    },
    { one: undefined, two: undefined },
  ],
  'two that build each other': [
    {
      'a/b.yaml': flux('b', './b'),
      'b/a.yaml': flux('a', './a'),
      'a/kustomization.yaml': kustomizationOf('b.yaml', '../secrets/secret.yaml'),
      'b/kustomization.yaml': kustomizationOf('a.yaml', '../secrets/secret.yaml'),
      'secrets/secret.yaml': secret,
    },
    { a: 'b secrets/secret.yaml', b: 'a secrets/secret.yaml' },
  ],
}

for (const [title, [files, expected]] of Object.entries(overlaps))
  test(`overlapOf: ${title}`, () =>
    withClusters(files, ({ overlapOf }, named) => {
      for (const [name, text] of Object.entries(expected)) {
        const found = overlapOf(named(name))
        assert.is(found && `${found.other.name} ${found.file}`, text, name)
      }
    }))

const family = {
  'clusters/a/root.yaml': flux('root-a', './a'),
  'clusters/b/root.yaml': flux('root-b', './b'),
  'a/one.yaml': flux('one', './one'),
  'one/deep.yaml': flux('deep', './deep'),
  'b/two.yaml': flux('two', './two'),
}

/** Which file gives the controller of a Kustomization its own key. */
const controllerKeys: Record<string, [files: Files, expected: Record<string, string | undefined>]> = {
  'none in the repository': [family, { one: undefined, two: undefined }],
  'a Deployment, which is the only key of the repository': [
    { ...family, 'flux/gotk-components.yaml': deployment },
    { one: 'flux/gotk-components.yaml', two: 'flux/gotk-components.yaml' },
  ],
  'a Deployment for each cluster, beside its roots or below them': [
    {
      ...family,
      'clusters/a/gotk-components.yaml': deployment,
      'clusters/b/flux-system/gotk-components.yaml': deployment,
    },
    {
      'root-a': 'clusters/a/gotk-components.yaml',
      one: 'clusters/a/gotk-components.yaml',
      deep: 'clusters/a/gotk-components.yaml',
      two: undefined,
    },
  ],
  'a FluxInstance that syncs the roots of one cluster': [
    { ...family, 'flux/instance.yaml': instance('clusters/a') },
    { one: 'flux/instance.yaml', deep: 'flux/instance.yaml', two: undefined },
  ],
  'a FluxInstance without a key': [
    { ...family, 'flux/instance.yaml': instance('clusters/a', 'x') },
    { one: undefined, two: undefined },
  ],
}

for (const [title, [files, expected]] of Object.entries(controllerKeys))
  test(`keyOf: ${title}`, () =>
    withClusters(files, ({ keyOf }, named) => {
      for (const [name, file] of Object.entries(expected)) assert.is(keyOf(named(name)), file, name)
    }))

test.run()
