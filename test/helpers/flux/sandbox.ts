import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Binaries, buildBinaries } from '../../../scripts/sandbox/build.ts'
import { applyFluxSystem, requestSync } from '../../../scripts/sandbox/flux-system.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../scripts/sandbox/sandbox.ts'
import { atEnd } from '../cleanup.ts'
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

export type { Sandbox }

let shared: Promise<Sandbox> | undefined

/** Runs `use` with the one sandbox of the test run. It must leave the cluster as it was. */
export async function withSandbox<T>(use: (sandbox: Sandbox) => Promise<T>): Promise<T> {
  shared ??= startTestSandbox().then((sandbox) => {
    atEnd(sandbox.stop)
    return sandbox
  })
  return use(await shared)
}

/** A repository that the shared sandbox's Flux follows with its GitRepository and Kustomization `flux-system`. */
export interface Flux {
  sandbox: Sandbox
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
 * Sets up a repository with `files` on the shared sandbox, and takes everything of Flux's, the Secrets in flux-system
 * and what the Kustomizations applied away again.
 */
export async function withFlux<T>(
  files: Readonly<Record<string, string>>,
  use: (flux: Flux) => Promise<T>,
): Promise<T> {
  return withSandbox((sandbox) =>
    withDirectory(async (directory) => {
      try {
        return await use(await setUp(sandbox, directory, files))
      } finally {
        await cleanUp(sandbox)
      }
    }),
  )
}

let count = 0

async function setUp(
  sandbox: Sandbox,
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<Flux> {
  const name = `repository-${++count}`
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
    await sandbox.kubectl(['wait', '-n', 'flux-system', '--for=create', object, '--timeout=30s'])
    await sandbox.kubectl(['wait', '-n', 'flux-system', condition, object, '--timeout=30s'])
  }
  return { sandbox, clone, bare, url, env, directory, git, push, applied }
}

async function cleanUp(sandbox: Sandbox): Promise<void> {
  const remove = (...args: string[]) =>
    sandbox.kubectl(['delete', '-n', 'flux-system', '--timeout=30s', ...args])
  await remove('kustomizations', '--all')
  await remove('gitrepositories,secrets', '--all')
}
