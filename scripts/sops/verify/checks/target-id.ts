import type { Repository } from '../../../lib/git/git.ts'
import { findKustomization } from '../../../lib/repository/find-kustomization.ts'

/**
 * The id of the Kustomization that the user names, `namespace/name`.
 * @param wanted its name in flux-system, `namespace/name`, or a file as `findKustomization` takes it: only that is looked up in
 *   the repository
 * @param cwd where the user stands
 * @throws UserError with the candidates where the file declares none, or more than one
 */
export async function targetId(
  wanted: string,
  openRepository: () => Promise<Repository>,
  cwd: string,
): Promise<string> {
  // no name in a cluster has a colon
  if (!/:|\.(ya?ml|json)$/.test(wanted)) return wanted.includes('/') ? wanted : `flux-system/${wanted}`
  const found = await findKustomization(await openRepository(), wanted, '--kustomization', cwd)
  return `${found.namespace ?? 'flux-system'}/${found.name}`
}
