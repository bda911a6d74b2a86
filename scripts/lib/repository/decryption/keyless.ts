import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canDecrypt, providerKeys, readKeyGroups } from '../../sops/recipients.ts'
import { textAt, valueAt } from '../../yaml/values.ts'
import type { FluxKustomization } from '../flux-file.ts'
import type { FluxRepository } from '../flux-repository.ts'
import type { FluxNode } from '../flux-tree.ts'

/**
 * The Kustomizations whose block names no key Secret though a file that they build needs a private key, where the repository
 * gives the controller none either.
 * @param root of the repository, absolute
 * @returns for each such a file
 */
export async function findKeyless(
  root: string,
  { nodes, clusters }: FluxRepository,
): Promise<Map<FluxKustomization, string>> {
  const found = new Map<FluxKustomization, string>()
  for (const [source, node] of nodes) {
    if (!namesNoKey(node) || clusters.keyOf(source) !== undefined) continue
    const file = await fileThatNeedsKey(root, node)
    if (file !== undefined) found.set(source, file)
  }
  return found
}

function namesNoKey({ rendered }: FluxNode): boolean {
  return rendered.some(({ value }) => {
    const block = valueAt(value, 'spec', 'decryption')
    const names = valueAt(block, 'secretRef') ?? valueAt(block, 'serviceAccountName')
    return textAt(block, 'provider') === 'sops' && names === undefined
  })
}

async function fileThatNeedsKey(root: string, { encrypted }: FluxNode): Promise<string | undefined> {
  for (const file of encrypted) {
    const groups = await readKeyGroups(await readFile(join(root, file), 'utf8'))
    if (groups && !canDecrypt(groups, new Set(), providerKeys)) return file
  }
  return undefined
}
