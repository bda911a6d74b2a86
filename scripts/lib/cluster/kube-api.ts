import type { IncomingMessage } from 'node:http'
import { UserError } from '../errors.ts'
import type { KubeObject, List, WatchEvent } from './kube-objects.ts'
import { call, connectionError, send } from './kube-request.ts'
import type { Cluster } from './kubectl.ts'
import { explainAnswer, KubectlError } from './kubectl-error.ts'
import { startPatience } from './patience.ts'

/** A kind of objects, as the API names it. */
export interface Resource {
  /** `/api/v1`, `/apis/GROUP/VERSION` */
  readonly api: string
  /** In lower case. */
  readonly plural: string
}

/** The Secrets of the core API. */
export const secrets: Resource = { api: '/api/v1', plural: 'secrets' }

/** The ConfigMaps of the core API. */
export const configMaps: Resource = { api: '/api/v1', plural: 'configmaps' }

/** Everything that we write in a cluster is written under this name (`metadata.managedFields[].manager`). */
export const fieldManager = 'flux-sops-tasks'

/** Which objects of a kind. */
export interface Scope {
  /** All namespaces where `undefined`. */
  namespace?: string | undefined
  /** Only the object of this name. */
  name?: string
  /** Only objects that have this label. */
  label?: string
}

/**
 * Reads one object.
 * @param what how an error begins: `cannot read secret flux-system/sops-age`
 * @returns undefined where it is not there
 * @throws KubectlError
 */
export async function get<T>(
  cluster: Cluster,
  what: string,
  resource: Resource,
  { namespace, name }: { namespace: string; name: string },
): Promise<T | undefined> {
  try {
    return await call<T>(cluster, what, { path: pathOf(resource, namespace, name) })
  } catch (error) {
    if (error instanceof KubectlError && error.problem === 'not-found') return undefined
    throw error
  }
}

/** Reads the objects of a kind. @throws KubectlError: `no-such-kind` where the cluster does not have it */
export async function list<T>(
  cluster: Cluster,
  what: string,
  resource: Resource,
  scope: Scope,
): Promise<List<T>> {
  return call(cluster, what, { path: pathOf(resource, scope.namespace), query: queryOf(scope) })
}

/** The plural of each kind of an API that can be listed. @throws KubectlError: `no-such-kind` where the cluster does not have the API */
export async function pluralsOf(cluster: Cluster, what: string, api: string): Promise<Map<string, string>> {
  const { resources } = await call<{ resources: { name: string; kind: string; verbs: string[] }[] }>(
    cluster,
    what,
    { path: api },
  )
  // `deployments/status` has the kind of a deployment as well
  const listed = resources.filter(({ name, verbs }) => !name.includes('/') && verbs.includes('list'))
  return new Map(listed.map(({ kind, name }) => [kind, name]))
}

/**
 * Watches objects until the API server ends it, which it does after some time.
 * @param resourceVersion where to start; an ADDED event for each object that is there comes first where `undefined`
 * @returns when the server has said yes, the events
 * @throws KubectlError: `expired` where the server no longer knows what came after `resourceVersion`
 */
export async function watch<T>(
  cluster: Cluster,
  what: string,
  resource: Resource,
  scope: Scope,
  resourceVersion?: string,
): Promise<AsyncGenerator<WatchEvent<T>>> {
  const query = { ...queryOf(scope), watch: 'true', ...(resourceVersion && { resourceVersion }) }
  const patience = startPatience(cluster.plugin)
  try {
    const options = { path: pathOf(resource, scope.namespace), query }
    const answer = await send(cluster, what, options, patience.signal)
    return eventsOf(cluster, what, answer)
  } catch (error) {
    throw await connectionError(cluster, what, error, patience.signal)
  } finally {
    patience.release()
  }
}

async function* eventsOf<T>(
  cluster: Cluster,
  what: string,
  answer: IncomingMessage,
): AsyncGenerator<WatchEvent<T>> {
  try {
    for await (const line of linesOf(answer)) {
      const event = JSON.parse(line)
      if (event.type === 'ERROR') throw explainAnswer(what, event.object.code, JSON.stringify(event.object))
      yield event
    }
  } catch (error) {
    throw await connectionError(cluster, what, error)
  }
}

/** Unlike `readline`, it throws where the stream breaks. */
async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) {
    const lines = `${text}${chunk}`.split('\n')
    text = lines.pop()!
    yield* lines
  }
}

/**
 * Sets annotations of an object that is there; `null` removes one.
 * @param resourceVersion that it must still have, where given
 * @returns `metadata.resourceVersion` after it
 * @throws KubectlError
 */
export async function annotate(
  cluster: Cluster,
  resource: Resource,
  object: { namespace: string; name: string },
  annotations: Record<string, string | null>,
  resourceVersion?: string,
): Promise<string> {
  const what = `cannot annotate ${resource.plural} ${object.namespace}/${object.name}`
  const metadata = { annotations, ...(resourceVersion && { resourceVersion }) }
  return merge(cluster, what, resource, object, { metadata })
}

/**
 * Merges fields into an object that is there; `null` removes one.
 * @param options `dryRun`: asks whether the API server would take it, and writes nothing
 * @returns `metadata.resourceVersion` after it
 * @throws KubectlError
 */
export async function merge(
  cluster: Cluster,
  what: string,
  resource: Resource,
  { namespace, name }: { namespace: string; name: string },
  body: object,
  { dryRun = false } = {},
): Promise<string> {
  const { metadata } = await call<KubeObject>(cluster, what, {
    path: pathOf(resource, namespace, name),
    query: { fieldManager, ...(dryRun && { dryRun: 'All' }) },
    patch: { type: 'merge-patch+json', body },
  })
  return metadata.resourceVersion!
}

/**
 * Asks whether the user may do something with all objects of a kind in a namespace, which every user may ask.
 * @param verb `create`
 * @throws KubectlError
 */
export async function mayI(
  cluster: Cluster,
  verb: string,
  { api, plural }: Resource,
  namespace: string,
): Promise<boolean> {
  const [, , group = ''] = api.split('/')
  const resourceAttributes = {
    verb,
    namespace,
    group: api.startsWith('/apis/') ? group : '',
    resource: plural,
  }
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const post = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  }
  const what = `cannot ask whether you may ${verb} ${plural} in ${namespace}`
  const { status } = await call<{ status: { allowed: boolean } }>(cluster, what, { path, post })
  return status.allowed
}

/** Deletes an object. @throws KubectlError */
export async function remove(
  cluster: Cluster,
  what: string,
  resource: Resource,
  { namespace, name }: { namespace: string; name: string },
): Promise<void> {
  await call(cluster, what, { path: pathOf(resource, namespace, name), method: 'DELETE' })
}

/**
 * Server-side apply of one object under our field manager.
 * @param options `force`: takes over fields that others own
 * @throws KubectlError: `conflict` where `metadata.resourceVersion` is given and no longer the object's, or somebody else owns a
 *   field and `force` is off
 */
export async function apply(
  cluster: Cluster,
  what: string,
  resource: Resource,
  object: KubeObject,
  { dryRun = false, force = true } = {},
): Promise<void> {
  const { namespace, name } = object.metadata
  await call(cluster, what, {
    path: pathOf(resource, namespace, name),
    query: { fieldManager, force: `${force}`, fieldValidation: 'Strict', ...(dryRun && { dryRun: 'All' }) },
    patch: { type: 'apply-patch+yaml', body: object },
  })
}

/** @throws UserError for a name that is none in a path (as kubectl does) */
function pathOf({ api, plural }: Resource, namespace?: string, name?: string): string {
  for (const part of [namespace, name])
    if (part !== undefined && (/[/%]/.test(part) || /^\.\.?$/.test(part)))
      throw new UserError(`${part} cannot be the name of an object`, {
        hint: 'names have lower-case letters, digits, - and .',
      })
  const parts = [...(namespace ? ['namespaces', namespace] : []), plural, ...(name ? [name] : [])]
  return `${api}/${parts.map(encodeURIComponent).join('/')}`
}

function queryOf({ name, label }: Scope): Record<string, string> {
  return { ...(name && { fieldSelector: `metadata.name=${name}` }), ...(label && { labelSelector: label }) }
}
