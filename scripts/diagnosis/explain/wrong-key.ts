import { finding } from '../../findings/finding.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import { readKeySecret, recipientsOf } from '../../lib/cluster/key-secret.ts'
import { listRecipients } from '../../lib/sops/recipients.ts'
import type { Explainer } from './failure.ts'
import { encryptedFileOf } from './file-of.ts'

/** Finds the file that the key Secret does not open, with the recipients on both sides. */
export const explainWrongKey: Explainer = async (failure, evidence) => {
  const { metadata, spec } = failure.kustomization
  const file = await encryptedFileOf(failure, evidence)
  if (!file) return undefined
  const secret = `${metadata.namespace}/${spec.decryption?.secretRef?.name}`
  const { ageEntries } = await readKeySecret(evidence.snapshot.secrets.get(secret), evidence)
  const inCluster = listRecipients(recipientsOf(ageEntries)) || 'nobody'
  const ofFile = file.documents.flatMap(({ groups }) => groups.flatMap(({ age }) => age))
  const line =
    file
      .text()
      .split('\n')
      .findIndex((text) => /^\s*(?:- )?["']?recipient["']?:/.test(text)) + 1
  return finding(
    'wrong-key',
    { object: `kustomization ${idOf(failure.kustomization)}`, file: file.file, line: line || undefined },
    {
      what: file.file,
      keys: `: it is encrypted to ${listRecipients(ofFile) || 'no age recipient'}, and secret ${secret} has the key of ${inCluster}`,
    },
  )
}
