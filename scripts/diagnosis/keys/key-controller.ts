import type { KeySecretId } from '../../findings/key-secret.ts'
import { isBefore, valuesOfFlag, versionOf } from '../snapshot/controller.ts'
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

/** The name of the controller's Deployment. */
export const keyProgram = 'kustomize-controller'

/** The first version of it whose age reads post-quantum identities (kustomize-controller v1.9.4 CHANGELOG.md). */
const firstPostQuantum = '1.9.0'

/** Whether a controller reads post-quantum identities; `undefined` where its version is not known. */
export function readsPostQuantum(
  controller: Pick<KeyController, 'version'> | undefined,
): boolean | undefined {
  const version = controller?.version
  return version === undefined ? undefined : !isBefore(version, firstPostQuantum)
}

/** Finds kustomize-controller among the controllers of Flux. @returns `undefined` where no Deployment of it was seen */
export function keyControllerOf({ controllers }: Pick<Snapshot, 'controllers'>): KeyController | undefined {
  const controller = controllers.find(({ metadata }) => metadata.name === keyProgram)
  if (!controller) return undefined
  const name = valuesOfFlag(controller, '--sops-age-secret').at(-1)
  return {
    version: versionOf(controller),
    ageSecret: name ? { namespace: `${controller.metadata.namespace}`, name } : undefined,
    hasOwnWatchLabel: valuesOfFlag(controller, '--watch-configs-label-selector').length > 0,
  }
}
