import { finding } from '../../findings/finding.ts'
import { flagsFor } from '../../findings/key-secret.ts'
import { unusableKey } from '../../findings/unusable-key.ts'
import { readKeySecret } from '../../lib/cluster/key-secret.ts'
import type { Explainer } from './failure.ts'

/** Looks into the key Secret that a Kustomization names: what of it the controller cannot use. */
export const explainKeySecret: Explainer = async ({ kustomization }, { snapshot, env, signal }) => {
  const name = kustomization.spec.decryption?.secretRef?.name
  const namespace = `${kustomization.metadata.namespace}`
  if (name === undefined) return undefined
  const place = { object: `secret ${namespace}/${name}` }
  const secret = snapshot.secrets.get(`${namespace}/${name}`)
  if (!secret) {
    const elsewhere = [...snapshot.secrets.values()].find(({ metadata }) => metadata.name === name)
    if (!elsewhere) return undefined
    const other = `${elsewhere.metadata.namespace}`
    return finding('key-secret-elsewhere', place, { other, flags: flagsFor({ namespace, name }) })
  }
  const { ageEntries, otherDataKeys } = await readKeySecret(secret, { env, signal })
  const bad = ageEntries.find(({ badLine }) => badLine)
  if (bad?.badLine)
    return unusableKey({ namespace, name }, { dataKey: bad.dataKey, reason: bad.badLine.reason }, place)
  if (ageEntries.some(({ identities }) => identities.length > 0)) return undefined
  const [empty] = ageEntries
  const why = empty
    ? `${empty.dataKey} holds none`
    : `no data key ends in .agekey; it has: ${otherDataKeys.join(', ') || 'none'}`
  return finding('no-identity', place, { why, flags: flagsFor({ namespace, name }) })
}
