import { CommandError } from './errors.ts'
import { explain } from './kubectl-error.ts'
import { follow, run } from './run.ts'

/** Which cluster, as whom. */
export interface Cluster {
  /** A context of the kubeconfig; the current one where `undefined`. */
  context: string | undefined
  env: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
}

export interface ObjectMeta {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  managedFields?: ManagedFields[]
}

export interface ManagedFields {
  manager: string
  operation: 'Apply' | 'Update'
  fieldsV1?: Record<string, unknown>
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

export interface Secret extends KubeObject {
  type?: string
  immutable?: boolean
  /** base64, a secret */
  data?: Record<string, string>
}

/** Everything that we write in a cluster is written under this name (`metadata.managedFields[].manager`). */
export const fieldManager = 'flux-sops-tasks'

/** An API server that does not answer keeps kubectl for up to 50 s (observed.md D7), so every call has an end, in ms. */
const patience = 8_000

/**
 * One kubectl call.
 * @param what how an error begins: `cannot read secret flux-system/sops-age`
 * @param input goes to stdin; the way for a secret
 * @throws KubectlError; it and its cause never hold stdout
 */
export async function kubectl(
  cluster: Cluster,
  what: string,
  args: readonly string[],
  input?: string,
): Promise<string> {
  try {
    return await run(command(cluster, args), options(cluster, input))
  } catch (error) {
    throw error instanceof CommandError ? explain(error, what) : error
  }
}

/** The name of the context that calls go to. @throws KubectlError where there is none */
export async function contextName(cluster: Cluster): Promise<string> {
  if (cluster.context) return cluster.context
  return (await kubectl(cluster, 'cannot tell which cluster', ['config', 'current-context'])).trim()
}

/**
 * Reads one object, or a list (`List`) where `args` name no object.
 * @param args behind `kubectl get`, for example `['secret', 'sops-age', '-n', 'flux-system']`
 * @returns undefined where the object is not there
 * @throws KubectlError
 */
export async function get<T>(
  cluster: Cluster,
  what: string,
  args: readonly string[],
): Promise<T | undefined> {
  const text = await kubectl(cluster, what, [
    'get',
    ...args,
    '--ignore-not-found',
    '--show-managed-fields',
    '-o',
    'json',
  ])
  return text.trim() === '' ? undefined : (JSON.parse(text) as T)
}

/**
 * Server-side apply of one object under our field manager, taking over fields that others own.
 * Sent from stdin, answered without the object: the answer would hold the data of a Secret.
 * @returns `metadata.resourceVersion` after it
 * @throws KubectlError: `conflict` where `metadata.resourceVersion` is given and no longer the object's
 */
export async function apply(
  cluster: Cluster,
  what: string,
  object: KubeObject,
  { dryRun = false } = {},
): Promise<string> {
  const args = [
    'apply',
    '--server-side',
    '--force-conflicts',
    `--field-manager=${fieldManager}`,
    '-f',
    '-',
    '-o',
    'jsonpath={.metadata.resourceVersion}',
  ]
  // the server checks the fields anyway; the check in kubectl downloads the whole API description first
  args.push('--validate=false', ...(dryRun ? ['--dry-run=server'] : []))
  return kubectl(cluster, what, args, JSON.stringify(object))
}

/**
 * Sets annotations of an object that is there; `null` removes one.
 * @param resource `kustomizations.kustomize.toolkit.fluxcd.io`
 * @returns `metadata.resourceVersion` after it
 */
export async function annotate(
  cluster: Cluster,
  resource: string,
  { namespace, name }: { namespace: string; name: string },
  annotations: Record<string, string | null>,
): Promise<string> {
  const pairs = Object.entries(annotations).map(([key, value]) =>
    value === null ? `${key}-` : `${key}=${value}`,
  )
  const args = [
    'annotate',
    resource,
    name,
    '-n',
    namespace,
    '--overwrite',
    `--field-manager=${fieldManager}`,
    '-o',
    'jsonpath={.metadata.resourceVersion}',
    ...pairs,
  ]
  return kubectl(cluster, `cannot annotate ${resource.split('.')[0]} ${namespace}/${name}`, args)
}

export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: T
}

/**
 * Watches objects: an ADDED event for each that is there, then every change, until the API server or `lifetime` ends it.
 * @param args behind `kubectl get`, for example `['secrets', '-n', 'default', '--field-selector', 'metadata.name=x']`
 * @throws KubectlError
 */
export async function* watch<T>(
  cluster: Cluster,
  what: string,
  args: readonly string[],
): AsyncGenerator<WatchEvent<T>> {
  // should we be killed, kubectl ends by itself after this time
  const lifetime = '--request-timeout=120s'
  const get = ['get', ...args, '--watch', '--output-watch-events', '-o', 'json', lifetime]
  try {
    // with --output-watch-events each event is one line
    for await (const line of follow(command(cluster, get), { env: cluster.env, signal: cluster.signal })) {
      yield JSON.parse(line) as WatchEvent<T>
    }
  } catch (error) {
    throw error instanceof CommandError ? explain(error, what) : error
  }
}

function command(cluster: Cluster, args: readonly string[]): string[] {
  return ['kubectl', ...args, ...(cluster.context ? [`--context=${cluster.context}`] : [])]
}

function options(cluster: Cluster, input: string | undefined) {
  return {
    env: cluster.env,
    signal: cluster.signal,
    timeout: patience,
    ...(input === undefined ? {} : { input }),
  }
}
