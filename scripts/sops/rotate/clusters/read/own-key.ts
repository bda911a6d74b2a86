import type { Evidence } from '../../../../diagnosis/evidence.ts'
import {
  type DeclaredKey,
  declaredControllerKey,
} from '../../../../diagnosis/keys/declared-controller-key.ts'
import {
  type KeyController,
  keyControllerOf,
  keyControllersOf,
} from '../../../../diagnosis/keys/key-controller.ts'
import { type Finding, finding } from '../../../../findings/finding.ts'
import { secretOf } from '../../../../findings/key-secret.ts'
import { get, secrets } from '../../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../../../lib/cluster/kubectl.ts'

/** What is known of the key of kustomize-controller itself. */
export interface OwnKey {
  /** `undefined`: nothing is, or no one thing, so what decrypts and names no Secret may decrypt with any. */
  controller: KeyController | undefined
  /** The Secrets of the snapshot, with that of the controller. */
  secrets: ReadonlyMap<string, Secret>
  /** Where only the repository tells it. */
  declared: DeclaredKey | undefined
}

/**
 * Reads which Secret kustomize-controller decrypts with where a Kustomization names none: its Deployment tells it, and where that is
 * not seen the repository may (`declaredControllerKey`). A Secret that is not there tells nothing.
 * @throws KubectlError
 */
export async function readOwnKey(cluster: Cluster, evidence: Evidence): Promise<OwnKey> {
  const { kustomizations, secrets: seen } = evidence.snapshot
  const controller = keyControllerOf(evidence.snapshot)
  const isUsed = [...kustomizations.values()].some(
    ({ spec }) => spec.decryption && !spec.decryption.secretRef,
  )
  const isSeen = keyControllersOf(evidence.snapshot).length > 0
  if (isSeen || !isUsed) return { controller, secrets: seen, declared: undefined }
  const declared = await declaredControllerKey(evidence)
  const secret =
    declared && (await get<Secret>(cluster, `cannot read ${secretOf(declared)}`, secrets, declared))
  if (!declared || !secret) return { controller, secrets: seen, declared: undefined }
  const { namespace, name } = declared
  return {
    controller: { version: undefined, ageSecret: { namespace, name }, hasOwnWatchLabel: false },
    secrets: new Map(seen).set(`${namespace}/${name}`, secret),
    declared,
  }
}

/** That the key of the controller is the one which the repository gives it. */
export function declaredNote(declared: DeclaredKey): Finding {
  return finding('rotate-controller-key-declared', { object: secretOf(declared) }, { file: declared.file })
}
