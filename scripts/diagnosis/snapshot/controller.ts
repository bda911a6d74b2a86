import type { Controller } from './snapshot.ts'

/** Whether it is a controller of this name, or a shard of it: its image tells (https://fluxcd.io/flux/installation/configuration/sharding/). */
export function isController({ metadata, spec }: Controller, name: string): boolean {
  const images = spec.template.spec.containers.map(({ image }) => image)
  return metadata.name === name || images.some((image) => new RegExp(`(^|/)${name}([:@]|$)`).test(image))
}

/** The version that the tag of its image names; `undefined` where that is a digest or a name. */
export function versionOf({ spec }: Controller): string | undefined {
  const images = spec.template.spec.containers.map(({ image }) => image)
  return images.flatMap((image) => /kustomize-controller:v(\d+\.\d+\.\d+)/.exec(image)?.[1] ?? [])[0]
}

/** Whether a version comes before another one: `1.9.0` before `1.10.0`. */
export function isBefore(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0
}

/** The values of a flag, which is written `--flag=value` or `--flag value`; of one that has a single value the last counts. */
export function valuesOfFlag({ spec }: Controller, flag: string): string[] {
  const args = spec.template.spec.containers.flatMap((one) => one.args ?? [])
  return args.flatMap((arg, index) => {
    if (arg === flag) return args[index + 1] ?? []
    return arg.startsWith(`${flag}=`) ? arg.slice(flag.length + 1) : []
  })
}

/** The feature gates that its arguments set, with their values. */
export function gatesOf(controller: Controller): Map<string, string> {
  const pairs = valuesOfFlag(controller, '--feature-gates').flatMap((list) => list.split(','))
  return new Map(pairs.map((pair) => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']))
}
