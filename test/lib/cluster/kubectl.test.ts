import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { get, secrets, watch } from '../../../scripts/lib/cluster/kube-api.ts'
import { type Cluster, openCluster } from '../../../scripts/lib/cluster/kubectl.ts'
import type { KubectlError } from '../../../scripts/lib/cluster/kubectl-error.ts'
import { withDirectory } from '../../helpers/files.ts'
import { writeKubeconfig } from '../../helpers/kubeconfig.ts'
import { isRunning, listProcesses, until } from '../../helpers/processes.ts'
import { startProgram } from '../../helpers/program.ts'
import { thrown } from '../../helpers/thrown.ts'
import { traceCalls } from '../../helpers/trace.ts'
import { userEnvironment } from '../../helpers/user.ts'

const object = { namespace: 'a', name: 'b' }

test('the socket can be reached by the user alone, and is gone after close', () =>
  withDirectory(async (directory) => {
    const KUBECONFIG = writeKubeconfig(directory, 'http://127.0.0.1:1', { token: 'x' })
    const cluster = openCluster(undefined, { env: userEnvironment(directory, { KUBECONFIG }) })
    assert.is(await cluster.context, 'x')
    const socket = await cluster.socket
    assert.ok(statSync(socket).isSocket())
    assert.is(statSync(dirname(socket)).mode & 0o777, 0o700)
    await cluster.close()
    assert.not.ok(existsSync(dirname(socket)))
  }))

test('kill -9 of a task and of the shell that watches over kubectl: the next one ends kubectl and removes its directory', () =>
  withDirectory(async (directory) => {
    const KUBECONFIG = writeKubeconfig(directory, 'http://127.0.0.1:1', { token: 'x' })
    const env = userEnvironment(directory, { KUBECONFIG, TMPDIR: tmpdir() })
    const file = join(import.meta.dirname, '..', '..', '..', 'scripts', 'lib', 'cluster', 'kubectl.ts')
    const script = `const { openCluster } = await import(${JSON.stringify(file)})
      console.log(await openCluster('x', { env: process.env }).socket)`
    const task = startProgram([process.execPath, '--input-type=module', '-e', script], {
      cwd: directory,
      env,
    })
    const [line] = await once(task.child.stdout!, 'data')
    const socket = String(line).trim()
    const running = () => listProcesses().filter(({ command }) => command.includes(dirname(socket)))
    const shell = running().find(({ command }) => /^\S*sh -c /.test(command))
    process.kill(shell!.pid, 'SIGKILL')
    task.child.kill('SIGKILL')
    await task.ended
    await until('only kubectl runs', () => running().length === 1)

    const next = openCluster('x', { env })
    await next.socket
    await next.close()
    await until('kubectl has ended', () => running().length === 0)
    assert.not.ok(existsSync(dirname(socket)))
  }))

test('the path of a server in the kubeconfig is kept', () =>
  withDirectory(async (directory) => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(`${request.url}`)
      response.setHeader('content-type', 'application/json').end('{"metadata":{}}')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}/k8s/clusters/c-1`
    const KUBECONFIG = writeKubeconfig(directory, url, { token: 'x' })
    const cluster = openCluster('x', { env: userEnvironment(directory, { KUBECONFIG }) })
    try {
      await get(cluster, 'x', secrets, object)
      assert.equal(asked, ['/k8s/clusters/c-1/api/v1/namespaces/a/secrets/b?'])
    } finally {
      await cluster.close()
      server.close()
    }
  }))

test('a question of kubectl, which nobody can answer, is an error', () =>
  withDirectory(async (directory) => {
    const KUBECONFIG = writeKubeconfig(directory, 'https://127.0.0.1:1', {})
    const cluster = openCluster(undefined, { env: userEnvironment(directory, { KUBECONFIG }) })
    try {
      const { message, hint } = await thrown(get(cluster, 'x', secrets, object))
      assert.is(message, 'cannot reach the cluster: the kubeconfig has no credentials for this context')
      assert.match(hint!, 'log in again')
    } finally {
      await cluster.close()
    }
  }))

test('a temporary directory with a path too long for a socket is not used', () =>
  withDirectory(async (directory) => {
    const KUBECONFIG = writeKubeconfig(directory, 'http://127.0.0.1:1', { token: 'x' })
    const env = userEnvironment(directory, { KUBECONFIG })
    const before = process.env.TMPDIR
    const long = join(directory, 'x'.repeat(100))
    mkdirSync(long)
    process.env.TMPDIR = long
    try {
      assert.is(tmpdir(), long)
      const cluster = openCluster('x', { env })
      try {
        assert.ok(statSync(await cluster.socket).isSocket())
        assert.equal(readdirSync(long), [])
      } finally {
        await cluster.close()
      }
    } finally {
      process.env.TMPDIR = before
      if (before === undefined) delete process.env.TMPDIR
    }
  }))

/** Runs `use` with a connection to a server that answers as `handler` does. */
const withServer = (handler: RequestListener, use: (cluster: Cluster) => Promise<void>) =>
  withDirectory(async (directory) => {
    const server = createServer(handler).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const KUBECONFIG = writeKubeconfig(directory, `http://127.0.0.1:${port}`, { token: 'x' })
    const cluster = openCluster('x', { env: userEnvironment(directory, { KUBECONFIG }) })
    try {
      await use(cluster)
    } finally {
      await cluster.close()
      server.closeAllConnections()
      server.close()
    }
  })

test('a server that never answers: a call and the start of a watch have an end', () =>
  withServer(
    () => {},
    async (cluster) => {
      const errors = await Promise.all([
        thrown(get(cluster, 'cannot read x', secrets, object)),
        thrown(watch(cluster, 'cannot read x', secrets, object)),
      ])
      for (const { message } of errors)
        assert.is(message, 'cannot read x: the API server did not answer in time')
    },
  ))

test('the current context is what the kubeconfig says, however long kubectl takes to start', () =>
  withDirectory(async (directory) => {
    const KUBECONFIG = writeKubeconfig(directory, 'http://127.0.0.1:1', { token: 'x' })
    const before = { kubectl: '[ "$1" = config ] && sleep 9' }
    const { env } = traceCalls(directory, userEnvironment(directory, { KUBECONFIG }), ['kubectl'], before)
    const cluster = openCluster(undefined, { env })
    try {
      assert.is(await cluster.context, 'x')
    } finally {
      await cluster.close()
    }
  }))

test('Ctrl-C that kubectl hears before us is an interruption', () => {
  let isAsked = false
  const asked = () => {
    isAsked = true
  }
  return withServer(asked, async ({ env }) => {
    const module = (name: string) =>
      JSON.stringify(join(import.meta.dirname, '..', '..', '..', 'scripts', 'lib', 'cluster', name))
    const script = `const { openCluster } = await import(${module('kubectl.ts')})
      const { get, secrets } = await import(${module('kube-api.ts')})
      const abort = new AbortController()
      process.on('SIGINT', () => abort.abort(new Error('interrupted')))
      const cluster = openCluster('x', { env: process.env, signal: abort.signal })
      const object = { namespace: 'a', name: 'b' }
      await get(cluster, 'x', secrets, object).catch(({ message }) => console.log(message))
      await cluster.close()`
    const command = [process.execPath, '--input-type=module', '-e', script]
    const task = startProgram(command, { cwd: '/', env })
    await until('the server is asked', () => isAsked, task)
    const kubectl = listProcesses().find(
      ({ parent, command }) => parent === task.child.pid && / proxy /.test(command),
    )
    task.child.kill('SIGSTOP')
    process.kill(kubectl!.pid, 'SIGINT')
    await until('kubectl has ended', () => !isRunning(kubectl!.pid))
    task.child.kill('SIGINT')
    task.child.kill('SIGCONT')
    assert.is((await task.ended).stdout, 'interrupted\n')
  })
})

test('a watch that has begun lasts longer than the patience with an answer, and an ERROR event is thrown', () => {
  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }
  return withServer(
    (_, response) => {
      response.setHeader('content-type', 'application/json')
      response.flushHeaders()
      setTimeout(() => response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`), 9000)
    },
    async (cluster) => {
      const error = await thrown((await watch(cluster, 'x', secrets, object)).next())
      assert.is((error as KubectlError).problem, 'expired')
    },
  )
})

test.run()
