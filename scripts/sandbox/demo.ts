// [MISE] description="Shows the tasks at work on a real Flux, in a throwaway copy of examples/cluster"
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { stringify } from 'yaml'
import type { Caller, Report } from '../lib/caller.ts'
import { exit, UserError } from '../lib/errors.ts'
import { shortCommit } from '../lib/git/git.ts'
import { rows } from '../lib/rows.ts'
import { run } from '../lib/run.ts'
import { runTask } from '../task/run-task.ts'
import { buildBinaries } from './build.ts'
import { runCommand } from './command.ts'
import { applyFluxSystem, requestSync } from './flux-system.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

async function demo(directory: string, caller: Caller): Promise<Report> {
  const { signal, note, say, status } = caller
  const times = new Map<string, number>()
  const stage = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now()
    const value = await work()
    times.set(name, (times.get(name) ?? 0) + (performance.now() - start) / 1000)
    return value
  }
  const environment = { env: caller.env, signal }
  const binaries = await stage('programs built, or found in the cache', () =>
    buildBinaries({ cacheHome: caller.env.XDG_CACHE_HOME, ...environment, note, status }),
  )
  const sandbox = await stage('a real Flux started', async () => {
    say('\n── starting etcd, the API server, source-controller, kustomize-controller and a git server')
    return startSandbox({ binaries, ...environment })
  })
  try {
    const { SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, SOPS_AGE_RECIPIENTS, SOPS_CONFIG, ...clean } =
      caller.env
    const PATH = [binaries.bin, caller.env.PATH].join(delimiter)
    const env = { ...clean, PATH, KUBECONFIG: sandbox.kubeconfig, ...gitIdentity }
    const task = async (
      name: string,
      args: readonly string[] = [],
      { expected = exit.done, shownAs = name }: { expected?: number; shownAs?: string } = {},
    ) =>
      stage(shownAs, async () => {
        say(`\n── ${[name, ...args].join(' ')}`)
        const entry = join(import.meta.dirname, '..', '..', 'tasks', `${name.replace(':', '/')}.ts`)
        const code = await runCommand([process.execPath, entry, ...args], {
          cwd: directory,
          env,
          signal,
          broken: sandbox.broken,
        })
        signal.throwIfAborted()
        if (code !== expected)
          throw new UserError(`${name} ended with exit code ${code}, so the demo ends here`)
      })
    const git = (...args: string[]) => run(['git', ...args], { cwd: directory, env, signal })

    await makeRepository(directory, sandbox, git)
    await task('sops:init', ['--commit'])
    await task('flux:enable-decryption', ['--commit'])
    await task('flux:sops-key')
    await git('push', '--quiet', 'origin', 'main')
    await stage('Flux synced', async () => {
      say('\n── git push, and Flux applies the commit')
      await waitForSync(sandbox, (await git('rev-parse', 'HEAD')).trim(), say)
    })
    await task('sops:verify')
    await task('sops:test-create')
    say((await git('status', '--short', '--untracked-files=all')).trimEnd())
    await task('sops:test-remove')
    if (await git('status', '--porcelain')) throw new UserError('sops:test-remove has left something behind')
    say('git status: nothing has changed')

    // the two commits of the verification
    await git('pull', '--quiet', '--rebase', 'origin', 'main')
    say('\n── a Secret of the user is encrypted with sops, and pushed')
    await addSecret(directory, { env, signal })
    await git('push', '--quiet', 'origin', 'main')
    await stage('Flux synced', async () => waitForSync(sandbox, (await git('rev-parse', 'HEAD')).trim(), say))
    await stage('a wrong key was put in', async () => {
      say('\n── somebody puts another key into the cluster')
      await putWrongKey(sandbox, { cwd: directory, env, signal })
    })
    await task('flux:doctor', [], { expected: exit.no })
    await task('flux:sops-key')
    await task('flux:doctor', ['--wait', '30s'])

    await task('sops:rotate', ['--commit'], { shownAs: 'sops:rotate: share, distribute' })
    await git('push', '--quiet', 'origin', 'main')
    await task('sops:rotate', ['--commit'], { shownAs: 'sops:rotate: prove, cut-over' })
    await git('pull', '--quiet', '--rebase', 'origin', 'main')
    await git('push', '--quiet', 'origin', 'main')
    await task('sops:rotate', [], { shownAs: 'sops:rotate: retire' })
    await task('sops:rotate', ['--status'], { shownAs: 'sops:rotate --status' })
  } finally {
    await stage('stopped, everything removed', sandbox.stop)
  }
  const shown = [...times].map(([name, seconds]) => [name, `${seconds.toFixed(1).padStart(6)} s`])
  return {
    exitCode: exit.done,
    lines: ['', 'What it did, and how long it took:', ...rows(Object.fromEntries(shown))],
    json: { stages: Object.fromEntries(times) },
  }
}

/** The demo's commits are nobody's. */
const gitIdentity = {
  GIT_AUTHOR_NAME: 'demo',
  GIT_AUTHOR_EMAIL: 'demo@example.com',
  GIT_COMMITTER_NAME: 'demo',
  GIT_COMMITTER_EMAIL: 'demo@example.com',
  GIT_CONFIG_GLOBAL: '/dev/null',
}

/** A git repository with what a user has before anything is encrypted: the manifests. */
async function makeRepository(
  directory: string,
  sandbox: Sandbox,
  git: (...args: string[]) => Promise<string>,
): Promise<void> {
  cpSync(join(import.meta.dirname, '..', '..', 'examples', 'cluster'), directory, { recursive: true })
  rmSync(join(directory, '.sops.yaml'))
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'the cluster')
  await sandbox.createRepository('demo', 'main')
  await git('remote', 'add', 'origin', sandbox.gitUrl('demo'))
  await git('push', '--quiet', 'origin', 'main')
  await applyFluxSystem(sandbox, {
    url: sandbox.gitUrl('demo'),
    branch: 'main',
    path: 'kubernetes/flux-system',
  })
}

/** Encrypts a Secret as the README says, lists it and commits it. */
async function addSecret(
  directory: string,
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<void> {
  const options = { cwd: directory, env, signal }
  const place = join('kubernetes', 'infrastructure')
  const file = join(place, 'database.enc.yaml')
  const metadata = { name: 'database', namespace: 'default' }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password: 'of the demo' } }
  writeFileSync(join(directory, file), stringify(secret))
  await run(['sops', 'encrypt', '--in-place', file], options)
  const list = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' }
  writeFileSync(
    join(directory, place, 'kustomization.yaml'),
    stringify({ ...list, resources: ['database.enc.yaml'] }),
  )
  await run(['git', 'add', place], options)
  await run(['git', 'commit', '--quiet', '--message', 'a Secret'], options)
}

/** Puts another key into the cluster, and waits until Flux has failed with it. */
async function putWrongKey(
  { kubectl }: Sandbox,
  options: { cwd: string; env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<void> {
  const key = await run(['age-keygen'], options)
  const metadata = { name: 'sops-age', namespace: 'flux-system' }
  const manifest = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'age.agekey': key } }
  const apply = ['apply', '--server-side', '--force-conflicts', '--field-manager=somebody', '--filename=-']
  await kubectl(apply, JSON.stringify(manifest))
  const wait = ['wait', '--namespace', 'flux-system', '--timeout=60s', 'kustomization/infrastructure']
  await kubectl([...wait, '--for=condition=Ready=false'])
}

async function waitForSync(sandbox: Sandbox, commit: string, say: Caller['say']): Promise<void> {
  await requestSync(sandbox)
  for (const name of ['flux-system', 'infrastructure', 'apps']) {
    const wait = ['wait', '--namespace', 'flux-system', '--timeout=60s', `kustomization/${name}`]
    await sandbox.kubectl([...wait, '--for=create'])
    await sandbox.kubectl([...wait, `--for=jsonpath={.status.lastAppliedRevision}=main@sha1:${commit}`])
    say(`kustomization ${name} has applied ${shortCommit(commit)}`)
  }
}

await runTask(import.meta.filename, async (_usage, caller) => {
  const directory = mkdtempSync(join(tmpdir(), 'flux-sops-demo-'))
  try {
    return await demo(directory, caller)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
