import * as assert from 'uvu/assert'
import type { Finding } from '../../../scripts/findings/finding.ts'
import { openView } from '../../../scripts/lib/cluster/cluster-view.ts'
import {
  conditionOf,
  idOf,
  type Kustomization,
  kustomizations,
} from '../../../scripts/lib/cluster/flux-objects.ts'
import { type Cluster, openCluster } from '../../../scripts/lib/cluster/kubectl.ts'
import { readRotationCluster } from '../../../scripts/sops/rotate/clusters/read.ts'
import type { RotationCluster } from '../../../scripts/sops/rotate/clusters/state.ts'
import type { Flux, SandboxAccess } from '../flux/sandbox.ts'
import { encryptText, makeKey } from '../keys.ts'

/** The key that goes, the one that comes, and one of somebody else. */
export const [oldKey, nextKey, strangerKey] = [makeKey(), makeKey(), makeKey()]

export const rotation = { old: oldKey.recipient, next: nextKey.recipient }

/** Nothing that was found or thrown names a private key, as text or in base64. */
export function assertNoKey(...said: unknown[]): void {
  const text = said
    .map((one) => (one instanceof Error ? `${one.message} ${one.stack}` : JSON.stringify(one)))
    .join()
  for (const { secret } of [oldKey, nextKey, strangerKey])
    for (const form of [secret, Buffer.from(secret).toString('base64').slice(0, 60)])
      assert.not.match(text, form)
}

/** An encrypted Secret in `default`, for these recipients. */
export function secretFor(name: string, ...recipients: string[]): string {
  const metadata = `metadata: {name: ${name}, namespace: default}`
  return encryptText(
    recipients.join(),
    `apiVersion: v1\nkind: Secret\n${metadata}\nstringData: {token: of-${name}}\n`,
  )
}

/** A Flux Kustomization that decrypts `./NAME`. */
export function userOf(
  name: string,
  { namespace = 'flux-system', secret = 'sops-age', source = 'flux-system', path = name, more = '' } = {},
): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  interval: 1h
  path: ./${path}
  sourceRef: {kind: GitRepository, name: ${source}, namespace: flux-system}
  prune: false
  decryption: {provider: sops, secretRef: {name: ${secret}}}
${more}`
}

/** A key Secret as somebody has made it, with more in it than the key. */
export function keySecret(
  name: string,
  { namespace = 'flux-system', metadata = '', labels = '' } = {},
): string {
  return `apiVersion: v1
kind: Secret
metadata: {name: ${name}, namespace: ${namespace}, labels: {team: a${labels}}${metadata}}
type: example.com/key
stringData:
  own.agekey: ${JSON.stringify(oldKey.text.trimEnd())}
  stranger.agekey: "${strangerKey.secret}"
  note: kept
`
}

/** A cluster as tests look at it. */
export interface Seen {
  /** Reads it anew. */
  read(): Promise<RotationCluster>
  cluster: Cluster
}

/** Runs `use` with a connection to the cluster of `flux`, in its clone. */
export async function withCluster<T>(
  { clone: root, env }: Pick<Flux, 'clone' | 'env'>,
  use: (seen: Seen) => Promise<T>,
  { signal = new AbortController().signal, context = undefined as string | undefined } = {},
): Promise<T> {
  const cluster = openCluster(context, { env, signal })
  try {
    const repository = { root, env, signal }
    const read = async () => readRotationCluster(cluster, await cluster.context, repository, { env, signal })
    return await use({ cluster, read })
  } finally {
    await cluster.close()
  }
}

/**
 * Runs `use`, and says which Kustomizations were seen failing meanwhile, with the reason: `apps/one BuildFailed`. That one waits for
 * another after each push is no failure.
 */
export async function failuresDuring(cluster: Cluster, use: () => Promise<void>): Promise<string[]> {
  const view = openView(cluster)
  const failures: string[] = []
  const watched = view.watch<Kustomization>(
    'cannot watch',
    kustomizations,
    {},
    {
      seen: ({ object }) => {
        const { status, reason } = conditionOf(object, 'Ready') ?? {}
        const isFailing = status === 'False' && reason !== 'DependencyNotReady'
        if (isFailing || reason === 'BuildFailed') failures.push(`${idOf(object)} ${reason}`)
      },
    },
  )
  try {
    assert.ok(await view.until(() => watched.isOpen || undefined, Date.now() + 120_000), 'nobody watches')
    await use()
    return failures
  } finally {
    await view.close()
  }
}

/** What a Secret of a cluster holds, its metadata without what the API server counts. */
export async function secretIn(
  { kubectl }: SandboxAccess,
  name: string,
  namespace = 'flux-system',
): Promise<{ data: Record<string, string>; labels: unknown; annotations: unknown; type: string }> {
  const { data, metadata, type } = JSON.parse(
    await kubectl(['get', 'secret', name, '-n', namespace, '-o', 'json']),
  )
  const texts = Object.entries<string>(data).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64').toString(),
  ])
  return { data: Object.fromEntries(texts), labels: metadata.labels, annotations: metadata.annotations, type }
}

/** Findings as `CODE OBJECT`, in order. */
export function codesOf(findings: readonly (Finding | { finding: Finding })[]): string[] {
  return findings
    .map((one) => ('finding' in one ? one.finding : one))
    .map(({ code, object }) => `${code} ${object ?? ''}`.trim())
    .toSorted()
}
