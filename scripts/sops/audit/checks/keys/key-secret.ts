import { type Finding, finding } from '../../../../findings/finding.ts'
import { listRecipients, recipientsOfStanzas } from '../../../../lib/sops/recipients.ts'
import type { FileCheck } from '../../open-files.ts'
import { keysHeldBy } from './held-keys.ts'

/** A Secret with the cluster's key in git that only this key opens. Flux reads the entries that end in `.agekey` (docs/decryption.md#what-an-identity-is). */
export const checkKeySecret: FileCheck = async (file, { values, metadata }): Promise<Finding[]> => {
  const entries = values.filter(
    ({ path, bytes }) =>
      bytes &&
      path.length === 2 &&
      /^(?:data|stringData)$/.test(path[0] ?? '') &&
      path[1]?.endsWith('.agekey'),
  )
  const [entry] = entries
  if (!entry) return []
  const texts = entries.map(({ path, bytes }) =>
    path[0] === 'data' ? `${Buffer.from(`${bytes}`, 'base64')}` : `${bytes}`,
  )
  const held = new Set((await keysHeldBy(texts.join('\n'))).map(({ recipient }) => recipient))
  const groups = metadata?.groups ?? []
  const recipients = recipientsOfStanzas(groups)
  const isAlone =
    groups.every(({ others }) => others.length === 0) && recipients.every((one) => held.has(one))
  if (!isAlone) return []
  const { line, column } = entry
  return [finding('key-secret-to-itself', { file, line, column }, { recipient: listRecipients(recipients) })]
}
