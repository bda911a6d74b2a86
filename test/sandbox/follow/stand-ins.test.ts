import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  isStandIn,
  kindWithoutNamespace,
  missingKind,
  refusedDefinition,
  scopeOf,
  standIn,
} from '../../../scripts/sandbox/follow/stand-ins.ts'

test('what a kind is called, and whether it is in namespaces', () => {
  const plural = (kind: string) =>
    standIn('example.com', kind, ['v1'], 'Namespaced').metadata.name.split('.')[0]
  for (const [kind, expected] of [
    ['HelmRelease', 'helmreleases'],
    ['HTTPRoute', 'httproutes'],
    ['NetworkPolicy', 'networkpolicies'],
    ['Gateway', 'gateways'],
    ['Ingress', 'ingresses'],
    ['Mesh', 'meshes'],
    ['Box', 'boxes'],
  ] as const)
    assert.is(plural(kind), expected)
  for (const kind of ['ClusterIssuer', 'GatewayClass', 'CiliumClusterwideNetworkPolicy'])
    assert.is(scopeOf(kind), 'Cluster', kind)
  // CloudNativePG's databases
  for (const kind of ['Cluster', 'Certificate', 'Clustering', 'ExternalSecret'])
    assert.is(scopeOf(kind), 'Namespaced', kind)
})

test('the definition takes every version that was asked for, and is known again', () => {
  const definition = standIn('example.com', 'Box', ['v1', 'v1beta1'], 'Cluster')
  assert.ok(isStandIn(definition))
  assert.equal(
    definition.spec.versions.map(({ name }) => name),
    ['v1', 'v1beta1'],
  )
  const versions = [{ name: 'v1', schema: { openAPIV3Schema: { type: 'object' } } }]
  assert.not.ok(isStandIn({ ...definition, spec: { ...definition.spec, versions } }))
})

test('what the messages of kustomize-controller say of kinds', () => {
  assert.equal(
    missingKind(
      'HelmRelease/a/b dry-run failed: no matches for kind "HelmRelease" in version "helm.toolkit.fluxcd.io/v2"\n',
    ),
    { group: 'helm.toolkit.fluxcd.io', version: 'v2', kind: 'HelmRelease' },
  )
  // of Kubernetes' own group nothing can be missing that a definition could bring
  assert.is(missingKind('no matches for kind "Podd" in version "v1"'), undefined)
  assert.is(
    kindWithoutNamespace(
      'Pool/one namespace not specified: the server could not find the requested resource',
    ),
    'Pool',
  )
  assert.is(
    refusedDefinition(
      'CustomResourceDefinition/boxes.example.com dry-run failed (Invalid): spec.scope: Invalid value',
    ),
    'boxes.example.com',
  )
  for (const read of [missingKind, kindWithoutNamespace, refusedDefinition])
    assert.is(read('secrets "sops-age" not found'), undefined)
})

test.run()
