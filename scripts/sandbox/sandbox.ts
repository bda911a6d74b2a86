import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessSandbox, repositories, type SandboxAccess, type SandboxAddress } from './access.ts'
import type { Binaries } from './build.ts'
import { startControlPlane } from './control-plane.ts'
import { type ControllerName, startController } from './controllers.ts'
import { installFlux } from './definitions.ts'
import { startGitServer } from './git-server.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import type { Process } from './process.ts'
import type { PushGate } from './push-gate.ts'
import { makeStateDirectory, type StateDirectory } from './state-directory.ts'

/** How a sandbox is started. */
export interface SandboxOptions {
  binaries: Binaries
  /** For the PATH that git and sh are found on; the controllers get none of it. */
  env: NodeJS.ProcessEnv
  /** Aborts the start. What runs then is stopped with `stop`. */
  signal?: AbortSignal | undefined
  /** How long kustomize-controller waits before it looks at a dependency again. Flux's own default is 30s. */
  requeueDependency?: string
  /** The Secret in flux-system that kustomize-controller decrypts with where a Kustomization names none (`--sops-age-secret`). */
  keySecret?: string | undefined
  /** Objects to create before a controller starts. They may be of the kinds of Kubernetes itself. @param access to the git server */
  objects?: (access: SandboxAccess) => object[]
}

/** A real Flux on this machine: etcd, API server, source-controller, kustomize-controller and a git server. */
export interface Sandbox extends SandboxAccess {
  /** With it another process of the user gets access too. */
  readonly address: SandboxAddress
  /** The log file of each process, by its name. */
  readonly logs: Readonly<Record<string, string>>
  /** The processes by name, as `etcd` or `source-controller`. */
  readonly pids: Readonly<Record<string, number>>
  /** Aborted when a process ends that was not told to: the reason is a `UserError` with the end of its log. */
  readonly broken: AbortSignal
  /** Works on the served repositories while nobody pushes to them (`PushGate`). */
  alone: PushGate['alone']
  /** Stops a controller and starts it again with `flags` behind the usual ones. */
  restartController(name: ControllerName, flags?: readonly string[]): Promise<void>
  /** Stops everything and removes the state directory. Can be called again. Never throws. */
  stop(): Promise<void>
}

/**
 * Starts a sandbox and returns when both controllers reconcile. Several can run side by side.
 *
 * When the process that started it ends without `stop`, even by `kill -9`, everything is stopped and removed as well.
 * @throws UserError with the end of a process's log where it does not start; the reason of `signal`.
 *   Nothing is left behind then.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { binaries, env, signal, requeueDependency = '2s', keySecret, objects = () => [] } = options
  const state = makeStateDirectory(tmpdir(), 'flux-sops-sandbox', env)
  const processes = new Map<string, Process>()
  const broken = new AbortController()
  const closing: (() => Promise<void>)[] = []
  const around = { state, env: emptyEnvironment(state.path), processes, signal }
  const flagsOf = {
    'source-controller': [],
    'kustomize-controller': [
      `--requeue-dependency=${requeueDependency}`,
      ...(keySecret === undefined ? [] : [`--sops-age-secret=${keySecret}`]),
    ],
  }
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= stopAll(processes, closing, state)
    return stopping
  }
  try {
    const served = join(state.path, repositories)
    mkdirSync(served)
    const git = await startGitServer(served, env)
    closing.push(git.close)
    const plane = await startControlPlane(binaries.bin, around)
    const address = { directory: state.path, bin: binaries.bin, gitServer: git.url }
    const access = accessSandbox(address, env)
    writeKubeconfig(access.kubeconfig, plane)
    await Promise.all([
      createObjects(access, objects(access)),
      installFlux(access.kubectl, binaries.crds, plane.apiServer, around),
    ])
    await Promise.all(
      controllerNames.map((name) => startController(name, binaries.bin, around, flagsOf[name])),
    )
    for (const process of processes.values()) watch(process)
    return {
      ...access,
      address,
      broken: broken.signal,
      alone: git.alone,
      get logs() {
        return table((process) => process.log)
      },
      get pids() {
        return table((process) => process.pid)
      },
      async restartController(name, flags = []) {
        const old = processes.get(name)!
        processes.delete(name)
        await old.stop()
        watch(await startController(name, binaries.bin, around, [...flagsOf[name], ...flags]))
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }

  function watch(process: Process): void {
    process.ended.then(() => {
      if (!stopping && processes.get(process.name) === process) broken.abort(process.failure)
    })
  }
  function table<T>(value: (process: Process) => T): Record<string, T> {
    return Object.fromEntries([...processes].map(([name, process]) => [name, value(process)]))
  }
}

async function createObjects({ kubectl }: SandboxAccess, items: readonly object[]): Promise<void> {
  if (items.length === 0) return
  await kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
}

const controllerNames: readonly ControllerName[] = ['source-controller', 'kustomize-controller']

/** With the caller's HOME or SOPS_* the controllers would find the caller's own age key, and a wrong key would pass. */
function emptyEnvironment(directory: string): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: join(directory, 'home'),
    TMPDIR: join(directory, 'tmp'),
    KUBECONFIG: join(directory, 'kubeconfig'),
    RUNTIME_NAMESPACE: 'flux-system',
  }
}

/** The API server before etcd: without etcd it hangs for minutes and keeps its port. */
async function stopAll(
  processes: ReadonlyMap<string, Process>,
  closing: readonly (() => Promise<void>)[],
  state: StateDirectory,
): Promise<void> {
  await Promise.all([
    ...controllerNames.map((name) => processes.get(name)?.stop()),
    ...closing.map((close) => close()),
  ])
  // nothing of its data is kept, so it need not end in peace, which takes 2.5 s
  await processes.get('kube-apiserver')?.stop(500)
  await processes.get('etcd')?.stop()
  await state.remove()
}
