import {
  branchOf,
  conditionOf,
  dependenciesOf,
  type GitRepository,
  gitRepositories,
  idOf,
  type Kustomization,
  kustomizations,
  sourceIdOf,
} from '../../../lib/cluster/flux-objects.ts'
import { get, list, type Scope, secrets } from '../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../../lib/cluster/kubectl-error.ts'
import { UserError } from '../../../lib/errors.ts'
import { oneLine, redact } from '../../../lib/redact.ts'
import { type Identity, readIdentities } from '../../../lib/sops/age.ts'
import { type Finding, failed, unknown } from '../findings/finding.ts'

/** What the cluster has to say about the Kustomization that is to be verified. */
export interface Target {
  kustomization: Kustomization
  /** Its dependencies, each behind those that it depends on itself, and the Kustomization as the last one. */
  chain: Kustomization[]
  source: GitRepository
  branch: string
}

/**
 * Reads the Flux objects and checks that a round trip through them can work.
 * @param name `infrastructure` (in flux-system) or `namespace/name`
 * @throws Verdict; KubectlError where the cluster cannot be read
 */
export async function findTarget(cluster: Cluster, name: string): Promise<Target> {
  const id = name.includes('/') ? name : `flux-system/${name}`
  const [namespace] = id.split('/') as [string, string]
  let objects = await readFlux(cluster, { namespace })
  const isElsewhere = (object: Kustomization) =>
    [...dependenciesOf(object), sourceIdOf(object)].some((other) => !other.startsWith(`${namespace}/`))
  if (objects.kustomizations.some(isElsewhere)) objects = await readFlux(cluster, {})

  const all = new Map(objects.kustomizations.map((object) => [idOf(object), object]))
  const kustomization = all.get(id)
  if (!kustomization) {
    const others = [...all.keys()].join(', ') || 'none'
    throw unknown(
      'kustomization-missing',
      `kustomization ${id}`,
      `is not in the cluster; there are: ${others}`,
      'choose one with --kustomization, or push it and wait for Flux',
    )
  }
  const source = checkSource(kustomization, objects.sources)
  const chain = chainOf(kustomization, all)
  for (const link of chain) {
    if (link.spec.suspend)
      throw failed(
        'suspended',
        `kustomization ${idOf(link)}`,
        'is suspended, so Flux applies nothing',
        `flux resume kustomization ${link.metadata.name} -n ${link.metadata.namespace}`,
      )
  }
  checkKustomization(kustomization)
  return { kustomization, chain, source, branch: checkBranch(source) }
}

async function readFlux(
  cluster: Cluster,
  scope: Scope,
): Promise<{ kustomizations: Kustomization[]; sources: GitRepository[] }> {
  const what = 'cannot read the Flux objects'
  const [own, sources] = await Promise.all([
    list<Kustomization>(cluster, what, kustomizations, scope),
    list<GitRepository>(cluster, what, gitRepositories, scope),
  ])
  return { kustomizations: own.items, sources: sources.items }
}

function chainOf(
  kustomization: Kustomization,
  all: ReadonlyMap<string, Kustomization>,
  seen = new Set<string>(),
): Kustomization[] {
  const object = `kustomization ${idOf(kustomization)}`
  if (seen.has(idOf(kustomization))) return []
  seen.add(idOf(kustomization))
  const links = dependenciesOf(kustomization).flatMap((id) => {
    const dependency = all.get(id)
    if (dependency) return chainOf(dependency, all, seen)
    throw failed(
      'dependency',
      object,
      `depends on ${id}, which is not in the cluster`,
      'correct spec.dependsOn, or add the Kustomization',
    )
  })
  return [...links, kustomization]
}

function checkSource(kustomization: Kustomization, sources: GitRepository[]): GitRepository {
  const { kind } = kustomization.spec.sourceRef
  if (kind !== 'GitRepository') {
    throw unknown(
      'source-kind',
      `kustomization ${idOf(kustomization)}`,
      `its source is a ${kind}, not a GitRepository: a commit cannot be followed to it`,
      'choose a Kustomization whose source is a GitRepository with --kustomization',
    )
  }
  const source = sources.find((candidate) => idOf(candidate) === sourceIdOf(kustomization))
  const object = `gitrepository ${sourceIdOf(kustomization)}`
  if (!source)
    throw failed(
      'source-missing',
      object,
      'is not in the cluster',
      'correct spec.sourceRef of the Kustomization',
    )
  if (source.spec.suspend)
    throw failed(
      'suspended',
      object,
      'is suspended, so Flux sees no new commit',
      `flux resume source git ${source.metadata.name} -n ${source.metadata.namespace}`,
    )
  if (!source.status?.artifact) {
    const ready = conditionOf(source, 'Ready')
    throw unknown(
      'no-artifact',
      object,
      `has fetched nothing yet${ready ? `: ${ready.reason}: ${oneLine(redact(ready.message))}` : ''}`,
      'check its URL and its credentials',
    )
  }
  return source
}

function checkBranch(source: GitRepository): string {
  const branch = branchOf(source)
  if (branch) return branch
  throw unknown(
    'source-not-a-branch',
    `gitrepository ${idOf(source)}`,
    'follows a tag, a version or a commit: a new commit on a branch does not reach the cluster',
    'choose a Kustomization whose source follows a branch with --kustomization',
  )
}

function checkKustomization(kustomization: Kustomization): void {
  const { spec } = kustomization
  const object = `kustomization ${idOf(kustomization)}`
  if (spec.kubeConfig)
    throw unknown(
      'remote-cluster',
      object,
      'applies to another cluster (spec.kubeConfig), where the value cannot be read from here',
      'choose another one with --kustomization',
    )
  if (!spec.prune)
    throw unknown(
      'no-prune',
      object,
      'has prune switched off: the test Secret would stay in the cluster',
      'choose one with prune: true with --kustomization',
    )
  if (spec.decryption?.provider !== 'sops') {
    throw failed(
      'no-decryption',
      object,
      'has no spec.decryption in the cluster: Flux would apply the ciphertext, or refuse it',
      '`mise run flux:enable-decryption`, commit, push, and wait for Flux',
    )
  }
}

/**
 * Reads the identities that the Kustomization decrypts with.
 * @returns their public keys; `undefined`, and a finding, where the caller may not read Secrets or the key is not in a Secret
 * @throws Verdict where the Secret is missing or the controller could not use it
 */
export async function readClusterKey(
  cluster: Cluster,
  { kustomization }: Target,
): Promise<{ recipients: string[] | undefined; findings: Finding[] }> {
  const { namespace } = kustomization.metadata
  const name = kustomization.spec.decryption?.secretRef?.name
  if (!name) {
    const message = 'decrypts with a key of the controller (no secretRef), which cannot be checked beforehand'
    return {
      recipients: undefined,
      findings: [
        {
          code: 'controller-key',
          object: `kustomization ${idOf(kustomization)}`,
          message,
          fix: 'none needed if the value is right',
        },
      ],
    }
  }
  const object = `secret ${namespace}/${name}`
  let secret: Secret | undefined
  try {
    secret = await get<Secret>(cluster, `cannot read ${object}`, secrets, { namespace: `${namespace}`, name })
  } catch (error) {
    if (!(error instanceof KubectlError && error.problem === 'forbidden')) throw error
    return {
      recipients: undefined,
      findings: [
        {
          code: 'key-secret-unreadable',
          object,
          message: 'you may not read it, so the key was not checked beforehand',
          fix: 'none needed if the value is right',
        },
      ],
    }
  }
  if (!secret)
    throw failed(
      'key-secret-missing',
      object,
      'is not in the cluster',
      `\`mise run flux:sops-key${namespace === 'flux-system' ? '' : ` --namespace ${namespace}`}\``,
    )
  const keys = Object.entries(secret.data ?? {}).filter(([key]) => key.endsWith('.agekey'))
  if (keys.length === 0 && Object.keys(secret.data ?? {}).some((key) => /\.asc$|^sops\./.test(key))) {
    const message = 'holds no age identity but another kind of key, which was not checked beforehand'
    const fix = 'none needed if the value is right'
    return { recipients: undefined, findings: [{ code: 'other-key', object, message, fix }] }
  }
  if (keys.length === 0) {
    const others = Object.keys(secret.data ?? {}).join(', ') || 'none'
    throw failed(
      'no-agekey',
      object,
      `has no data key that ends in .agekey, so the controller finds no identity; it has: ${others}`,
      '`mise run flux:sops-key` writes age.agekey',
    )
  }
  const recipients: string[] = []
  for (const [key, value] of keys) {
    const identities = await readSecretIdentities(
      Buffer.from(value, 'base64').toString(),
      `${object}, data key ${key}`,
      cluster,
    )
    recipients.push(...identities.map(({ recipient }) => recipient))
  }
  return { recipients, findings: [] }
}

async function readSecretIdentities(
  text: string,
  source: string,
  { env, signal }: Cluster,
): Promise<Identity[]> {
  try {
    return await readIdentities(text, source, { env, ...(signal && { signal }), exact: true })
  } catch (error) {
    if (!(error instanceof UserError) || signal?.aborted || /PATH/.test(error.message)) throw error
    throw failed('key-unusable', source, error.message, '`mise run flux:sops-key` writes a checked key')
  }
}

/** @throws Verdict where no identity of the cluster is a recipient of the test Secret */
export function checkRecipients(target: Target, inCluster: string[] | undefined, ofFile: string[]): void {
  if (!inCluster || ofFile.some((recipient) => inCluster.includes(recipient))) return
  const { namespace } = target.kustomization.metadata
  const name = target.kustomization.spec.decryption?.secretRef?.name
  throw failed(
    'wrong-key',
    `secret ${namespace}/${name}`,
    `holds the key of ${inCluster.join(', ')}, but .sops.yaml encrypts to ${ofFile.join(', ') || 'no age recipient'}`,
    '`mise run flux:sops-key` with the key that .sops.yaml names, or correct .sops.yaml',
  )
}
