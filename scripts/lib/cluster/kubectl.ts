import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { isatty } from 'node:tty'
import { endAbandoned } from '../abandoned-processes.ts'
import { CommandError } from '../errors.ts'
import { run } from '../run.ts'
import { type Service, serve } from '../serve.ts'
import { abandonedDirectories, temporaryDirectory } from '../temporary-directory.ts'
import { type ClusterCaller, type CredentialPlugin, credentialPlugin } from './credential-plugin.ts'
import { explain } from './kubectl-error.ts'

/** A connection to a cluster: `kubectl proxy`, which answers on a socket that only the user can reach. */
export interface Cluster {
  /** The name of the context that all calls go to. Rejects with KubectlError where there is none. */
  readonly context: Promise<string>
  /** The path of the socket. Rejects with KubectlError where kubectl does not start. */
  readonly socket: Promise<string>
  /**
   * Starts kubectl again, once, with the terminal: its credential plugin has failed, and may have wanted to ask. Ctrl-C then ends both.
   * @returns `false` where there is no terminal, or nobody to be told
   */
  takeTerminal(): Promise<boolean>
  /** What gives the credentials, where it is a program of the user. */
  readonly plugin: CredentialPlugin
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal | undefined
  /** Ends it. */
  close(): Promise<void>
}

/** A tenth of the time that kubectl takes to start is Go's garbage collector (https://pkg.go.dev/runtime: GOGC). */
const quick = { GOGC: '400' }

/** The argument of kubectl that names its socket, and the socket in its directory. */
const [socketFlag, socketName] = ['--unix-socket=', '/api']

/** The longest path of a socket that all systems take, in bytes (`sun_path` of unix(7); 104 on macOS). */
const longestSocket = 103

/**
 * Opens a connection as kubectl would: kubeconfig, credentials and their plugins are its own. One process serves all calls.
 * @param context of the kubeconfig; the current one where `undefined`
 * @returns at once; it must be closed
 */
export function openCluster(context: string | undefined, { env, signal, note }: ClusterCaller): Cluster {
  const directory = makeDirectory()
  let service: Service | undefined
  const start = async (terminal: boolean) => {
    service = await startProxy(directory, context, { env, signal, terminal })
    return service
  }
  let proxy = start(false)
  const plugin = credentialPlugin(context, () => service, { env, signal, note })
  const startAgain = async () => {
    await service?.end()
    rmSync(socketIn(directory), { force: true })
    service = undefined
    proxy = start(true)
    await proxy
    await plugin.waitedFor()
    return true
  }
  let again: Promise<boolean> | undefined
  const name = context === undefined ? currentContext({ env, signal }) : Promise.resolve(context)
  // who uses them gets the error; a task may also end without having used them
  for (const promise of [proxy, name]) promise.catch(() => {})
  return {
    context: name,
    get socket() {
      return proxy.then(() => socketIn(directory))
    },
    async takeTerminal() {
      if (!note || !isatty(0)) return false
      again ??= startAgain()
      return again
    },
    plugin,
    env,
    signal,
    async close() {
      plugin.close()
      await proxy.then(
        (started) => started.end(),
        () => {},
      )
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** @throws KubectlError where there is none */
async function currentContext(options: {
  env: NodeJS.ProcessEnv
  signal: AbortSignal | undefined
}): Promise<string> {
  try {
    // it asks no API server, so there is no answer that could be late: on a busy machine it only takes long to start
    const env = { ...quick, ...options.env }
    return (await run(['kubectl', 'config', 'current-context'], { ...options, env })).trim()
  } catch (error) {
    throw error instanceof CommandError ? explain(error, 'cannot tell which cluster') : error
  }
}

async function startProxy(
  directory: string,
  context: string | undefined,
  { env, signal, terminal }: { env: NodeJS.ProcessEnv; signal: AbortSignal | undefined; terminal: boolean },
): Promise<Service> {
  const args = ['kubectl', 'proxy', `${socketFlag}${socketIn(directory)}`]
  // the server of a kubeconfig can have a path, as Rancher's do
  args.push('--append-server-path', ...(context === undefined ? [] : [`--context=${context}`]))
  try {
    return await serve(args, { env: { ...quick, ...env }, signal, directory, terminal })
  } catch (error) {
    throw error instanceof CommandError ? explain(error, 'cannot reach the cluster') : error
  }
}

const directoryName = 'flux-sops-kubectl'

/** @returns a new directory that only the user can enter; what a killed task left is removed */
function makeDirectory(): string {
  const directory = temporaryDirectory(directoryName)
  removeAbandoned(dirname(directory))
  if (Buffer.byteLength(socketIn(directory)) <= longestSocket) return directory
  rmSync(directory, { recursive: true })
  removeAbandoned('/tmp')
  return temporaryDirectory(directoryName, '/tmp')
}

/** The shell beside kubectl does this (`serve`), unless it was killed as well. */
function removeAbandoned(parent: string): void {
  const directories = abandonedDirectories(directoryName, parent)
  if (directories.length === 0) return
  endAbandoned(directoryName, { in: 'cmdline', before: socketFlag, after: socketName })
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
}

function socketIn(directory: string): string {
  return `${directory}${socketName}`
}
