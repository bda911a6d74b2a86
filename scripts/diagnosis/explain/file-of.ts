import type { DecryptedFile } from '../../lib/applied/decrypted-files.ts'
import { commitOf, idOf } from '../../lib/cluster/flux-objects.ts'
import { holdsObject } from '../../lib/sops/format.ts'
import type { Evidence } from '../evidence.ts'
import type { Failure } from './failure.ts'

/** The encrypted file that declares what a Kustomization complains of; `undefined` where none of those that it builds does. */
export async function encryptedFileOf(
  { kustomization, named }: Failure,
  { decrypted }: Evidence,
): Promise<DecryptedFile | undefined> {
  if (!named) return undefined
  const id = idOf(kustomization)
  const { files } = await decrypted()
  const tried = commitOf(kustomization.status?.lastAttemptedRevision)
  const declaring = files.filter(
    (one) => one.kustomization === id && holdsObject(one.text(), named.kind, named.name),
  )
  // it may be another one at the revision that was applied
  return declaring.find(({ commit }) => commit === tried) ?? declaring[0]
}
