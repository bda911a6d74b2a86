import { type Finding, finding } from '../../../findings/finding.ts'
import type { Repository } from '../../../lib/git/git.ts'
import type { Identity } from '../../../lib/sops/age.ts'
import { BadLine } from '../../../lib/sops/identity-line.ts'
import { withIdentity, withoutIdentity } from '../clusters/key-text.ts'
import type { RotatedSecret, RotationCluster } from '../clusters/state.ts'
import { findGitKeySecrets, type GitKeySecret } from '../git-secret/find-git-keys.ts'
import { readGitIdentities, setGitIdentities } from '../git-secret/git-identities.ts'
import { type Departure, type FileEdit, type FileTrouble, listedIn, type Rotation } from '../rotation.ts'
import type { Places, RotationPlace } from '../state/places.ts'
import type { Survey } from '../survey.ts'
import type { PlannedEdits } from './plan-edits.ts'

/** A key Secret that is kept in git, with what it holds in the working tree. */
export interface GitKey {
  secret: GitKeySecret
  /** Secret. */
  identities: readonly Identity[]
  /** Flux applies it: what is written into the cluster by others does not stay. */
  isApplied: boolean
}

/** The key Secrets of a repository, as far as they hold an identity of a rotation. */
export interface GitKeys {
  keys: readonly GitKey[]
  /** Those that cannot be opened. */
  troubles: readonly FileTrouble[]
  /** Private keys in the clear, and values that hold something else than identities. */
  notes: readonly Finding[]
}

/**
 * Reads the key Secrets in the working tree. One that nobody here can open is in the way only where it is encrypted to one of the two
 * recipients: what others keep for themselves is theirs.
 */
export async function readGitKeys(
  { workingTree }: Places,
  clusters: readonly RotationCluster[] | undefined,
  rotation: Departure,
  opener: readonly Identity[],
  repository: Repository,
): Promise<GitKeys> {
  const wanted = clusters?.flatMap(({ secrets }) => [...secrets.values()].map(({ id }) => id))
  const files = [...workingTree.files.values()]
  const { secrets, leaks } = await findGitKeySecrets(files, wanted)
  const keys: GitKey[] = []
  const troubles: FileTrouble[] = []
  const notes = [...leaks]
  for (const secret of secrets) {
    const read = await identitiesIn(secret, opener, repository)
    if ('code' in read) notes.push(read)
    else if ('status' in read) {
      const isOurs = listedIn(workingTree.files.get(secret.file)?.documents ?? [], rotation) !== 'neither'
      if (isOurs) troubles.push(read)
      else notes.push(read.finding)
    } else keys.push({ secret, identities: read.identities, isApplied: isApplied(secret, clusters ?? []) })
  }
  return { keys, troubles, notes }
}

/** @returns a finding where the value is none that the controller would read either */
async function identitiesIn(secret: GitKeySecret, opener: readonly Identity[], repository: Repository) {
  try {
    return await readGitIdentities(secret, opener, repository)
  } catch (error) {
    if (!(error instanceof BadLine)) throw error
    const { file, line, field, dataKey } = secret
    return finding('git-key-unreadable', { file, line }, { file, key: `${field}.${dataKey}` })
  }
}

function isApplied({ file, name, namespace }: GitKeySecret, clusters: readonly RotationCluster[]): boolean {
  return clusters.some(({ secrets }) =>
    [...secrets.values()].some(
      ({ id, kept }) =>
        kept?.code === 'kustomization' &&
        (kept.files.includes(file) ||
          (id.name === name && (namespace === undefined || namespace === id.namespace))),
    ),
  )
}

/** Whether a key holds the identity of a recipient. */
export function holds({ identities }: GitKey, recipient: string | undefined): boolean {
  return identities.some((one) => one.recipient === recipient)
}

/** Those that hold the old identity without the new one. */
export function lackingNew({ keys }: Pick<GitKeys, 'keys'>, { old, next }: Departure): GitKey[] {
  return keys.filter((key) => holds(key, old) && !holds(key, next))
}

/** How many hold what, and how far their files have come. */
export function countGitKeys({ keys }: GitKeys, rotation: Departure, { head, branch, dirty }: Places) {
  const { old, next } = rotation
  const textAt = (place: RotationPlace | undefined, { secret }: GitKey) => place?.files.get(secret.file)?.text
  const own = keys.filter((key) => holds(key, old) || holds(key, next))
  return {
    lacking: lackingNew({ keys }, rotation).length,
    both: keys.filter((key) => holds(key, old) && holds(key, next)).length,
    // git may write other line ends into the working tree
    isUncommitted: own.some(({ secret }) => dirty.includes(secret.file)),
    isUnpushed: branch !== undefined && own.some((key) => textAt(branch, key) !== textAt(head, key)),
  }
}

/** How the value of a key Secret changes; `undefined`: it does not. */
export type ValueChange = (key: GitKey) => ((value: string) => string) | undefined

/**
 * Gives key Secrets other identities, on top of other edits of the same files.
 * @param changeOf how its value changes, which is secret; `undefined`: it stays as it is
 * @param opener Secret
 */
export async function planGitKeys(
  { keys }: GitKeys,
  edits: readonly FileEdit[],
  changeOf: ValueChange,
  opener: readonly Identity[],
  repository: Repository,
): Promise<{ edits: FileEdit[]; troubles: FileTrouble[] }> {
  const planned: FileEdit[] = []
  const troubles: FileTrouble[] = []
  for (const key of keys) {
    const change = changeOf(key)
    if (!change) continue
    const { file } = key.secret
    const text = [...edits, ...planned].findLast((edit) => edit.file === file)?.after ?? key.secret.text
    const done = await setGitIdentities({ ...key.secret, text }, change, opener, repository)
    if ('status' in done) troubles.push(done)
    else planned.push(done)
  }
  return { edits: planned, troubles }
}

/** The clusters without the key Secrets that are rotated in git: these are not written. */
export function withoutGitKeys(clusters: readonly RotationCluster[], keys: GitKeys): RotationCluster[] {
  return clusters.map((cluster) => ({
    ...cluster,
    secrets: new Map([...cluster.secrets].filter(([, secret]) => !isFromGit(secret, keys))),
  }))
}

/** Whether Flux applies a key Secret from a file that is rotated. */
export function isFromGit({ id, kept }: RotatedSecret, { keys }: Pick<GitKeys, 'keys'>): boolean {
  const applied = keys.filter((key) => key.isApplied).map(({ secret }) => secret)
  const isOurs = applied.some(
    ({ name, namespace }) => name === id.name && (namespace ?? id.namespace) === id.namespace,
  )
  return isOurs && kept?.code === 'kustomization'
}

/** The new identity beside the old one. */
export function besideOldOne(rotation: Rotation, identity: Identity): ValueChange {
  return (key) =>
    lackingNew({ keys: [key] }, rotation).length > 0
      ? (value) => withIdentity(value, identity.secret)
      : undefined
}

/** Without the identity of a recipient. @param isMeant which of the keys */
export function withoutOne(recipient: string, isMeant: (key: GitKey) => boolean = () => true): ValueChange {
  return (key) => {
    const own = key.identities.find((one) => one.recipient === recipient)
    return own && isMeant(key) ? (value) => withoutIdentity(value, own.secret, recipient) : undefined
  }
}

/** The edits of a stage with those of the key Secrets in git. */
export async function withGitKeys(
  { survey: { repository, ring }, gitKeys }: { survey: Survey; gitKeys: GitKeys },
  planned: PlannedEdits,
  changeOf: ValueChange,
): Promise<PlannedEdits> {
  const own = await planGitKeys(gitKeys, planned.edits, changeOf, ring.identities, repository)
  return {
    edits: [...planned.edits, ...own.edits],
    troubles: [...planned.troubles, ...gitKeys.troubles, ...own.troubles],
    left: planned.left,
  }
}
