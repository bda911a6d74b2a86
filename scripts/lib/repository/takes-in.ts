import type { FileTree } from './file-tree.ts'

/** How a Kustomization comes to build what is in the path of another one. */
export type TakesIn =
  /** It has the same path. */
  | 'same-path'
  /** Its path has no kustomization file, so that it builds all that is below it. */
  | 'no-kustomization-file'
  /** Its kustomization file includes it, directly or through others. */
  | 'includes'
  /** What it builds cannot all be seen in the files. */
  | 'not-followed'

/**
 * How a Kustomization that builds what another one does comes to it.
 * @param directory its path
 * @param other the path of the other one; `undefined` where it is not in the repository
 */
export function howTakenIn(
  directory: string,
  other: string | undefined,
  { kustomizations }: Pick<FileTree, 'kustomizations'>,
): TakesIn {
  if (directory === other) return 'same-path'
  return kustomizations.has(directory) ? 'includes' : 'no-kustomization-file'
}
