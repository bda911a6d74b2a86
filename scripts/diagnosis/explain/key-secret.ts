import { type Finding, finding } from '../../findings/finding.ts'
import { secretOf } from '../../findings/key-secret.ts'
import type { Kustomization } from '../../lib/cluster/flux-objects.ts'
import { isAgeEntry } from '../../lib/cluster/key-secret.ts'
import { isPostQuantum } from '../../lib/sops/recipients.ts'
import { isSeen, judgeKeySecret } from '../keys/judge-key-secret.ts'
import { type HeldKeys, type Keys, keySecretFor } from '../keys/read-keys.ts'
import type { Explainer, Failure } from './failure.ts'

/** Looks into the key Secret that a Kustomization decrypts with: what of it the controller cannot use. */
export const explainKeySecret: Explainer = async (failure, evidence) => {
  const { kustomization } = failure
  const keys = await evidence.keys()
  const id = keySecretFor(kustomization, keys.controller)
  const used = id && keys.used.get(`${id.namespace}/${id.name}`)
  if (!used) return keys.controller && withoutKey(kustomization, keys)
  const found = await judgeKeySecret(used, evidence)
  if (found) return found
  const held = keys.secrets.get(`${used.id.namespace}/${used.id.name}`)
  return held && isSeen(used, evidence) && isMended(failure, held) ? mended(kustomization, held) : undefined
}

/** That neither a Kustomization names a key nor the controller has one. */
function withoutKey({ metadata }: Kustomization, { used }: Keys): Finding {
  const object = `kustomization ${metadata.namespace}/${metadata.name}`
  const others = [...used.values()].filter(({ id }) => id.namespace === metadata.namespace)
  const likely = others.length === 1 ? ` (the others of its namespace name ${others[0]?.id.name})` : ''
  return finding('controller-without-key', { object }, { likely })
}

/** Whether what a Kustomization complains of is not so any more. */
function isMended({ cause }: Failure, { recipients, identities }: HeldKeys): boolean {
  const { dataKey } = cause.facts
  // what is said of other entries cannot be judged here
  if (dataKey !== undefined && !isAgeEntry(dataKey)) return false
  // an older controller reads no post-quantum identity; how old it is was not seen
  return identities.length > 0 && ![...recipients].some(isPostQuantum)
}

/** That a Secret is right now, and Flux has not seen it. */
export function mended({ metadata }: Kustomization, { id }: HeldKeys): Finding {
  const { namespace, name } = metadata
  return finding('key-mended', { object: secretOf(id) }, { namespace: `${namespace}`, name })
}
