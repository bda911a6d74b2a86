import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { accessSandbox, type SandboxAccess, type SandboxAddress } from '../../../scripts/sandbox/access.ts'
import { type Binaries, buildBinaries } from '../../../scripts/sandbox/build.ts'
import { applyFluxSystem, requestSync } from '../../../scripts/sandbox/flux-system.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../scripts/sandbox/sandbox.ts'
import { borrow } from '../../runner/lending.ts'
import { withDirectory, writeFiles } from '../files.ts'
import { userEnvironment } from '../user.ts'

const execute = promisify(execFile)

/** The built programs, which the runner has on PATH as well. */
export async function testBinaries(): Promise<Binaries> {
  return buildBinaries({
    cacheHome: process.env.XDG_CACHE_HOME,
    env: process.env,
    note: (line) => console.error(line),
  })
}

/** A sandbox of one's own, for tests that break it. The caller stops it. */
export async function startTestSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return startSandbox({ binaries: await testBinaries(), env: process.env, ...options })
}

/** Runs `use` with a sandbox of its own, for a test that changes what belongs to nobody's repository. */
export async function withOwnSandbox<T>(
  use: (sandbox: Sandbox) => Promise<T>,
  options: Partial<SandboxOptions> = {},
): Promise<T> {
  const sandbox = await startTestSandbox(options)
  try {
    return await use(sandbox)
  } finally {
    await sandbox.stop()
  }
}

export type { SandboxAccess }

/**
 * Runs `use` with a sandbox that the runner has lent to this test alone (test/run.ts). It must leave the cluster as it was:
 * the next test gets it, unless this one fails.
 */
export async function withSandbox<T>(use: (sandbox: SandboxAccess) => Promise<T>): Promise<T> {
  const { TEST_SANDBOXES: socket } = process.env
  if (!socket) throw new Error('there is no sandbox to borrow: run the tests with `npm test`')
  return borrow(socket, (address: SandboxAddress) => use(accessSandbox(address, process.env)))
}

/** A repository that the sandbox's Flux follows with its GitRepository and Kustomization `flux-system`. */
export interface Flux {
  sandbox: SandboxAccess
  /** The user's clone: branch `main`, remote `origin`, a git identity of its own. */
  clone: string
  /** The bare repository behind `url`. */
  bare: string
  url: string
  /** What a task run by this user sees: HOME of its own, KUBECONFIG, the built tools on PATH. No age key. */
  env: NodeJS.ProcessEnv
  /** A directory that is removed afterwards. */
  directory: string
  /** Runs git in the clone and returns its stdout without the last line break. */
  git(...args: string[]): Promise<string>
  /** Writes files into the clone, commits them with everything else that changed, and pushes. @returns the commit */
  push(files?: Readonly<Record<string, string>>): Promise<string>
  /** Has Flux fetch the repository and waits until the Kustomization `name` is applied at the commit. */
  applied(name: string, commit: string): Promise<void>
}

/**
 * Sets up a repository with `files` on a lent sandbox, and takes everything of Flux's, the Secrets in flux-system
 * and what the Kustomizations applied away again.
 */
export async function withFlux<T>(
  files: Readonly<Record<string, string>>,
  use: (flux: Flux) => Promise<T>,
): Promise<T> {
  return withSandbox((sandbox) => withFluxOn(sandbox, files, use))
}

/** As `withFlux`, on this sandbox. */
export async function withFluxOn<T>(
  sandbox: SandboxAccess,
  files: Readonly<Record<string, string>>,
  use: (flux: Flux) => Promise<T>,
): Promise<T> {
  return withDirectory(async (directory) => {
    try {
      return await use(await setUp(sandbox, directory, files))
    } finally {
      await cleanUp(sandbox)
    }
  })
}

async function setUp(
  sandbox: SandboxAccess,
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<Flux> {
  const name = `repository-${randomUUID()}`
  const bare = await sandbox.createRepository(name, 'main')
  const url = sandbox.gitUrl(name)
  const clone = join(directory, 'clone')
  const env = userEnvironment(directory, { KUBECONFIG: sandbox.kubeconfig })
  const git = async (...args: string[]) =>
    (await execute('git', args, { cwd: clone, env })).stdout.replace(/\n$/, '')
  const push = async (more: Readonly<Record<string, string>> = {}) => {
    writeFiles(clone, more)
    await git('add', '--all')
    await git('commit', '--quiet', '--message', 'change')
    await git('push', '--quiet', 'origin', 'HEAD')
    return git('rev-parse', 'HEAD')
  }
  mkdirSync(clone)
  await git('init', '--quiet', '--initial-branch=main')
  await git('config', 'user.name', 'Test')
  await git('config', 'user.email', 'test@example.com')
  await git('remote', 'add', 'origin', url)
  await push(files)
  await git('branch', '--quiet', '--set-upstream-to=origin/main')
  await applyFluxSystem(sandbox, { url, branch: 'main', path: 'kubernetes/flux-system' })
  const applied = async (kustomization: string, commit: string) => {
    const condition = `--for=jsonpath={.status.lastAppliedRevision}=main@sha1:${commit}`
    const object = `kustomization/${kustomization}`
    await requestSync(sandbox)
    await sandbox.kubectl(['wait', '-n', 'flux-system', '--for=create', object, '--timeout=120s'])
    await sandbox.kubectl(['wait', '-n', 'flux-system', condition, object, '--timeout=120s'])
  }
  return { sandbox, clone, bare, url, env, directory, git, push, applied }
}

async function cleanUp(sandbox: SandboxAccess): Promise<void> {
  await empty(sandbox, 'flux-system')
  // of Kustomizations that prune nothing
  await sandbox.kubectl(['delete', '-n', 'default', 'secrets', '--all'])
}

async function empty({ kubectl }: SandboxAccess, namespace: string): Promise<void> {
  const kinds = 'kustomizations,gitrepositories,secrets'
  await kubectl(['delete', '-n', namespace, kinds, '--all', '--timeout=120s'])
}

/**
 * Runs `use` with more namespaces, and takes them away with what Flux and tests have put into them, so that the next test can make
 * them again: of the controllers that finish such a removal in a cluster none runs here.
 */
export async function withNamespaces<T>(
  sandbox: SandboxAccess,
  names: readonly string[],
  use: () => Promise<T>,
): Promise<T> {
  const { kubectl } = sandbox
  const namespaceOf = (name: string, more = {}) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, ...more })
  try {
    for (const name of names) await kubectl(['apply', '--server-side', '-f', '-'], namespaceOf(name))
    return await use()
  } finally {
    for (const name of names) {
      await empty(sandbox, name)
      await kubectl(['delete', 'namespace', name, '--wait=false'])
      const finalize = ['replace', '--raw', `/api/v1/namespaces/${name}/finalize`, '-f', '-']
      await kubectl(finalize, namespaceOf(name, { spec: { finalizers: [] } }))
    }
  }
}

/** A key Secret as a test makes it. */
export interface MadeSecret {
  namespace?: string
  /** In the clear, by data key. */
  data: Readonly<Record<string, string>>
  /** More metadata. */
  metadata?: object
}

/** The label by which Flux sees at once that a key has changed. */
export const watched = { labels: { 'reconcile.fluxcd.io/watch': 'Enabled' } }

/** Puts the key Secret `sops-age` into the cluster, as somebody else would. */
export async function putKeySecret(
  { kubectl }: Pick<SandboxAccess, 'kubectl'>,
  { namespace = 'flux-system', data, metadata }: MadeSecret,
): Promise<void> {
  const made = { name: 'sops-age', namespace, ...metadata }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: made, stringData: data }
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(secret))
}
