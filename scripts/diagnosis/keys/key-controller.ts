import type { KeySecretId } from '../../findings/key-secret.ts'
import { valuesOfFlag, versionOf } from '../snapshot/controller.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'

/** What the Deployment of kustomize-controller says of keys. */
export interface KeyController {
  /** By the tag of its image, `1.9.4`; `undefined` where that is none. */
  version: string | undefined
  /** The Secret for Kustomizations that decrypt and name none (docs/decryption.md#where-the-key-is-looked-up). */
  ageSecret: KeySecretId | undefined
  /** Whether Secrets that it watches have another label than usual. */
  hasOwnWatchLabel: boolean
}

const program = 'kustomize-controller'

/** Finds kustomize-controller among the controllers of Flux. @returns `undefined` where no Deployment of it was seen */
export function keyControllerOf({ controllers }: Pick<Snapshot, 'controllers'>): KeyController | undefined {
  const controller = controllers.find(({ metadata }) => metadata.name === program)
  if (!controller) return undefined
  const name = valuesOfFlag(controller, '--sops-age-secret').at(-1)
  return {
    version: versionOf(controller),
    ageSecret: name ? { namespace: `${controller.metadata.namespace}`, name } : undefined,
    hasOwnWatchLabel: valuesOfFlag(controller, '--watch-configs-label-selector').length > 0,
  }
}
