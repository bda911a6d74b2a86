import { conditionOf, type InventoryEntry, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import type { ConfigMap, Secret } from '../../lib/cluster/kube-objects.ts'
import type { Evidence } from '../evidence.ts'
import { isRead, type Snapshot } from '../snapshot/snapshot.ts'
import { compareObject } from './compare-object.ts'
import type { ComparedObject, Comparison, Unreadable } from './compared.ts'
import type { Identities } from './decrypt-object.ts'
import { makeDigest } from './digest.ts'
import type { Expected } from './expected.ts'
import { expectedObjects } from './expected-objects.ts'
import { locate } from './locate.ts'
import { substituteFor } from './substituted-value.ts'

/** How many builds are decrypted at once: the key exchange runs beside our thread. */
const atOnce = 16

/**
 * Compares what the cluster has with what the applied revisions hold encrypted: in memory, without a process or a request for
 * an object.
 * @param identities the key at hand
 * @param only the Kustomizations that are of interest, `namespace/name`; all where `undefined`
 * @returns what was found, without any value
 */
export async function compareValues(
  evidence: Evidence,
  identities: Identities,
  only?: ReadonlySet<string>,
): Promise<Comparison> {
  const { snapshot, signal } = evidence
  const { builds, notBuilt } = await evidence.applied(only)
  const waiting = [...builds]
  const objects: ComparedObject[] = []
  const otherKinds: string[] = []
  const digest = makeDigest()
  const work = async () => {
    for (let build = waiting.shift(); build !== undefined; build = waiting.shift()) {
      signal?.throwIfAborted()
      const kustomization = snapshot.kustomizations.get(build.kustomization)
      if (!kustomization) continue
      const substituteIn = substituteFor(kustomization, snapshot)
      const found = await expectedObjects({ build, identities, substituteIn })
      otherKinds.push(...found.otherKinds)
      const { commit } = build
      const about = { kustomization: build.kustomization, commit }
      for (const { file, why } of found.unknown) objects.push(unknown(about, file, why))
      for (const [entry, parts] of byEntry(kustomization, found.objects)) {
        const live = entry ? liveOf(entry, kustomization, snapshot) : notLocated(parts)
        const compared = compareObject({ entry, parts, live, digest })
        objects.push({ ...about, ...settled(compared, kustomization) })
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: atOnce }, work))
  } finally {
    // where one has failed, the others are not to go on
    waiting.length = 0
  }
  return { objects: objects.toSorted(byPlace), notBuilt, otherKinds }
}

/** The parts of an object by its entry in the inventory; each of which that is not known stands for itself. */
function byEntry(
  kustomization: Kustomization,
  expected: readonly Expected[],
): [entry: InventoryEntry | undefined, parts: Expected[]][] {
  const known = new Map<string, [InventoryEntry, Expected[]]>()
  const others: [undefined, Expected[]][] = []
  for (const one of expected) {
    const entry = locate(kustomization, one)
    if (!entry) {
      others.push([undefined, [one]])
      continue
    }
    const id = `${entry.kind} ${entry.namespace}/${entry.name}`
    const parts = known.get(id)?.[1] ?? []
    known.set(id, [entry, parts])
    parts.push(one)
  }
  return [...known.values(), ...others]
}

/** The object in the cluster; `missing`, or why it can't be seen. */
function liveOf(
  entry: InventoryEntry,
  { spec }: Kustomization,
  snapshot: Snapshot,
): Secret | ConfigMap | 'missing' | Unreadable {
  const { secrets, configMaps, namespace } = snapshot
  if (spec.kubeConfig) return { code: 'other-cluster' }
  const id = `${entry.namespace}/${entry.name}`
  const isSecret = entry.kind === 'Secret'
  const found = isSecret ? secrets.get(id) : configMaps.get(id)
  if (found) return found
  if (namespace !== undefined && namespace !== entry.namespace)
    return { code: 'not-looked-into', namespace: entry.namespace }
  const plural = isSecret ? 'secrets' : 'configmaps'
  return isRead(snapshot, plural) ? 'missing' : { code: 'forbidden', plural }
}

function notLocated(parts: readonly Expected[]): Unreadable {
  const mayChange = parts.find((part) => part.mayChange !== undefined)?.mayChange
  return { code: 'not-followed', what: mayChange ?? 'the inventory does not say which object it is' }
}

/** What Flux does before it applies anything. */
const beforeApply = /^(BuildFailed|ArtifactFailed|DependencyNotReady)$/

/**
 * Where a Kustomization has another spec since, or may have applied a part of another revision, a difference says nothing. What
 * is ciphertext is that in any case.
 */
function settled<One extends Pick<ComparedObject, 'status' | 'keys' | 'why'>>(
  compared: One,
  kustomization: Kustomization,
): One {
  const { metadata, status } = kustomization
  const tried = status?.lastAttemptedRevision
  const reason = conditionOf(kustomization, 'Ready')?.reason ?? ''
  const mayHaveApplied =
    tried !== undefined && tried !== status?.lastAppliedRevision && !beforeApply.test(reason)
  const isOther = status?.observedGeneration !== metadata.generation || mayHaveApplied
  const isOpen = compared.status === 'different' || compared.status === 'missing'
  return isOther && isOpen
    ? { ...compared, status: 'not readable', keys: [], why: { code: 'at-work' } }
    : compared
}

function unknown(
  about: Pick<ComparedObject, 'kustomization' | 'commit'>,
  file: string,
  why: Unreadable,
): ComparedObject {
  const nothing = { namespace: undefined, keys: [], uid: undefined, resourceVersion: undefined, values: [] }
  return { ...about, ...nothing, files: [file], kind: 'object', name: file, status: 'not readable', why }
}

function byPlace(a: ComparedObject, b: ComparedObject): number {
  const place = ({ kustomization, kind, namespace = '', name }: ComparedObject) =>
    [kustomization, kind, namespace, name].join(' ')
  return place(a) < place(b) ? -1 : 1
}
