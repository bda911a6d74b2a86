import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exampleCluster } from '../../helpers/files.ts'
import { block, infrastructure, type Place, withPlace } from '../../helpers/flux/verify.ts'

const kustomization = 'kubernetes/infrastructure/kustomization.yaml'
const target = 'kustomization/infrastructure'

/** Pushes files and lines of the spec of the Kustomization, proves, and sees that the Secret was where it had to be. */
async function proves(place: Place, files: Record<string, string>, spec: string, secret: string) {
  const { git, push, applied, verify, server } = place
  await git('pull', '--quiet', '--rebase', 'origin', 'main')
  const before = await push({
    ...files,
    [infrastructure]: `${exampleCluster()[infrastructure]}${block}${spec}`,
  })
  await applied('infrastructure', before)
  const { code, json, stderr } = await verify()
  assert.is(code, 0, stderr)
  assert.is(json.secret, secret, stderr)
  assert.match(json.stages.at(-1)!.detail, `secret ${secret} is gone`)
  assert.is(await server('diff', before, 'main'), '')
}

const component = {
  'kubernetes/components/moved/kustomization.yaml':
    'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamespace: kube-public\n',
}
const renaming = `  patches:
    - target: {kind: Secret}
      patch: '[{"op": "replace", "path": "/metadata/name", "value": "sops-test-renamed"}]'
`

test('what the spec adds decides where the Secret is, and takes the place of what the file says', () =>
  withPlace(async (place) => {
    const own = { [kustomization]: 'resources: []\nnamePrefix: own-\nnamespace: kube-system\n' }
    await proves(place, own, '', 'kube-system/own-sops-test')
    await proves(place, {}, '  namePrefix: spec-\n  nameSuffix: -x\n', 'kube-system/spec-sops-test-x')
    const bare = { [kustomization]: 'resources: []\n' }
    await proves(
      place,
      { ...bare, ...component },
      '  components: [../components/moved]\n',
      'kube-public/sops-test',
    )
    await proves(place, {}, renaming, 'default/sops-test-renamed')
  }))

test('the same where there is no kustomization file', () =>
  withPlace(async (place) => {
    await place.git('rm', '--quiet', kustomization)
    const sibling = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sibling, namespace: default}\n'
    const files = { 'kubernetes/infrastructure/sibling.yaml': sibling }
    await place.push(files)
    await proves(
      place,
      {},
      '  namePrefix: spec-\n  targetNamespace: kube-public\n',
      'kube-public/spec-sops-test',
    )
  }))

test('a place that changes behind the checks: the inventory says where it is', () =>
  withPlace(async (place) => {
    const object = `${target} -n flux-system`
    // with the annotation Flux does not put the spec back
    const change = `kubectl annotate ${object} kustomize.toolkit.fluxcd.io/reconcile=disabled && kubectl patch ${object} --type=merge -p '{"spec":{"targetNamespace":"kube-public"}}'`
    place.hook(
      'pre-push',
      `[ -e "$DIRECTORY/pushed" ] || { touch "$DIRECTORY/pushed"; ${change}; } >/dev/null`,
    )
    const { code, json, stderr } = await place.verify()
    assert.is(code, 0, stderr)
    assert.is(json.secret, 'kube-public/sops-test')
  }))

test.run()
