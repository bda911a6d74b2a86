import { textAt } from '../yaml/values.ts'

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
    if (isMarked(object, name, value)) return { mark: `${name}: ${value}`, what }
  return undefined
}

/** What lets an object that Flux has made keep other values: the label or annotation with its value. */
export function keepingMark(object: unknown): string | undefined {
  const keeping = marks.filter(([, , what]) => what === 'applied')
  const all = [...keeping, ['kustomize.toolkit.fluxcd.io/ssa', 'IfNotPresent'] as const]
  const [found] = all.filter(([name, value]) => isMarked(object, name, value))
  return found && `${found[0]}: ${found[1]}`
}

function isMarked(object: unknown, name: string, value: string): boolean {
  return ['labels', 'annotations'].some((field) => textAt(object, 'metadata', field, name) === value)
}
