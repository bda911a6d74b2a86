import { textAt } from '../../../lib/yaml/values.ts'

/** What Flux does not do with an object because of a label or an annotation (docs/decryption.md#inventory-and-pruning). */
export type NotDone = 'applied' | 'decrypted' | 'pruned'

const marks: readonly (readonly [name: string, value: string, what: NotDone])[] = [
  ['kustomize.toolkit.fluxcd.io/ssa', 'Ignore', 'applied'],
  ['kustomize.toolkit.fluxcd.io/reconcile', 'disabled', 'applied'],
  ['kustomize.toolkit.fluxcd.io/decrypt', 'disabled', 'decrypted'],
  ['kustomize.toolkit.fluxcd.io/prune', 'disabled', 'pruned'],
]

/** Finds what keeps Flux from doing something with an object. @returns `mark`: the label or annotation with its value */
export function findMark(object: unknown): { mark: string; what: NotDone } | undefined {
  for (const [name, value, what] of marks)
    for (const field of ['labels', 'annotations'])
      if (textAt(object, 'metadata', field, name) === value) return { mark: `${name}: ${value}`, what }
  return undefined
}
