import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UserError } from '../../scripts/lib/errors.ts'
import { type Sandbox, startSandbox } from '../../scripts/sandbox/sandbox.ts'
import { exampleCluster, withDirectory } from '../helpers/files.ts'
import { startTestSandbox, testBinaries, withFluxOn, withSandbox } from '../helpers/flux/sandbox.ts'
import { isRunning, listProcesses, until } from '../helpers/processes.ts'

/** What runs or lies about because of the sandbox in this directory. */
const leftovers = ({ directory, pids }: Pick<Sandbox, 'directory' | 'pids'>) => [
  ...Object.values(pids).filter(isRunning),
  ...listProcesses().filter(({ command }) => command.includes(directory)),
  ...(existsSync(directory) ? [directory] : []),
]

const sandboxDirectories = () => readdirSync(tmpdir()).filter((name) => name.startsWith('flux-sops-sandbox-'))

/** Runs `use` with a process of its own that holds a sandbox. */
async function withOwner(
  use: (owner: ReturnType<typeof spawn>, sandbox: Pick<Sandbox, 'directory' | 'pids'>) => Promise<void>,
) {
  const script = join(import.meta.dirname, '..', 'helpers', 'flux', 'sandbox-owner.ts')
  const owner = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    let said = ''
    for await (const chunk of owner.stdout) {
      said += chunk
      if (said.includes('\n')) break
    }
    await use(owner, JSON.parse(said))
  } finally {
    owner.kill('SIGKILL')
  }
}

test('it has what Flux needs, and stops without a trace', async () => {
  const sandbox = await startTestSandbox()
  const { directory, pids, kubeconfig, logs } = sandbox
  try {
    assert.is(statSync(directory).mode & 0o777, 0o700)
    assert.is(statSync(kubeconfig).mode & 0o777, 0o600)
    assert.equal(Object.keys(pids).sort(), [
      'etcd',
      'kube-apiserver',
      'kustomize-controller',
      'source-controller',
    ])
    assert.ok(Object.values(pids).every(isRunning))
    for (const log of Object.values(logs)) assert.ok(statSync(log).size > 0, log)
    assert.match(await sandbox.kubectl(['get', 'kustomizations,gitrepositories', '-A', '-o', 'name']), /^$/)
    assert.match(await sandbox.kubectl(['get', 'namespace', 'flux-system', '-o', 'name']), /flux-system/)
    await checkRestart(sandbox)
    await checkAnother(sandbox)
  } finally {
    await Promise.all([sandbox.stop(), sandbox.stop()])
  }
  assert.equal(leftovers({ directory, pids }), [])
  await sandbox.stop()
})

/** A controller is started again with other flags. */
async function checkRestart(sandbox: Sandbox): Promise<void> {
  const before = sandbox.pids['kustomize-controller']!
  await sandbox.restartController('kustomize-controller', ['--concurrent=7'])
  const log = readFileSync(sandbox.logs['kustomize-controller']!, 'utf8')
  await sandbox.restartController('kustomize-controller')
  assert.not(isRunning(before))
  assert.match(log, /"worker count":7/)
  assert.not(sandbox.broken.aborted)
}

/** Two side by side do not meet. */
async function checkAnother(sandbox: Sandbox): Promise<void> {
  const other = await startTestSandbox()
  try {
    assert.is.not(other.directory, sandbox.directory)
    await other.kubectl(['create', 'configmap', 'only-here'])
    const found = async (one: Sandbox) => one.kubectl(['get', 'configmap', '-n', 'default', '-o', 'name'])
    assert.match(await found(other), /only-here/)
    assert.not.match(await found(sandbox), /only-here/)
  } finally {
    await other.stop()
  }
  assert.equal(leftovers(other), [])
  assert.ok(Object.values(sandbox.pids).every(isRunning))
  await sandbox.kubectl(['get', 'namespaces'])
}

test('Flux applies a repository, and what it applied for one test is gone for the next', () =>
  withSandbox(async (sandbox) => {
    const find = (kinds: string) => sandbox.kubectl(['get', kinds, '-A', '-o', 'name'])
    const kinds = 'kustomizations,gitrepositories,secrets'
    await withFluxOn(sandbox, exampleCluster(), async (flux) => {
      await flux.applied('apps', await flux.git('rev-parse', 'HEAD'))
      const text = ['get', 'configmap', 'greeting', '-n', 'default', '-o', 'jsonpath={.data.text}']
      assert.is(await sandbox.kubectl(text), 'Flux was here')
      const greeting = exampleCluster()['kubernetes/apps/greeting.yaml']!.replace('was here', 'is back')
      await flux.applied('apps', await flux.push({ 'kubernetes/apps/greeting.yaml': greeting }))
      assert.is(await sandbox.kubectl(text), 'Flux is back')
      assert.match(await find(kinds), /kustomization\S*\/apps\n/)
      assert.match(await find('configmaps'), /greeting/)
    })
    assert.is(await find(kinds), '')
    assert.not.match(await find('configmaps'), /greeting/)
  }))

test('another user has just the rights that RBAC gives', () =>
  withSandbox(async (sandbox) => {
    const as = sandbox.kubeconfigFor('guest', ['guests'])
    assert.is(statSync(as).mode & 0o777, 0o600)
    const guest = (...args: string[]) => sandbox.kubectl([...args, `--kubeconfig=${as}`])
    assert.match(await guest('auth', 'whoami'), /guest/)
    const error = await guest('get', 'secrets', '-n', 'flux-system').catch((error) => error)
    assert.match(error.message, /User "guest" cannot list resource "secrets"/)
  }))

test('the processes see nothing of the caller; one that ends by itself is reported with the end of its log', async () => {
  const planted = { SOPS_AGE_KEY: 'planted', HOME: '/planted', AWS_PROFILE: 'planted' }
  const sandbox = await startTestSandbox({ env: { ...process.env, ...planted } })
  try {
    for (const pid of process.platform === 'linux' ? Object.values(sandbox.pids) : []) {
      const env = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean).sort()
      const names = env.map((entry) => entry.split('=')[0])
      assert.equal(names, ['HOME', 'KUBECONFIG', 'PATH', 'RUNTIME_NAMESPACE', 'TMPDIR'])
      assert.not.match(env.join('\n'), /planted/)
    }
    assert.equal(readdirSync(join(sandbox.directory, 'home')), [])

    process.kill(sandbox.pids['source-controller']!, 'SIGKILL')
    await until('it is noticed', () => sandbox.broken.aborted)
    const { reason } = sandbox.broken
    assert.instance(reason, UserError)
    assert.match(reason.message, /^source-controller ended unexpectedly \(SIGKILL\)/)
    assert.match(reason.message, /"msg":"Starting workers"/)
  } finally {
    await sandbox.stop()
  }
  assert.equal(leftovers(sandbox), [])
})

test('a process that does not start is reported with the end of its log, and nothing stays', async () => {
  const before = sandboxDirectories()
  await withDirectory(async (directory) => {
    const { crds, bin } = await testBinaries()
    const broken = join(directory, 'bin')
    mkdirSync(broken)
    const program = (name: string, text: string) =>
      writeFileSync(join(broken, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    program('etcd', `exec ${bin}/etcd "$@"`)
    program('kube-apiserver', 'echo "no AGE-SECRET-KEY-1PLANTED for you" >&2; exit 3')
    const error = await startSandbox({ binaries: { bin: broken, crds }, env: process.env }).catch(
      (error) => error,
    )
    assert.instance(error, UserError)
    assert.match(
      error.message,
      /^kube-apiserver ended unexpectedly \(exit 3\); the end of its log:\nno <redacted> for you/,
    )
    program('kube-apiserver', 'exec sleep 60')
    program('etcd', 'echo no disk; exit 1')
    const other = await startSandbox({ binaries: { bin: broken, crds }, env: process.env }).catch(
      (error) => error,
    )
    assert.match(other.message, /^etcd ended unexpectedly \(exit 1\).*no disk/s)
    assert.equal(
      listProcesses().filter(({ command }) => command.includes(broken)),
      [],
    )
  })
  assert.equal(sandboxDirectories(), before)
})

test('an interrupted start leaves nothing', async () => {
  const before = sandboxDirectories()
  const signal = AbortSignal.abort(new Error('before it'))
  assert.is(await startTestSandbox({ signal }).catch((error) => error), signal.reason)
  assert.equal(sandboxDirectories(), before)
  for (const program of ['etcd', 'kube-apiserver']) {
    const abort = new AbortController()
    const reason = new Error(program)
    const starting = startTestSandbox({ signal: abort.signal }).catch((error) => error)
    const runs = (directory: string) =>
      (statSync(join(tmpdir(), directory, `${program}.log`), { throwIfNoEntry: false })?.size ?? 0) > 0
    await until(`${program} runs`, () =>
      sandboxDirectories().some((one) => !before.includes(one) && runs(one)),
    )
    abort.abort(reason)
    assert.is(await starting, reason)
    assert.equal(sandboxDirectories(), before)
  }
})

test('kill -9 of its owner ends everything', () =>
  withOwner(async (owner, sandbox) => {
    owner.kill('SIGKILL')
    await until('all is gone', () => leftovers(sandbox).length === 0)
  }))

for (const how of ['with its directory', 'whose directory was deleted'] as const)
  test(`kill -9 of its owner and of what watches over it: the next sandbox ends what is left, ${how}`, () =>
    withOwner(async (owner, sandbox) => {
      const guards = listProcesses().filter(
        ({ parent, command }) => parent === owner.pid && command.endsWith(sandbox.directory),
      )
      assert.is(guards.length, 1)
      process.kill(guards[0]!.pid, 'SIGKILL')
      await until('nobody watches over it', () => !isRunning(guards[0]!.pid))
      // as long as the owner lives: behind that, the sandbox of any other test ends them
      assert.ok(Object.values(sandbox.pids).every(isRunning))
      owner.kill('SIGKILL')
      await until('the owner has ended', () => !isRunning(owner.pid!))
      if (how === 'whose directory was deleted') rmSync(sandbox.directory, { recursive: true })

      const next = await startTestSandbox()
      await next.stop()
      await until('all is gone', () => leftovers(sandbox).length === 0)
    }))

test.run()
