import type { Controller } from './snapshot.ts'

/** The version that the tag of its image names; `undefined` where that is a digest or a name. */
export function versionOf({ spec }: Controller): string | undefined {
  const images = spec.template.spec.containers.map(({ image }) => image)
  return images.flatMap((image) => /kustomize-controller:v(\d+\.\d+\.\d+)/.exec(image)?.[1] ?? [])[0]
}

/** Whether a version comes before another one: `1.9.0` before `1.10.0`. */
export function isBefore(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0
}

/** The arguments of all its containers. */
export function argumentsOf({ spec }: Controller): string[] {
  return spec.template.spec.containers.flatMap(({ args }) => args ?? [])
}

/** The feature gates that its arguments set, with their values. */
export function gatesOf(controller: Controller): Map<string, string> {
  const lists = argumentsOf(controller).flatMap((one) => /^--feature-gates=(.*)$/.exec(one)?.[1] ?? [])
  const pairs = lists.flatMap((list) => list.split(','))
  return new Map(pairs.map((pair) => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']))
}
