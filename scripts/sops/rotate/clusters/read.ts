import { ciphertextApplied } from '../../../diagnosis/checks/live/ciphertext-applied.ts'
import { type Evidence, gatherEvidence } from '../../../diagnosis/evidence.ts'
import { type HeldKeys, readHeldKeys, readKeys } from '../../../diagnosis/keys/read-keys.ts'
import { finderOfApplied } from '../../../diagnosis/live/applied-build.ts'
import { ciphertextIn } from '../../../diagnosis/live/ciphertext.ts'
import { liveObjects } from '../../../diagnosis/live/live-objects.ts'
import { readSnapshot } from '../../../diagnosis/snapshot/read-snapshot.ts'
import type { Snapshot } from '../../../diagnosis/snapshot/snapshot.ts'
import { rotateClusterFindings } from '../../../findings/catalogue/rotate/clusters.ts'
import type { KeySecretId } from '../../../findings/key-secret.ts'
import { errorOf } from '../../../findings/user-error.ts'
import { findKept, type Kept } from '../../../lib/applied/kept.ts'
import type { Caller } from '../../../lib/caller.ts'
import { type GitRepository, idOf, type Kustomization } from '../../../lib/cluster/flux-objects.ts'
import { get, secrets } from '../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../../lib/cluster/kubectl.ts'
import type { Repository } from '../../../lib/git/git.ts'
import { declaredNote, readOwnKey } from './read/own-key.ts'
import { makeUserReader, type UserReader } from './read/users.ts'
import type { AppliedCiphertext, RotatedSecret, RotationCluster } from './state.ts'

/** Without these nothing is known of who decrypts with what. */
const needed = ['secrets', 'gitrepositories']

/** How a GitRepository is named among the sources of a snapshot, before its id. */
const gitKind = 'GitRepository '

/**
 * Reads what of a cluster a rotation depends on: the key Secrets in use, who decrypts what with them at which revision, and what
 * cannot be seen. The number of requests does not grow with the Kustomizations.
 * @param context its name
 * @param repository that the user stands in
 * @throws UserError where the cluster does not answer, has no Flux, or the user may not read what is needed
 */
export async function readRotationCluster(
  cluster: Cluster,
  context: string,
  repository: Repository,
  caller: Pick<Caller, 'env' | 'signal'>,
): Promise<RotationCluster> {
  const place = { cluster, context, repository, caller, readers: new Map<string, UserReader>() }
  return readPlace(place)
}

/** Where a cluster is read from, with what was read of its Kustomizations by the key of their controller. */
interface Place {
  cluster: Cluster
  context: string
  repository: Repository
  caller: Pick<Caller, 'env' | 'signal'>
  readers: Map<string, UserReader>
}

async function readPlace(place: Place): Promise<RotationCluster> {
  const { cluster, context, repository, readers } = place
  const { env, signal } = place.caller
  const snapshot = await readSnapshot(cluster, undefined)
  const unread = needed.find((plural) => snapshot.notRead.some((one) => one.plural === plural))
  if (unread) throw errorOf(rotateClusterFindings['rotate-not-readable'], { plural: unread, context })
  const evidence = gatherEvidence(snapshot, repository, undefined, { env, signal })
  const own = await readOwnKey(cluster, evidence)
  const keys = await readKeys({ ...snapshot, secrets: own.secrets }, { env, signal }, own.controller)
  const key = JSON.stringify(keys.controller ?? null)
  const read = readers.get(key) ?? makeUserReader(repository, keys.controller)
  readers.set(key, read)
  const kustomizations = [...snapshot.kustomizations.values()]
  const [rotated, users, { ciphertext, notRead }] = await Promise.all([
    readSecrets(cluster, { used: keys.used, held: keys.secrets, snapshot, repository, env, signal }),
    read({ kustomizations, sources: snapshot.sources }),
    readCiphertext(evidence),
  ])
  const others = [...snapshot.sources].filter(([name]) => !name.startsWith(gitKind))
  const state: Omit<RotationCluster, 'kustomizations' | 'sources' | 'users'> = {
    context,
    cluster,
    controller: keys.controller,
    secrets: rotated,
    ciphertext,
    notes: own.declared ? [declaredNote(own.declared)] : [],
    notRead: [...new Set([...snapshot.notRead, ...notRead].map(({ plural }) => plural))],
    at: async (now, sources) => {
      const own = sources.map((one) => [`${gitKind}${idOf(one)}`, one] as const)
      const seen = await read({ kustomizations: now, sources: new Map([...others, ...own]) })
      return { ...state, kustomizations: now, sources, users: seen }
    },
    again: () => readPlace(place),
  }
  const sources = [...snapshot.sources].flatMap(([name, one]) =>
    name.startsWith(gitKind) ? [one as GitRepository] : [],
  )
  return { ...state, kustomizations, sources, users }
}

/** What the key Secrets are read from. */
interface SecretGrounds extends Pick<Caller, 'env' | 'signal'> {
  used: ReadonlyMap<string, { id: KeySecretId; users: readonly Kustomization[] }>
  held: ReadonlyMap<string, HeldKeys>
  snapshot: Snapshot
  repository: Repository
}

/**
 * The Secrets in use, those that are called like one of them in other namespaces, for a Kustomization that is not there yet may come to
 * need them, and those that they are copies of.
 */
async function readSecrets(cluster: Cluster, grounds: SecretGrounds): Promise<Map<string, RotatedSecret>> {
  const { used, held, snapshot, repository, env, signal } = grounds
  const use = { kustomizations: [...snapshot.kustomizations.values()] }
  const keptOf = async (secret: Secret | undefined) => secret && findKept(secret, use, repository)
  const found = new Map<string, RotatedSecret>()
  for (const key of new Set([...used.keys(), ...held.keys()])) {
    const own = held.get(key)
    const id = used.get(key)?.id ?? own?.id
    if (!id) continue
    const users = used.get(key)?.users ?? []
    const kept = await keptOf(own?.secret)
    const names = users.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    found.set(key, { id, held: own, users: names, kept, origin: originOf(kept) })
  }
  // a copy may be one of a copy
  for (const [key, one] of found) {
    if (one.origin === undefined || found.has(one.origin)) continue
    const [namespace = '', name = ''] = one.origin.split('/')
    const id = { namespace, name }
    const live = await get<Secret>(cluster, `cannot read secret ${one.origin}`, secrets, id)
    if (!live) {
      found.set(key, { ...one, origin: undefined })
      continue
    }
    const own = (await readHeldKeys([live], { env, signal })).get(one.origin)
    const kept = await keptOf(live)
    found.set(one.origin, { id, held: own, users: [], kept, origin: originOf(kept) })
  }
  return found
}

/** The Secret that one is a copy of, `namespace/name`. */
function originOf(kept: Kept | undefined): string | undefined {
  if (kept?.code !== 'tool') return undefined
  return /^[a-z\d-]+\/[a-z\d.-]+$/.test(kept.from ?? '') ? kept.from : undefined
}

/** What Flux has applied without decrypting it. */
async function readCiphertext(
  evidence: Evidence,
): Promise<{ ciphertext: AppliedCiphertext[]; notRead: Snapshot['notRead'] }> {
  const { snapshot } = evidence
  const beside = await snapshot.applied()
  const found = liveObjects(snapshot, beside).flatMap((live) => ciphertextIn(live) ?? [])
  const applied = finderOfApplied(evidence)
  const diagnoses = await ciphertextApplied(found, snapshot, applied)
  return {
    ciphertext: diagnoses.map(({ finding, stops }) => ({ finding, by: stops })),
    notRead: beside.notRead,
  }
}
