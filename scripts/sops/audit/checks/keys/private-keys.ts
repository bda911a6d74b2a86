import { type Finding, finding } from '../../../../findings/finding.ts'
import { callGit, literalPathspecs } from '../../../../lib/git/git.ts'
import { gitignoreLine } from '../../../../lib/paths.ts'
import { placesIn } from '../../../../lib/sops/reader/places.ts'
import { shortRecipient } from '../../../../lib/sops/recipients.ts'
import type { Check } from '../../check.ts'
import { keysHeldBy, recipientsInUse } from './held-keys.ts'

/** Files with a private key that git has, or would take. */
export const checkPrivateKeys: Check = async (subject, sopsFiles) => {
  const files = subject.marked.get('private-key') ?? []
  if (files.length === 0) return []
  const inUse = recipientsInUse(subject, sopsFiles)
  const listed = await callGit(subject.repository, ['ls-files', '-z', ...literalPathspecs(files)])
  const tracked = new Set(listed.split('\0'))
  const found: Finding[] = []
  for (const file of files) {
    const text = `${subject.read(file) ?? ''}`
    const placeOf = placesIn(text)
    for (const { recipient, offset } of await keysHeldBy(text)) {
      const place = { file, ...placeOf(offset) }
      const facts = { recipient: shortRecipient(recipient), ignoreLine: gitignoreLine(file) }
      if (!tracked.has(file)) found.push(finding('key-not-ignored', place, facts))
      else if (inUse.has(recipient)) found.push(finding('key-in-git', place, facts))
      else found.push(finding('other-key-in-git', place, facts))
    }
  }
  return found
}
