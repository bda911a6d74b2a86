import { posix } from 'node:path'
import type { DecryptedFile } from '../../../lib/applied/decrypted-files.ts'
import type { WholeRevision } from '../../../lib/applied/whole-revision.ts'
import { idOf, type Kustomization } from '../../../lib/cluster/flux-objects.ts'
import type { Evidence } from '../../evidence.ts'

/** Something in a repository that not every version can do. */
export interface FileOfUse {
  /** `namespace/name`; `undefined`: the controller itself. */
  kustomization: string | undefined
  file: string
}

/** The encrypted files that are meant, with the Kustomizations that build them. */
export async function decryptedFiles(
  { decrypted }: Evidence,
  isMeant: (file: DecryptedFile) => boolean,
): Promise<FileOfUse[]> {
  const { files } = await decrypted()
  return files.filter(isMeant).map(({ kustomization, file }) => ({ kustomization, file }))
}

/** What each Kustomization builds that decrypts. */
async function usesOf(
  evidence: Evidence,
  pick: (one: Kustomization, revision: WholeRevision) => string[],
): Promise<FileOfUse[]> {
  const all = [...evidence.snapshot.kustomizations.values()].filter(({ spec }) => spec.decryption)
  const found = await Promise.all(
    all.map(async (one) => {
      const revision = await evidence.revisionOf(one)
      return (revision ? pick(one, revision) : []).map((file) => ({ kustomization: idOf(one), file }))
    }),
  )
  return found.flat()
}

/** The kustomization files with a patch that is a URL. */
export function remotePatches(evidence: Evidence): Promise<FileOfUse[]> {
  return usesOf(evidence, (one, { built, tree }) => {
    const files = new Set(built(one).uses.map(({ file }) => file))
    return [...tree.kustomizations.values()]
      .filter(({ file, patches }) => files.has(file) && patches.some(({ obstacle }) => obstacle === 'URL'))
      .map(({ file }) => file)
  })
}

/** The encrypted files of patches, and those of components. */
export function encryptedParts(evidence: Evidence): Promise<FileOfUse[]> {
  return usesOf(evidence, (one, { built, tree }) => {
    const { uses, encrypted } = built(one)
    const components = new Set([...tree.kustomizations.values()].flatMap((file) => file.components))
    const isInComponent = (by: string | undefined) => by !== undefined && components.has(posix.dirname(by))
    return uses
      .filter(
        ({ file, as, by }) =>
          encrypted.has(file) && as !== 'resources' && (as === 'patches' || isInComponent(by)),
      )
      .map(({ file }) => file)
  })
}
