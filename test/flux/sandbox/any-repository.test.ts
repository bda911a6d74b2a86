import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { withRealRemote } from '../../helpers/flux/real-remote.ts'
import { testBinaries } from '../../helpers/flux/sandbox.ts'
import { stateOf, withSandboxTask } from '../../helpers/flux/sandbox-task.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'
import { until } from '../../helpers/processes.ts'
import { withRepository } from '../../helpers/repository.ts'

const settings = (name: string, text = name) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: default}\ndata: {text: ${text}}\n`

const gitRepository = (name: string, spec: string) =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: flux-system}\nspec: ${spec}\n`

/**
 * As `gotk-components.yaml` of another Flux: its definitions lack fields that our controllers write, and one of its own kinds never
 * becomes ready by itself.
 */
async function otherComponents(): Promise<string> {
  const { crds } = await testBinaries()
  const definitions = readdirSync(crds).map((file) =>
    readFileSync(join(crds, file), 'utf8').replace(
      /^ {14}(history|artifact|inventory):/gm,
      '              not$1:',
    ),
  )
  const label = 'labels: {app.kubernetes.io/part-of: flux}'
  return [
    `apiVersion: v1\nkind: Namespace\nmetadata: {name: flux-system, ${label}}\n`,
    ...definitions,
    `apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: critical-pods-flux-system, namespace: flux-system}\nspec: {hard: {pods: '1000'}}\n`,
    `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: allow-egress, namespace: flux-system}\nspec: {podSelector: {}, egress: [{}], policyTypes: [Egress]}\n`,
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: source-controller, namespace: flux-system}\nspec:\n  selector: {matchLabels: {app: source-controller}}\n  template:\n    metadata: {labels: {app: source-controller}}\n    spec: {containers: [{name: manager, image: ghcr.io/fluxcd/source-controller:v1.0.0}]}\n`,
  ].join('---\n')
}

test('a repository of flux bootstrap: its sources get the local commits, and nothing goes to the real one', () =>
  withRealRemote(async (real) => {
    const https = `http://127.0.0.1:${real.port}/team/fleet`
    const ssh = `ssh://git@127.0.0.1:${real.port}/team/fleet.git`
    const files = {
      'clusters/one/flux-system/gotk-components.yaml': await otherComponents(),
      'clusters/one/flux-system/gotk-sync.yaml': [
        gitRepository(
          'flux-system',
          `{interval: 1h, url: '${ssh}', ref: {tag: v1}, secretRef: {name: flux-system}, ignore: docs}`,
        ),
        fluxKustomization('flux-system', './clusters/one', '  wait: true\n'),
      ].join('---\n'),
      'clusters/one/flux-system/kustomization.yaml': `${kustomizationOf('gotk-components.yaml', 'gotk-sync.yaml')}patches:\n  - target: {kind: Kustomization}\n    patch: '[{"op": "add", "path": "/spec/timeout", "value": "4m"}]'\n`,
      'clusters/one/apps.yaml': [
        gitRepository(
          'again',
          `{interval: 1h, url: '${https}/', ref: {semver: '>=1'}, verify: {mode: HEAD, secretRef: {name: x}}, proxySecretRef: {name: y}}`,
        ),
        gitRepository('other', `{interval: 1h, url: 'http://127.0.0.1:${real.port}/team/other'}`),
        fluxKustomization('apps', './apps').replace('name: flux-system,', 'name: again,'),
        fluxKustomization('other', './apps').replace('name: flux-system,', 'name: other,'),
      ].join('---\n'),
      'apps/settings.yaml': settings('app'),
    }
    await withRepository(files, async ({ root, env, git }) => {
      git('remote', 'add', 'origin', https)
      await withSandboxTask({ root, env }, [], async (sandbox) => {
        const { document, kubectl, said } = sandbox
        assert.is(document.task, 'flux:sandbox')
        assert.is(document.path, 'clusters/one')
        assert.is(document.commit, git('rev-parse', 'HEAD'))
        assert.is(stateOf(sandbox, 'flux-system'), 'ready')
        assert.is(stateOf(sandbox, 'apps'), 'ready')
        assert.match(
          stateOf(sandbox, 'other'),
          /^failed: its source GitRepository flux-system\/other, which is not this repository, is not fetched: /,
        )
        assert.match(
          said(),
          /^this is the cluster of clusters\/one\/flux-system\/gotk-sync\.yaml: Flux builds clusters\/one$/m,
        )
        assert.match(said(), /: 2 of 3 Kustomizations are Ready$/m)

        const shown = async (kind: string, name: string) =>
          JSON.parse(await kubectl('get', kind, '-n', 'flux-system', name, '-o', 'json'))
        for (const name of ['flux-system', 'again']) {
          const { spec } = await shown('gitrepository', name)
          const { timeout, interval, ...rest } = spec
          const ignore = name === 'again' ? {} : { ignore: 'docs' }
          assert.equal(rest, { url: document.gitUrl, ref: { branch: 'main' }, ...ignore })
          assert.is(interval, '1h')
        }
        assert.is((await shown('kustomization', 'flux-system')).spec.timeout, '4m')

        writeFiles(root, { 'apps/settings.yaml': settings('app', 'next') })
        git('commit', '--quiet', '--all', '-m', 'next')
        const text = () => kubectl('get', 'configmap', 'app', '-o', 'jsonpath={.data.text}')
        await until('the next commit is applied', async () => (await text()) === 'next')

        // Flux sees nothing to mend, however often it looks
        const before = await shown('gitrepository', 'flux-system')
        for (const turn of ['a', 'b', 'c']) {
          await kubectl(
            'annotate',
            // what kubectl owns Flux takes away
            '--field-manager=test',
            '--overwrite',
            '-n',
            'flux-system',
            'ks/flux-system',
            `reconcile.fluxcd.io/requestedAt=${turn}`,
          )
          await until(
            'it has looked',
            async () => (await shown('ks', 'flux-system')).status.lastHandledReconcileAt === turn,
          )
        }
        const { metadata, spec } = await shown('gitrepository', 'flux-system')
        assert.is(metadata.generation, before.metadata.generation)
        assert.equal(spec, before.spec)

        // bootstrap's components leave the repository: Flux prunes none of what the sandbox runs on
        writeFiles(root, { 'clusters/one/flux-system/kustomization.yaml': kustomizationOf('gotk-sync.yaml') })
        git('commit', '--quiet', '--all', '-m', 'no components')
        const quotas = () => kubectl('get', 'resourcequota', '-n', 'flux-system', '-o', 'name')
        await until('the components are pruned', async () => (await quotas()) === '')
        assert.match(await kubectl('get', 'crd', '-o', 'name'), /gitrepositories\.source/)
        assert.is(
          await kubectl('get', 'namespace', 'flux-system', '-o', 'jsonpath={.status.phase}'),
          'Active',
        )
      })
      assert.ok(real.heard.length > 0, 'nobody came for the other repository')
      assert.equal(
        real.heard.filter((text) => !text.includes('/team/other')),
        [],
      )
    })
  }))

const instance = (kind: string, url: string) => `apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
metadata: {name: flux, namespace: flux-system}
spec:
  distribution: {version: 2.x, registry: ghcr.io/fluxcd}
  sync: {kind: ${kind}, url: '${url}', ref: refs/heads/main, path: ./clusters/one, interval: 1h}
  kustomize:
    patches:
      - target: {kind: Kustomization}
        patch: |
          - op: add
            path: /spec/decryption
            value: {provider: sops, secretRef: {name: sops-age}}
      - patch: |
          apiVersion: apps/v1
          kind: Deployment
          metadata: {name: source-controller}
          spec: {replicas: 2}
`

for (const [kind, url] of [
  ['GitRepository', 'https://127.0.0.1:PORT/team/fleet.git'],
  ['OCIRepository', 'oci://127.0.0.1:PORT/team/manifests'],
] as const)
  test(`a FluxInstance that syncs a ${kind}`, () =>
    withRealRemote(async (real) => {
      const files = {
        'clusters/one/flux-instance.yaml': instance(kind, url.replace('PORT', `${real.port}`)),
        'clusters/one/apps.yaml': fluxKustomization('apps', './apps').replace('GitRepository', kind),
        'apps/settings.yaml': settings('app'),
      }
      await withRepository(files, async (repository) => {
        await withSandboxTask(repository, [], async (sandbox) => {
          assert.is(stateOf(sandbox, 'flux-system'), 'failed: secrets "sops-age" not found')
          const key = [
            'create',
            'secret',
            'generic',
            'sops-age',
            '-n',
            'flux-system',
            '--from-literal=x.agekey=',
          ]
          await sandbox.kubectl(...key)
          await sandbox.kubectl(
            'annotate',
            '-n',
            'flux-system',
            'ks/flux-system',
            'reconcile.fluxcd.io/requestedAt=now',
          )
          await until('its Kustomization is applied', async () =>
            /app/.test(await sandbox.kubectl('get', 'configmap', '-o', 'name')),
          )
          assert.match(await sandbox.kubectl('get', 'fluxinstances', '-A', '-o', 'name'), 'fluxinstance')
        })
        assert.equal(real.heard, [])
      })
    }))

test('a key that the repository gives to kustomize-controller itself', () => {
  const key = makeKey()
  const flag = 'value: --sops-age-secret=sops-age-all'
  const files = {
    'clusters/one/flux-instance.yaml': `${instance('GitRepository', 'https://127.0.0.1/team/fleet.git').split('  kustomize:')[0]}  kustomize:
    patches:
      - target: {kind: Deployment, name: kustomize-controller}
        patch: |
          - {op: add, path: /spec/template/spec/containers/0/args/-, ${flag}}
`,
    'clusters/one/apps.yaml': fluxKustomization('apps', './apps', '  decryption: {provider: sops}\n'),
    'apps/secret.yaml': encryptSecret(key.recipient),
  }
  return withRepository(files, (repository) =>
    withSandboxTask(repository, [], async (sandbox) => {
      const { kubectl, said } = sandbox
      assert.match(
        said(),
        /^kustomize-controller has the key of Secret flux-system\/sops-age-all \(--sops-age-secret\)$/m,
      )
      assert.match(stateOf(sandbox, 'apps'), 'failed: ')
      const secret = ['create', 'secret', 'generic', 'sops-age-all', '-n', 'flux-system']
      await kubectl(...secret, `--from-literal=x.agekey=${key.text}`)
      await kubectl(
        'annotate',
        '--overwrite',
        '-n',
        'flux-system',
        'ks/apps',
        'reconcile.fluxcd.io/requestedAt=now',
      )
      const value = ['get', 'secret', 'x', '--ignore-not-found', '-o', 'jsonpath={.data.message}']
      await until('it is decrypted', async () => (await kubectl(...value)) === btoa('hello'))
    }),
  )
})

test('kinds that nothing defines are taken, and health that nobody gives is not waited for', () => {
  const definition = (
    plural: string,
    kind: string,
    scope = 'Namespaced',
  ) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.example.com}
spec:
  group: example.com
  scope: ${scope}
  names: {kind: ${kind}, plural: ${plural}}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
`
  const object = (apiVersion: string, kind: string, more = '', namespace = 'namespace: default, ') =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {${namespace}name: one}\n${more}`
  const files = {
    'kubernetes/flux-system/all.yaml': [
      fluxKustomization('infra', './infra', '  wait: true\n'),
      fluxKustomization(
        'apps',
        './apps',
        '  dependsOn: [{name: infra}]\n  healthChecks: [{apiVersion: apps/v1, kind: Deployment, name: one, namespace: default}]\n  healthCheckExprs: [{apiVersion: example.com/v1, kind: Box, current: status.ready}]\n',
      ),
      fluxKustomization('lost', './apps', '  postBuild: {substituteFrom: [{kind: Secret, name: nowhere}]}\n'),
      fluxKustomization('later', './apps', '  dependsOn: [{name: lost}]\n'),
      fluxKustomization('gone', './apps', '  dependsOn: [{name: nobody}]\n'),
      fluxKustomization('artifact', '.', '').replace('{kind: GitRepository', '{kind: ExternalArtifact'),
    ].join('---\n'),
    'infra/all.yaml': [
      object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'spec: {interval: 1h, chart: {spec: {chart: x}}}\n'),
      object('cert-manager.io/v1', 'ClusterIssuer', 'spec: {selfSigned: {}}\n', ''),
      // nothing in its name says that it is of the cluster
      object('cilium.io/v2', 'CiliumLoadBalancerIPPool', 'spec: {blocks: []}\n', ''),
      object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'spec: {hostnames: [x]}\n'),
      object('example.com/v1', 'Box', 'spec: {size: 1, color: red}\n'),
      object('example.com/v1', 'Shelf', 'spec: {size: 1, color: red}\n'),
      object(
        'apps/v1',
        'Deployment',
        'spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}}\n',
      ),
    ].join('---\n'),
    'apps/settings.yaml': settings('app'),
  }
  return withRepository(files, async ({ root, env, git }) => {
    await withSandboxTask({ root, env }, [], async (sandbox) => {
      const { document, kubectl, said } = sandbox
      for (const name of ['flux-system', 'infra', 'apps']) assert.is(stateOf(sandbox, name), 'ready', name)
      assert.is(
        stateOf(sandbox, 'lost'),
        'failed: it substitutes from Secret flux-system/nowhere, which is not in the cluster',
      )
      assert.is(stateOf(sandbox, 'later'), 'waits: flux-system/lost')
      assert.is(
        stateOf(sandbox, 'gone'),
        'failed: it depends on flux-system/nobody, which is not in the cluster',
      )
      assert.match(
        stateOf(sandbox, 'artifact'),
        /^failed: its source ExternalArtifact .* is made by source-watcher/,
      )
      assert.equal(document.kinds.map(({ group, kind, scope }) => `${kind}.${group} ${scope}`).sort(), [
        'Box.example.com Namespaced',
        'CiliumLoadBalancerIPPool.cilium.io Cluster',
        'ClusterIssuer.cert-manager.io Cluster',
        'HTTPRoute.gateway.networking.k8s.io Namespaced',
        'HelmRelease.helm.toolkit.fluxcd.io Namespaced',
        'Shelf.example.com Namespaced',
      ])
      assert.match(said(), /^taken as they are, .*HelmRelease \(helm\.toolkit\.fluxcd\.io\)/m)
      assert.is(said().match(/no Pod, no Helm release/g)?.length, 1)
      assert.match(await kubectl('get', 'httproutes.gateway.networking.k8s.io', '-o', 'name'), '/one')
      assert.match(await kubectl('get', 'clusterissuers', '-o', 'name'), '/one')

      // the repository's own definitions win: one of the same name, and one of another name and scope
      writeFiles(root, {
        'infra/definitions.yaml': `${definition('boxes', 'Box')}---\n${definition('shelfs-of-ours', 'Shelf', 'Cluster')}`,
        'infra/all.yaml': `${object('example.com/v1', 'Box', 'spec: {size: 2}\n')}---\n${object('example.com/v1', 'Shelf', 'spec: {size: 2}\n', '').replace('name: one', 'name: two')}`,
      })
      git('add', '--all')
      git('commit', '--quiet', '-m', 'definitions')
      const size = (kind: string, name: string) =>
        kubectl('get', kind, name, '--ignore-not-found', '-o', 'jsonpath={.spec.size}').catch(() => '')
      await until(
        'they win',
        async () => (await size('boxes', 'one')) === '2' && (await size('shelfs-of-ours', 'two')) === '2',
      )
      const names = (await kubectl('get', 'crd', '-o', 'name'))
        .split('\n')
        .filter((name) => name.includes('example.com'))
      assert.equal(names.map((name) => name.split('/')[1]).sort(), [
        'boxes.example.com',
        'shelfs-of-ours.example.com',
      ])

      // and a kind of a later commit is taken as well, also by one that somebody has asked to reconcile meanwhile
      await kubectl(
        'annotate',
        '-n',
        'flux-system',
        'ks/infra',
        'reconcile.fluxcd.io/requestedAt=x',
        '--overwrite',
      )
      const handled = [
        'get',
        'ks',
        '-n',
        'flux-system',
        'infra',
        '-o',
        'jsonpath={.status.lastHandledReconcileAt}',
      ]
      await until('it has reconciled', async () => (await kubectl(...handled)) === 'x')
      writeFiles(root, { 'infra/more.yaml': object('later.example.com/v1beta1', 'Policy') })
      git('add', '--all')
      git('commit', '--quiet', '-m', 'a new kind')
      await until('it is taken', () => /^taken as they are, .*Policy \(later\.example\.com\)/m.test(said()))
      assert.match(await kubectl('get', 'policies.later.example.com', '-o', 'name'), '/one')
    })
  })
})

test('which cluster: several, none, and one that is not there', () =>
  withRepository({}, async ({ root, env, git }) => {
    const { runTask } = await import('../../helpers/task.ts')
    const refused = async (args: string[], ...texts: RegExp[]) => {
      const { code, stderr } = await runTask('flux:sandbox', args, { cwd: root, env })
      assert.is(code, 2, stderr)
      for (const text of texts) assert.match(stderr, text)
    }
    await refused([], /the last commit of main has no directory kubernetes\/flux-system$/m, /--path/)
    await refused(['--json', '--', 'true'], /--json and a command exclude each other/)
    for (const name of ['one', 'two'])
      writeFiles(root, {
        [`clusters/${name}/flux-system/gotk-sync.yaml`]: fluxKustomization(
          'flux-system',
          `./clusters/${name}`,
        ),
      })
    git('add', '--all')
    git('commit', '--quiet', '-m', 'two')
    const both =
      /which cluster of this repository\? clusters\/one \(clusters\/one\/flux-system\/gotk-sync\.yaml\), clusters\/two /
    await refused([], both, /hint: .*--path clusters\/one/)
    rmSync(join(root, 'clusters', 'two'), { recursive: true })
    writeFiles(root, {
      'clusters/one/flux-system/gotk-sync.yaml': fluxKustomization('flux-system', './clusters/x'),
    })
    git('commit', '--quiet', '--all', '-m', 'moved')
    await refused([], /has no directory clusters\/x, which clusters\/one\/flux-system\/gotk-sync\.yaml names/)
  }))

test.run()
