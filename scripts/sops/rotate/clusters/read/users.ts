import type { KeyController } from '../../../../diagnosis/keys/key-controller.ts'
import { keySecretFor } from '../../../../diagnosis/keys/read-keys.ts'
import { snapshotKeyOf } from '../../../../diagnosis/snapshot/snapshot.ts'
import { findDecryptedFiles } from '../../../../lib/applied/decrypted-files.ts'
import { makeBuildFinder, type RevisionsOf } from '../../../../lib/applied/seen-builds.ts'
import {
  commitOf,
  type FluxSource,
  type GitRepository,
  idOf,
  type Kustomization,
} from '../../../../lib/cluster/flux-objects.ts'
import type { Repository } from '../../../../lib/git/git.ts'
import type { KeyUser } from '../state.ts'

/** What the users of keys are read from. */
export interface UserGrounds {
  kustomizations: readonly Kustomization[]
  /** By kind and id: `GitRepository flux-system/flux-system`. */
  sources: ReadonlyMap<string, FluxSource>
}

/** Reads the Kustomizations that decrypt. */
export type UserReader = (grounds: UserGrounds) => Promise<KeyUser[]>

/** The revision that a Kustomization has tried last. Of a suspended one only that of its source counts: it takes that one when it is resumed. */
function triedBy({ spec, status }: Kustomization): string | undefined {
  return spec.suspend ? undefined : (status?.lastAttemptedRevision ?? status?.lastAppliedRevision)
}

const countingRevisions: RevisionsOf = (kustomization, source) => [
  triedBy(kustomization),
  source.status?.artifact?.revision,
]

/**
 * Makes what reads the Kustomizations of a cluster that decrypt, with their files at the revisions that count. What it has read of
 * commits, and of Kustomizations whose revisions have not changed, it does not read again.
 * @param controller `undefined` where no Deployment of it was seen
 */
export function makeUserReader(repository: Repository, controller: KeyController | undefined): UserReader {
  let sources: readonly GitRepository[] = []
  const finder = makeBuildFinder({
    get sources() {
      return sources
    },
    repository,
  })
  const known = new Map<string, { key: string; read: Promise<Pick<KeyUser, 'files' | 'notSeen'>> }>()
  const counting: typeof finder = { ...finder, find: (all) => finder.find(all, countingRevisions) }

  const filesOf = (kustomization: Kustomization, source: FluxSource | undefined) => {
    const { metadata, spec } = kustomization
    const revisions = [triedBy(kustomization), source?.status?.artifact?.revision]
    const key = JSON.stringify([metadata.generation, spec, source?.spec, ...revisions])
    const before = known.get(idOf(kustomization))
    if (before?.key === key) return before.read
    const read = findDecryptedFiles([kustomization], sources, repository, counting)
    known.set(idOf(kustomization), { key, read })
    return read
  }

  return async (grounds) => {
    sources = [...grounds.sources].flatMap(([key, source]) =>
      key.startsWith('GitRepository ') ? [source as GitRepository] : [],
    )
    const decrypting = grounds.kustomizations.filter(({ spec }) => spec.decryption)
    return Promise.all(
      decrypting.map(async (kustomization): Promise<KeyUser> => {
        const source = grounds.sources.get(snapshotKeyOf(kustomization))
        const secret = keySecretFor(kustomization, controller)
        const { files, notSeen } = await filesOf(kustomization, source)
        return {
          id: idOf(kustomization),
          kustomization,
          source,
          secret: secret ? `${secret.namespace}/${secret.name}` : controller && '',
          attempted: commitOf(triedBy(kustomization)),
          due: commitOf(source?.status?.artifact?.revision),
          files,
          notSeen,
        }
      }),
    )
  }
}
