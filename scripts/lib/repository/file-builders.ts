import { textAt } from '../yaml/values.ts'
import type { FileUse } from './builds.ts'
import { type FluxKustomization, madeKustomization } from './flux-file.ts'
import type { FluxNode } from './flux-tree.ts'
import { objectGap } from './rendered.ts'
import type { MadeKustomization } from './resource-sets.ts'

/** A Flux Kustomization that builds a file. */
export interface FileBuilder {
  /** One that a FluxInstance or a ResourceSet makes counts as declared in the file of that. */
  source: FluxKustomization
  use: FileUse
  /** Whether it has a decryption block wherever it is applied; `undefined`: not known. */
  decrypts: boolean | undefined
}

/** Who builds the files of a repository. */
export interface FileBuilders {
  /**
   * Who builds a file that is of interest, in the order of the Kustomizations; the same Kustomization several times where it uses
   * it several times. What nothing applies builds nothing.
   */
  buildersOf(file: string): readonly FileBuilder[]
  /**
   * Whether all that Flux builds of the files is known: no Kustomization and no path is hidden. What another repository brings
   * does not count.
   */
  seesAll: boolean
}

/**
 * @param nodes those that are applied, those of FluxInstances among them
 * @param made what ResourceSets make, with the uses of what is built from their paths
 */
export function findFileBuilders(
  nodes: readonly FluxNode[],
  made: readonly { made: MadeKustomization; uses: readonly FileUse[] }[],
): FileBuilders {
  let builders: Map<string, FileBuilder[]> | undefined
  const all = () => [
    ...nodes.flatMap(({ source, rendered, uses }) => {
      const decrypts = isDecrypting({ rendered })
      return uses.map((use) => ({ source, use, decrypts }))
    }),
    ...made.flatMap(({ made: { file, value, decrypts }, uses }) => {
      const source = madeKustomization(file, value)
      return uses.map((use) => ({ source, use, decrypts }))
    }),
  ]
  return {
    buildersOf(file) {
      // few tasks want to know
      builders ??= Map.groupBy(all(), ({ use }) => use.file)
      return builders.get(file) ?? []
    },
    seesAll: nodes.every(isSeen),
  }
}

function isDecrypting({ rendered }: Pick<FluxNode, 'rendered'>): boolean | undefined {
  if (rendered.some(objectGap)) return undefined
  return rendered.every(({ value }) => textAt(value, 'spec', 'decryption', 'provider') !== undefined)
}

/** What is fetched from a URL names no file of this repository, and a path of another source is none of its directories. */
function isSeen({ rendered, hidden, unseen }: FluxNode): boolean {
  const isOpen = (path: string) => /\$\{|\{\{|<</.test(path)
  return (
    !rendered.some(objectGap) &&
    hidden.every(({ field }) => field?.endsWith('(URL)') ?? false) &&
    !unseen.some(isOpen)
  )
}
