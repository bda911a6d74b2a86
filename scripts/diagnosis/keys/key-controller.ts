import type { KeySecretId } from '../../findings/key-secret.ts'
import { isBefore, isController, valuesOfFlag, versionOf } from '../snapshot/controller.ts'
import type { Controller, Snapshot } from '../snapshot/snapshot.ts'

/** What the Deployments of kustomize-controller say of keys. */
export interface KeyController {
  /** By the tag of the image, `1.9.4`; `undefined` where one is none. */
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

/** The Deployments of kustomize-controller that were seen: its shards as well, and those of other namespaces. */
export function keyControllersOf({ controllers }: Pick<Snapshot, 'controllers'>): Controller[] {
  return controllers.filter((one) => isController(one, keyProgram))
}

/**
 * Reads what kustomize-controller does with keys.
 * @returns of several Deployments the oldest version; `undefined` where none was seen, and where they have different keys
 */
export function keyControllerOf(snapshot: Pick<Snapshot, 'controllers'>): KeyController | undefined {
  const all = keyControllersOf(snapshot)
  const [ageSecret, ...others] = new Map(
    all.map((one) => ageSecretOf(one)).map((id) => [JSON.stringify(id), id]),
  ).values()
  if (all.length === 0 || others.length > 0) return undefined
  const versions = all.map(versionOf)
  const [oldest] = versions.toSorted((one, other) => (isBefore(`${one}`, `${other}`) ? -1 : 1))
  return {
    version: versions.includes(undefined) ? undefined : oldest,
    ageSecret,
    hasOwnWatchLabel: all.some((one) => valuesOfFlag(one, '--watch-configs-label-selector').length > 0),
  }
}

function ageSecretOf(controller: Controller): KeySecretId | undefined {
  const name = valuesOfFlag(controller, '--sops-age-secret').at(-1)
  return name ? { namespace: `${controller.metadata.namespace}`, name } : undefined
}
