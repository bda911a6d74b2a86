import { type Decrypted, findDecryptedFiles } from '../lib/applied/decrypted-files.ts'
import type { Revision } from '../lib/applied/revision.ts'
import {
  appliedRevision,
  dueRevision,
  makeBuildFinder,
  type NotBuilt,
  type SeenBuild,
  triedRevision,
} from '../lib/applied/seen-builds.ts'
import { readWholeRevision, type WholeRevision } from '../lib/applied/whole-revision.ts'
import type { Caller } from '../lib/caller.ts'
import { type GitRepository, idOf, type Kustomization } from '../lib/cluster/flux-objects.ts'
import type { Repository } from '../lib/git/git.ts'
import type { Identity } from '../lib/sops/age.ts'
import { type Keys, readKeys } from './keys/read-keys.ts'
import { findUnopened, type Unopened } from './keys/unopened.ts'
import type { Snapshot } from './snapshot/snapshot.ts'

/** All that a diagnosis may look at. */
export interface Evidence {
  snapshot: Snapshot
  /** The one that the user stands in; `undefined` outside of one. */
  repository: Repository | undefined
  /** The key at hand; `undefined`: none was found. Secret. */
  identities: readonly Identity[] | undefined
  /** The files that the Kustomizations decrypt, at the revisions that they have applied, have tried or are about to apply. Found once. */
  decrypted(): Promise<Decrypted>
  /** What all Kustomizations, or some of them, build at the revision that they have applied. */
  applied(only?: ReadonlySet<string>): Promise<{ builds: SeenBuild[]; notBuilt: NotBuilt[] }>
  /** All of the revision that a Kustomization is to apply; `undefined` as of `tried`. Read once. */
  revisionOf(kustomization: Kustomization): Promise<WholeRevision | undefined>
  /** The key Secrets, and who decrypts with them. Read once. */
  keys(): Promise<Keys>
  /** The files that the Secrets of their Kustomizations do not open. Found once. */
  unopened(): Promise<readonly Unopened[]>
  /**
   * The revision that a Kustomization has tried last; `undefined` where the source is no GitRepository or holds more than its
   * repository, and where its commit is not in the repository of the user and could not be fetched.
   */
  tried(kustomization: Kustomization): Promise<Revision | undefined>
  env: NodeJS.ProcessEnv
  signal: AbortSignal | undefined
}

/** @returns the evidence; of the repository nothing is read before it is asked for */
export function gatherEvidence(
  snapshot: Snapshot,
  repository: Repository | undefined,
  identities: readonly Identity[] | undefined,
  { env, signal }: Pick<Caller, 'env' | 'signal'>,
): Evidence {
  let found: Promise<Decrypted> | undefined
  let read: Promise<Keys> | undefined
  let closed: Promise<Unopened[]> | undefined
  const sources = [...snapshot.sources].flatMap(([key, source]) =>
    key.startsWith('GitRepository ') ? [source as GitRepository] : [],
  )
  const finder = makeBuildFinder({ sources, repository })
  const decrypting = [...snapshot.kustomizations.values()].filter(({ spec }) => spec.decryption)
  const decrypted = () => {
    found ??= findDecryptedFiles(decrypting, sources, repository, finder)
    return found
  }
  const keys = () => {
    read ??= readKeys(snapshot, { env, signal, ...(identities && { known: identities }) })
    return read
  }
  const findClosed = async () =>
    findUnopened({ snapshot, identities, keys: await keys(), decrypted: await decrypted() })
  const unopened = () => {
    closed ??= findClosed()
    return closed
  }
  const applied = (only?: ReadonlySet<string>) => {
    const all = [...snapshot.kustomizations.values()]
    return finder.find(only ? all.filter((one) => only.has(idOf(one))) : all, appliedRevision)
  }
  const tried = (kustomization: Kustomization) => finder.revisionAt(kustomization, triedRevision)
  const whole = new Map<Revision, Promise<WholeRevision>>()
  const revisionOf = async (kustomization: Kustomization) => {
    const revision = await finder.revisionAt(kustomization, dueRevision)
    if (!revision) return undefined
    const known = whole.get(revision) ?? readWholeRevision(revision)
    whole.set(revision, known)
    return known
  }
  const given = { snapshot, repository, identities, env, signal }
  return { ...given, decrypted, applied, tried, revisionOf, keys, unopened }
}
