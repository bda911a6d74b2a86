import { isDeepStrictEqual } from 'node:util'
import type { Gap } from '../kustomize/gap.ts'
import { type Mapping, textAt, valueAt } from '../yaml/values.ts'
import type { Accumulated } from './builds.ts'
import type { FluxKustomization } from './flux-file.ts'
import type { Step } from './steps.ts'
import { substituted, type Variables } from './variables/post-build.ts'

/** A Flux Kustomization as one build applies it to a cluster. */
export interface Rendered {
  /** The Flux Kustomization that builds it; `undefined` where none of this repository does. */
  parent: FluxKustomization | undefined
  /** The object with all that kustomizations and the parent make of it. */
  value: Mapping
  /** What gave it `spec.decryption` in the build. */
  decryptionBy: Step | undefined
  /** What changed that last, or took it away. */
  changedBy: Step | undefined
  /** What is not known of it. */
  gaps: readonly Gap[]
}

/** Why anything in a rendered Kustomization may be different; `undefined` where it is known. */
export function objectGap({ gaps }: Rendered): Gap | undefined {
  return gaps.find(({ reach }) => reach === 'object')
}

/** A Flux Kustomization that builds others, as it is in the cluster. */
export interface Parent {
  source: FluxKustomization
  variables: Variables
  /** What is not known of it. */
  gaps: readonly Gap[]
}

/** What a build makes of a Flux Kustomization. @param parent whose path is built; none: it is built by hand */
export function render({ source, steps }: Accumulated, parent?: Parent): Rendered {
  let value = source.value as Mapping
  let decryptionBy: Step | undefined
  let changedBy: Step | undefined
  // whatever is not known of a parent, it decides what becomes of its children
  const gaps = (parent?.gaps ?? []).map((gap): Gap => ({ ...gap, reach: 'object' }))
  for (const step of steps) {
    const [had, block] = [hasDecryption(value), blockOf(value)]
    const gap = step.gap(value)
    if (gap) gaps.push(gap)
    value = step.apply(value)
    const has = hasDecryption(value)
    if (has !== had) decryptionBy = has ? step : undefined
    if (!isDeepStrictEqual(blockOf(value), block)) changedBy = step
  }
  value = substituted(value, parent?.variables ?? {})
  return { parent: parent?.source, value, decryptionBy, changedBy, gaps: distinct(gaps) }
}

/**
 * A Flux Kustomization that no build of the repository holds: as it is written.
 * @param gaps why a build might hold it
 */
export function asWritten({ value }: FluxKustomization, gaps: readonly Gap[]): Rendered {
  return { parent: undefined, value: value as Mapping, decryptionBy: undefined, changedBy: undefined, gaps }
}

/** A parent that builds itself gives its own gaps to itself again and again. */
function distinct(gaps: readonly Gap[]): Gap[] {
  if (gaps.length < 2) return [...gaps]
  return [...new Map(gaps.map((gap) => [`${gap.file} ${gap.field} ${gap.reach}`, gap])).values()]
}

function blockOf(value: Mapping): unknown {
  return valueAt(value, 'spec', 'decryption')
}

/** Whether an object has a decryption block that Flux takes. */
function hasDecryption(value: Mapping): boolean {
  return textAt(blockOf(value), 'provider') !== undefined
}
