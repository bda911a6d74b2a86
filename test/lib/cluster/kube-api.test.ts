import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { annotate, get, list, secrets, watch } from '../../../scripts/lib/cluster/kube-api.ts'
import type { KubeObject } from '../../../scripts/lib/cluster/kube-objects.ts'
import { type Cluster, openCluster } from '../../../scripts/lib/cluster/kubectl.ts'
import { KubectlError } from '../../../scripts/lib/cluster/kubectl-error.ts'
import { UserError } from '../../../scripts/lib/errors.ts'
import { withDirectory } from '../../helpers/files.ts'
import { type SandboxAccess, withSandbox } from '../../helpers/flux/sandbox.ts'
import { thrown } from '../../helpers/thrown.ts'
import { userEnvironment } from '../../helpers/user.ts'

const configMaps = { api: '/api/v1', plural: 'configmaps' }
const view = { namespace: 'default', name: 'kube-api' }

/** A connection of the administrator, and a ConfigMap `default/kube-api`. */
const withCluster = (
  use: (cluster: Cluster, sandbox: SandboxAccess) => Promise<void>,
  more: { user?: string; signal?: AbortSignal } = {},
) =>
  withSandbox((sandbox) =>
    withDirectory(async (directory) => {
      const KUBECONFIG = more.user ? sandbox.kubeconfigFor(more.user) : sandbox.kubeconfig
      const cluster = openCluster(undefined, {
        env: userEnvironment(directory, { KUBECONFIG }),
        signal: more.signal,
      })
      await sandbox.kubectl(['create', 'configmap', 'kube-api', '-n', 'default', '--from-literal=a=b'])
      try {
        await use(cluster, sandbox)
      } finally {
        await cluster.close()
        await sandbox.kubectl(['delete', 'configmap', 'kube-api', '-n', 'default'])
      }
    }),
  )

async function problemOf(work: Promise<unknown>): Promise<string> {
  const error = await thrown(work)
  assert.instance(error, KubectlError)
  return (error as KubectlError).problem
}

test('reads one object, and all of a namespace or of a name', () =>
  withCluster(async (cluster) => {
    const found = await get<KubeObject>(cluster, 'x', configMaps, view)
    assert.is(found?.metadata.name, 'kube-api')
    assert.is(await get(cluster, 'x', configMaps, { ...view, name: 'nope' }), undefined)
    assert.is(await get(cluster, 'x', configMaps, { namespace: 'nope', name: 'nope' }), undefined)
    const one = await list<KubeObject>(cluster, 'x', configMaps, view)
    assert.equal(
      one.items.map(({ metadata }) => metadata.uid),
      [found!.metadata.uid],
    )
    const all = await list<KubeObject>(cluster, 'x', configMaps, {})
    assert.ok(all.items.some(({ metadata }) => metadata.uid === found!.metadata.uid))
  }))

test('sets and removes annotations under our field manager', () =>
  withCluster(async (cluster) => {
    const version = await annotate(cluster, configMaps, view, { 'a.b/c': 'd' })
    const found = await get<KubeObject>(cluster, 'x', configMaps, view)
    assert.is(found!.metadata.resourceVersion, version)
    assert.is(found!.metadata.annotations!['a.b/c'], 'd')
    assert.ok(found!.metadata.managedFields!.some(({ manager }) => manager === 'flux-sops-tasks'))
    await annotate(cluster, configMaps, view, { 'a.b/c': null })
    const after = await get<KubeObject>(cluster, 'x', configMaps, view)
    assert.is(after!.metadata.annotations?.['a.b/c'], undefined)
  }))

test('watches what is there, or what came after a version', () =>
  withCluster(async (cluster) => {
    const first = await (await watch<KubeObject>(cluster, 'x', configMaps, view)).next()
    assert.is(first.value!.type, 'ADDED')
    const { metadata } = await list(cluster, 'x', configMaps, view)
    const events = await watch<KubeObject>(cluster, 'x', configMaps, view, metadata.resourceVersion)
    const next = events.next()
    await annotate(cluster, configMaps, view, { 'a.b/c': 'd' })
    assert.is((await next).value!.type, 'MODIFIED')
    await events.return(undefined)
    assert.is(await problemOf(watch(cluster, 'x', configMaps, view, 'nonsense')), 'other')
  }))

test('tells apart what keeps it from an answer', async () => {
  await withCluster(async (cluster) => {
    const widgets = { api: '/apis/example.com/v1', plural: 'widgets' }
    assert.is(await problemOf(list(cluster, 'x', widgets, {})), 'no-such-kind')
    assert.is(await problemOf(annotate(cluster, configMaps, { ...view, name: 'nope' }, {})), 'not-found')
    for (const name of ['..', 'a/b', 'a%2fb'])
      assert.is(
        (await thrown(get(cluster, 'x', secrets, { ...view, name }))).message,
        `${name} cannot be the name of an object`,
      )
    await cluster.close()
    assert.is(await problemOf(get(cluster, 'x', configMaps, view)), 'unreachable')
  })
  await withCluster(
    async (cluster) => {
      assert.is(await problemOf(get(cluster, 'x', secrets, view)), 'forbidden')
      assert.is(await problemOf(watch(cluster, 'x', secrets, view)), 'forbidden')
    },
    { user: 'nobody' },
  )
})

test('an abort ends a call and a watch with its reason', async () => {
  const abort = new AbortController()
  await withCluster(
    async (cluster) => {
      const events = await watch(cluster, 'x', configMaps, view)
      await events.next()
      const reason = new UserError('stop')
      const next = events.next()
      abort.abort(reason)
      assert.is(await thrown(next), reason)
      assert.is(await thrown(get(cluster, 'x', configMaps, view)), reason)
    },
    { signal: abort.signal },
  )
})

test.run()
