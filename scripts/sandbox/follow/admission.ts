import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../lib/errors.ts'
import { plainUrl } from '../../lib/git/git.ts'
import type { SandboxAccess } from '../access.ts'

/** What the sandbox's Flux follows in place of the repository that the manifests name. */
export interface Served {
  /** The sandbox's own URL of it, and the branch. */
  url: string
  branch: string
  /** The URLs that mean this repository: those of its remotes, and those that its manifests give the clusters' sources. */
  urls: readonly string[]
  /** The sources of the clusters' own Kustomizations: they are this repository whatever their URL is. */
  sources: readonly { kind: string; namespace: string; name: string }[]
}

/**
 * Policies by which the API server itself rewrites what Flux applies, on the way in: no source can lead to the real repository for
 * a moment, and as Flux compares what it applies by a dry run, it sees no difference to mend.
 * (https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/)
 */
export function policiesFor(served: Served): object[] {
  const ofThis = [sourcePolicy(served), kustomizationPolicy(served)]
  return [...ofThis, definitionPolicy, conversionPolicy, namespacePolicy].flatMap(withBinding)
}

/** How long the API server may take with them, in ms. */
const limit = 60_000

/**
 * Waits until the policies work, which they do a second or two after they were created.
 * @param signal ends it
 * @throws UserError where they do not; CommandError where the API server refuses the question; the reason of the signal
 */
export async function waitForPolicies(
  { kubectl }: SandboxAccess,
  { url, branch }: Pick<Served, 'url' | 'branch'>,
  signal: AbortSignal,
): Promise<void> {
  const probes = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: probesFor(url) })
  const changed = 'jsonpath={.spec.ref.branch}{.spec.wait}{"\\n"}'
  const dryRun = ['create', '--dry-run=server', '-o', changed, '-f', '-']
  const deadline = Date.now() + limit
  // it may not yet serve what was just defined
  const answer = () => kubectl(dryRun, probes).catch((error: Error) => error)
  for (let found = await answer(); found !== `${branch}\nfalse\n`; found = await answer()) {
    signal.throwIfAborted()
    if (Date.now() < deadline) {
      await sleep(100)
      continue
    }
    if (found instanceof Error) throw found
    throw new UserError('the API server does not rewrite what leads to the real repository')
  }
}

/** What the policies change, as long as they work. */
function probesFor(url: string): object[] {
  const metadata = { generateName: 'probe-', namespace: 'flux-system' }
  const sourceRef = { kind: 'GitRepository', name: 'probe' }
  return [
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata,
      spec: { url, interval: '1m' },
    },
    {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata,
      spec: { interval: '1m', prune: true, wait: true, sourceRef },
    },
  ]
}

interface Policy {
  name: string
  resource: { group: string; plural: string }
  /** CEL: whether an object is meant. */
  when: string
  /** CEL: the operations of a JSON patch. */
  patch: string
}

/** Fields of a GitRepository that are about the way to the real repository, or about who signed its commits. */
const wayThere = ['secretRef', 'serviceAccountName', 'provider', 'proxySecretRef', 'verify']

function sourcePolicy({ url, branch, urls, sources }: Served): Policy {
  const named = sources.map(
    ({ namespace, name }) =>
      `(object.metadata.namespace == ${text(namespace)} && object.metadata.name == ${text(name)})`,
  )
  return {
    name: 'this-repository',
    resource: { group: 'source.toolkit.fluxcd.io', plural: 'gitrepositories' },
    when: [`object.spec.url.matches(${text(urlPattern([url, ...urls]))})`, ...named].join(' || '),
    patch: `[${set('url', text(url))}, ${set('ref', `{"branch": ${text(branch)}}`)}] + ${without(wayThere)}`,
  }
}

/**
 * Here no Pod runs and no controller but two works, so most objects never become healthy: only the health of
 * Kustomizations is waited for. What an operator syncs from an artifact of this repository comes from its commits.
 */
function kustomizationPolicy({ sources }: Served): Policy {
  const isSource = sources
    .filter(({ kind }) => kind !== 'GitRepository')
    .map(
      ({ kind, namespace, name }) =>
        `(object.spec.sourceRef.kind == ${text(kind)} && object.spec.sourceRef.name == ${text(name)} && ` +
        `(has(object.spec.sourceRef.namespace) ? object.spec.sourceRef.namespace : object.metadata.namespace) == ${text(namespace)})`,
    )
  const checks = ['healthChecks', 'healthCheckExprs'].map(
    (field) =>
      `(has(object.spec.${field}) ? [${set(field, `object.spec.${field}.filter(check, check.apiVersion.startsWith("kustomize.toolkit.fluxcd.io/"))`)}] : [])`,
  )
  return {
    name: 'no-health-of-what-does-not-run',
    resource: { group: 'kustomize.toolkit.fluxcd.io', plural: 'kustomizations' },
    when: 'true',
    patch: [
      `(has(object.spec.wait) && object.spec.wait ? [${set('wait', 'false')}] : [])`,
      ...checks,
      ...(isSource.length > 0
        ? [`(${isSource.join(' || ')} ? [${set('sourceRef/kind', '"GitRepository"')}] : [])`]
        : []),
    ].join(' + '),
  }
}

/** Flux leaves it in the cluster when it leaves the repository (docs/decryption.md#inventory-and-pruning). */
const unpruned = `(has(object.metadata.annotations) ? [] : [${add('/metadata/annotations', '{}')}]) + [${add(
  '/metadata/annotations/kustomize.toolkit.fluxcd.io~1prune',
  '"disabled"',
)}]`

/**
 * `gotk-components.yaml` holds the CustomResourceDefinitions of the user's Flux. Those of the controllers that run here stay, for
 * in those of another version fields and versions can be missing that they need.
 */
const definitionPolicy: Policy = {
  name: 'definitions-of-this-flux',
  resource: { group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' },
  when: 'oldObject != null && oldObject.spec.group in ["source.toolkit.fluxcd.io", "kustomize.toolkit.fluxcd.io"]',
  patch: `[${add('/spec', 'oldObject.spec')}] + ${unpruned}`,
}

/** A webhook that converts objects is a Pod, and none runs here. */
const conversionPolicy: Policy = {
  name: 'no-conversion-webhooks',
  resource: definitionPolicy.resource,
  when: 'has(object.spec.conversion) && object.spec.conversion.strategy == "Webhook"',
  patch: `[${add('/spec/conversion', '{"strategy": "None"}')}]`,
}

const namespacePolicy: Policy = {
  name: 'namespace-of-this-flux',
  resource: { group: '', plural: 'namespaces' },
  when: 'object.metadata.name == "flux-system"',
  patch: unpruned,
}

function withBinding({ name, resource, when, patch }: Policy): object[] {
  const apiVersion = 'admissionregistration.k8s.io/v1'
  const rule = {
    apiGroups: [resource.group],
    apiVersions: ['*'],
    operations: ['CREATE', 'UPDATE'],
    resources: [resource.plural],
  }
  return [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        reinvocationPolicy: 'Never',
        matchConstraints: { resourceRules: [rule] },
        matchConditions: [{ name: 'is-meant', expression: when }],
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: patch } }],
      },
    },
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name },
    },
  ]
}

/** Adds a value, or puts it in the place of the one that is there (RFC 6902, section 4.1). */
function add(path: string, value: string): string {
  return `JSONPatch{op: "add", path: ${text(path)}, value: ${value}}`
}

function set(field: string, value: string): string {
  return add(`/spec/${field}`, value)
}

function without(fields: readonly string[]): string {
  const present = `${JSON.stringify(fields)}.filter(field, field in object.spec)`
  return `${present}.map(field, JSONPatch{op: "remove", path: "/spec/" + field})`
}

/** A text as a literal of CEL, whose escapes are those of JSON. */
function text(value: string): string {
  return JSON.stringify(value)
}

/** A regular expression (RE2) for the URLs that `plainUrl` calls the same as one of these, in whatever letters they are written. */
export function urlPattern(urls: readonly string[]): string {
  const plain = new Set(urls.map(plainUrl).filter((url) => /^[^/:.][^/:]*\//.test(url)))
  const places = [...plain].map((url) => {
    const slash = url.indexOf('/')
    const [host, path] = [url.slice(0, slash), url.slice(slash + 1)].map(literal)
    return `${host}(?::[0-9]+)?[:/]/*${path}`
  })
  return `(?i)^(?:[a-z+]+://)?(?:[^/@]*@)?(?:${places.join('|')})(?:\\.git)?/*$`
}

function literal(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
