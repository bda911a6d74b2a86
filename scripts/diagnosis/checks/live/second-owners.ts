import { type Finding, finding } from '../../../findings/finding.ts'
import { secondOwner } from '../../../findings/second-owner.ts'
import { someOf } from '../../../findings/some-of.ts'
import {
  builtDirectory,
  type InventoryEntry,
  idOf,
  inventoryOf,
  type Kustomization,
} from '../../../lib/cluster/flux-objects.ts'
import { howTakenIn, type TakesIn } from '../../../lib/repository/takes-in.ts'
import { holdsObject } from '../../../lib/sops/format.ts'
import type { Diagnosis } from '../../diagnosis.ts'
import type { Evidence } from '../../evidence.ts'
import type { AppliedBuild } from '../../live/applied-build.ts'
import type { LiveCiphertext } from '../../live/ciphertext.ts'
import type { LiveObject } from '../../live/live-objects.ts'
import { isSettled } from '../../live/settled.ts'
import { type Snapshot, snapshotKeyOf } from '../../snapshot/snapshot.ts'

/** The objects that the same Kustomizations have applied. */
interface Shared {
  /** The first is the one that is to apply them. */
  owners: readonly [Kustomization, ...Kustomization[]]
  objects: SharedObject[]
}

/** An object with what is seen of it. */
interface SharedObject {
  id: string
  entry: InventoryEntry
  /** `undefined` where it was not read. */
  live: LiveObject | undefined
}

/** What comes of objects with several owners. */
export interface SecondOwners {
  diagnoses: Diagnosis[]
  /** What is ciphertext since one of its owners does not decrypt. */
  explained: ReadonlySet<LiveObject>
}

/** Finds the objects that several Kustomizations apply: whoever reconciles last decides what is in them. */
export async function findSecondOwners(
  evidence: Evidence,
  objects: readonly LiveObject[],
  ciphertexts: readonly LiveCiphertext[],
  applied: AppliedBuild,
): Promise<SecondOwners> {
  const encryptedLive = new Set(ciphertexts.map(({ live }) => live))
  const explained = new Set<LiveObject>()
  const diagnoses = await Promise.all(
    sharedObjects(evidence.snapshot, objects).map(async (shared): Promise<Diagnosis> => {
      const { owners } = shared
      const isMixed = new Set(owners.map(({ spec }) => spec.decryption === undefined)).size > 1
      const declared = isMixed ? await encryptedBy(owners, evidence) : () => false
      const flipping = shared.objects.filter(
        ({ live, entry }) => isMixed && ((live && encryptedLive.has(live)) || declared(entry)),
      )
      for (const { live } of flipping) if (live && encryptedLive.has(live)) explained.add(live)
      const owned = await Promise.all(owners.slice(1).map((one) => ownerOf(one, owners[0], applied)))
      const stops = owners.map(idOf)
      const [first, ...more] = flipping
      return {
        finding: first
          ? secondOwner(first.id, {
              kustomization: idOf(owners[0]),
              owners: owned,
              wrong: first.live && encryptedLive.has(first.live) ? 'ciphertext' : undefined,
              writer: first.live?.writer,
              more: more.map(({ id }) => id),
            })
          : builtTwice(shared, owned),
        stops,
      }
    }),
  )
  return { diagnoses, explained }
}

/** One pass over all inventories. */
function sharedObjects(snapshot: Snapshot, objects: readonly LiveObject[]): Shared[] {
  const byEntry = new Map<string, { entry: InventoryEntry; owners: Kustomization[] }>()
  for (const kustomization of snapshot.kustomizations.values()) {
    if (kustomization.spec.suspend || !isSettled(kustomization, snapshot)) continue
    const cluster = clusterOf(kustomization)
    for (const entry of inventoryOf(kustomization)) {
      const key = `${cluster} ${entry.group} ${entry.kind} ${entry.namespace}/${entry.name}`
      const known = byEntry.get(key)
      if (known) known.owners.push(kustomization)
      else byEntry.set(key, { entry, owners: [kustomization] })
    }
  }
  const live = new Map(objects.map((one) => [`${one.group} ${one.id}`, one]))
  const shared = new Map<string, Shared>()
  for (const { entry, owners } of byEntry.values()) {
    const [first, ...more] = owners.toSorted(byDuty)
    if (!first || more.length === 0) continue
    const id = `${entry.kind.toLowerCase()} ${entry.namespace && `${entry.namespace}/`}${entry.name}`
    const isHere = !first.spec.kubeConfig
    const object = { id, entry, live: isHere ? live.get(`${entry.group} ${id}`) : undefined }
    const isNamespace = entry.kind === 'Namespace'
    const key = `${isNamespace} ${owners.map(idOf).join(' ')}`
    const known = shared.get(key)
    if (known) known.objects.push(object)
    else shared.set(key, { owners: [first, ...more], objects: [object] })
  }
  return [...shared.values()]
}

/** Which cluster a Kustomization applies to; empty for the one that it is in. */
function clusterOf({ metadata, spec }: Kustomization): string {
  return spec.kubeConfig ? JSON.stringify([metadata.namespace, spec.kubeConfig]) : ''
}

/** The one that decrypts is the one that is to apply what is encrypted; else the one whose path is nearest to it. */
function byDuty(a: Kustomization, b: Kustomization): number {
  const weigh = ({ spec }: Kustomization) => (spec.decryption ? 0 : 1)
  const depth = (one: Kustomization) => builtDirectory(one).split('/').length
  return weigh(a) - weigh(b) || depth(b) - depth(a) || idOf(a).localeCompare(idOf(b))
}

/** @returns whether one of the files that an owner decrypts declares an object */
async function encryptedBy(
  owners: readonly Kustomization[],
  { decrypted }: Evidence,
): Promise<(entry: InventoryEntry) => boolean> {
  const ids = new Set(owners.map(idOf))
  const { files } = await decrypted()
  const texts = files.filter(({ kustomization }) => ids.has(kustomization)).map(({ text }) => text())
  return ({ kind, name }) => texts.some((text) => holdsObject(text, kind, name))
}

/** How an owner comes to build what another one is to apply. */
async function ownerOf(one: Kustomization, duty: Kustomization, applied: AppliedBuild) {
  const directory = builtDirectory(one)
  const isSameSource = snapshotKeyOf(one) === snapshotKeyOf(duty)
  const tree = isSameSource ? (await applied(one))?.revision.tree : undefined
  const takesIn: TakesIn | undefined = tree?.directories.has(directory)
    ? howTakenIn(directory, builtDirectory(duty), tree)
    : undefined
  return { id: idOf(one), decrypts: one.spec.decryption !== undefined, takesIn, directory }
}

/** That the same is applied twice, where nobody writes ciphertext. */
function builtTwice(
  { owners, objects }: Shared,
  others: readonly { id: string; takesIn: TakesIn | undefined; directory: string }[],
): Finding {
  const ids = objects.map(({ id }) => id)
  if (objects.every(({ entry }) => entry.kind === 'Namespace'))
    return finding(
      'namespace-applied-twice',
      { object: someOf(ids) },
      { owners: owners.map(idOf).join(' and ') },
    )
  const last = objects.find(({ live }) => live?.writer !== undefined)?.live?.writer
  const wroteLast = last === undefined ? '' : `; ${last} has applied it last`
  return finding(
    'built-twice',
    { object: `kustomization ${idOf(owners[0])}` },
    {
      kustomization: 'it',
      files: someOf(ids, 3),
      other: `${others.map(({ id, takesIn, directory }) => `${id}${howItComes(takesIn, directory)}`).join(' and ')}${wroteLast}`,
    },
  )
}

function howItComes(takesIn: TakesIn | undefined, directory: string): string {
  if (takesIn === 'same-path') return ' (it has the same path)'
  if (takesIn === 'no-kustomization-file') return ` (its path ${directory} has no kustomization file)`
  return takesIn === 'includes' ? ` (the kustomization file in ${directory} includes it)` : ''
}
