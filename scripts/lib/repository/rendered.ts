import { type Mapping, textAt } from '../yaml/values.ts'
import type { Accumulated } from './builds.ts'
import type { FluxKustomization } from './flux-file.ts'
import { substituted, variablesOf } from './post-build.ts'
import type { Step } from './steps.ts'

/** A Flux Kustomization as one build applies it to a cluster. */
export interface Rendered {
  /** The Flux Kustomization that builds it; `undefined` where none of this repository does. */
  parent: FluxKustomization | undefined
  /** The object with all that kustomizations and the parent make of it. */
  value: Mapping
  /** What gave it `spec.decryption` in the build. */
  decryptionBy: Step | undefined
}

/** A Flux Kustomization that builds others. */
export interface Parent {
  source: FluxKustomization
  /** The object as it is in the cluster. */
  value: Mapping
}

/** What a build makes of a Flux Kustomization. @param parent whose path is built; none: it is built by hand */
export function render({ source, steps }: Accumulated, parent?: Parent): Rendered {
  let value = source.value as Mapping
  let decryptionBy: Step | undefined
  for (const step of steps) {
    const had = hasDecryption(value)
    value = step.apply(value)
    const has = hasDecryption(value)
    if (has !== had) decryptionBy = has ? step : undefined
  }
  const variables = parent ? variablesOf(parent.value) : {}
  return { parent: parent?.source, value: substituted(value, variables), decryptionBy }
}

/** A Flux Kustomization that no build of the repository holds: as it is written. */
export function asWritten({ value }: FluxKustomization): Rendered {
  return { parent: undefined, value: value as Mapping, decryptionBy: undefined }
}

/** Whether an object has a decryption block that Flux takes. */
function hasDecryption(value: Mapping): boolean {
  return textAt(value, 'spec', 'decryption', 'provider') !== undefined
}
