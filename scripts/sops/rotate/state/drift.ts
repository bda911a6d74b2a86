import type { Finding } from '../../../findings/finding.ts'
import type { Repository } from '../../../lib/git/git.ts'
import { openSopsFile } from '../../../lib/sops/files/open-sops-file.ts'
import { checkFileRecipients } from '../../audit/checks/recipients/file-recipients.ts'
import { readRuleSet } from '../../audit/rule-set.ts'
import type { SopsFile } from '../../audit/subject.ts'
import type { Places } from './places.ts'

/** What of the audit tells that recipients and rules have come apart. */
const codes: readonly Finding['code'][] = [
  'recipient-left',
  'recipient-missing',
  'recipient-unknown',
  'key-groups-differ',
]

/**
 * Holds the recipients of the files in the working tree against their rules, as `sops:audit` does: what CI can tell of a rotation
 * without a cluster and without an identity.
 */
export async function driftOf(
  { workingTree }: Pick<Places, 'workingTree'>,
  repository: Repository,
): Promise<Finding[]> {
  const { files, rules } = workingTree
  const read = (file: string) => {
    const text = files.get(file)?.text ?? rules.get(file)
    return text === undefined ? undefined : Buffer.from(text)
  }
  const opened: Pick<SopsFile, 'file' | 'metadata'>[] = []
  for (const { file, text, isEmbedded } of files.values()) {
    repository.signal?.throwIfAborted()
    if (isEmbedded) continue
    const reading = await openSopsFile(file, Buffer.from(text), { identities: undefined, repository })
    if (reading?.metadata) opened.push({ file, metadata: reading.metadata })
  }
  const ruled = { rules: readRuleSet(repository, [...rules.keys()], read), read, flux: undefined }
  return checkFileRecipients(ruled, opened).filter(({ code }) => codes.includes(code))
}
