import { ageDataKey } from '../lib/cluster/key-secret.ts'
import { type Finding, type FindingPlace, finding } from './finding.ts'

/** Which Secret a key is in. */
export interface KeySecretId {
  namespace: string
  name: string
}

/** The flags with which `flux:sops-key` writes a Secret; nothing for the one that it writes by itself. */
export function flagsFor({ namespace, name }: KeySecretId): string {
  const flags = [
    ...(namespace === 'flux-system' ? [] : [` --namespace ${namespace}`]),
    ...(name === 'sops-age' ? [] : [` --name ${name}`]),
  ]
  return flags.join('')
}

/**
 * That the controller cannot read a data key of a key Secret.
 * @param reason what is wrong with which line, and no more of it; `undefined` where the controller says it itself
 */
export function unusableKey(
  secret: KeySecretId,
  { dataKey, reason }: { dataKey: string; reason: string | undefined },
  place: FindingPlace,
): Finding {
  const why = reason === undefined ? '' : ` (${reason})`
  if (dataKey === ageDataKey) return finding('key-unusable', place, { reason: why, flags: flagsFor(secret) })
  const patch = JSON.stringify([{ op: 'remove', path: `/data/${dataKey}` }])
  return finding('entry-unusable', place, { ...secret, dataKey, reason: why, patch })
}
