import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openView } from '../../../scripts/lib/cluster/cluster-view.ts'
import type { KubeObject } from '../../../scripts/lib/cluster/kube-objects.ts'
import { openCluster } from '../../../scripts/lib/cluster/kubectl.ts'
import { KubectlError } from '../../../scripts/lib/cluster/kubectl-error.ts'
import { withDirectory } from '../../helpers/files.ts'
import { withSandbox } from '../../helpers/flux/sandbox.ts'
import { userEnvironment } from '../../helpers/user.ts'

const inTime = () => Date.now() + 120_000
const configMaps = { api: '/api/v1', plural: 'configmaps' }
const scope = { namespace: 'default', name: 'view' }

test('sees objects come and go, and waits no longer than it may', () =>
  withSandbox((sandbox) =>
    withDirectory(async (directory) => {
      const env = userEnvironment(directory, { KUBECONFIG: sandbox.kubeconfig })
      const cluster = openCluster(undefined, { env })
      const view = openView(cluster)
      try {
        const seen: string[] = []
        const watching = view.watch<KubeObject>('cannot watch', configMaps, scope, {
          seen: ({ type, object }) => seen.push(`${type} ${object.metadata.name}`),
        })
        const { objects } = watching
        assert.is(watching.isOpen, false)
        const isThere = () => objects.has('default/view') || undefined
        assert.is(await view.until(isThere, Date.now() + 50), undefined)
        assert.is(await view.until(() => watching.isOpen || undefined, inTime()), true)
        await sandbox.kubectl(['create', 'configmap', 'view', '-n', 'default'])
        assert.is(await view.until(isThere, inTime()), true)
        await sandbox.kubectl(['delete', 'configmap', 'view', '-n', 'default'])
        assert.is(await view.until(() => !isThere() || undefined, inTime()), true)
        // what has come and gone is told, however often one looks
        await sandbox.kubectl(['create', 'configmap', 'view', '-n', 'default'])
        await sandbox.kubectl(['delete', 'configmap', 'view', '-n', 'default'])
        assert.is(await view.until(() => seen.length === 4 || undefined, inTime()), true)
        assert.equal(seen, ['ADDED view', 'DELETED view', 'ADDED view', 'DELETED view'])
        const broken = view.until(() => {
          throw new Error('of the check')
        }, inTime())
        await broken.then(assert.unreachable, (error) => assert.is(error.message, 'of the check'))
      } finally {
        await view.close()
        await cluster.close()
      }
    }),
  ))

test('a watch that is not allowed, and an abort, end the wait', () =>
  withSandbox((sandbox) =>
    withDirectory(async (directory) => {
      const env = userEnvironment(directory, { KUBECONFIG: sandbox.kubeconfigFor('watcher') })
      const abort = new AbortController()
      const cluster = openCluster(undefined, { env, signal: abort.signal })
      const view = openView(cluster)
      const waiting = () => view.until(() => undefined, inTime())
      try {
        const refused = view.watch('cannot watch', configMaps, scope)
        await waiting().then(assert.unreachable, (error) => {
          assert.instance(error, KubectlError)
          assert.is(error.problem, 'forbidden')
        })
        assert.is(refused.isOpen, false)
        abort.abort(new Error('stop'))
        await waiting().then(assert.unreachable, (error) => assert.is(error.message, 'stop'))
      } finally {
        await view.close()
        await cluster.close()
      }
    }),
  ))

test.run()
