import { type Finding, finding } from '../../findings/finding.ts'
import { callGit, literalPathspecs } from '../../lib/git/git.ts'
import { pathBelow } from '../../lib/paths.ts'
import { findKeyFileProblems } from '../../lib/sops/key-file.ts'
import { ownKeyFile } from '../../lib/sops/key-places.ts'
import { listRecipients, shortRecipient } from '../../lib/sops/recipients.ts'
import { keyPlaceOf } from '../new-key/key-place.ts'
import type { ChosenKey } from './choose-key.ts'
import { ignoreLineOf, namesNotIgnored } from './ignore.ts'
import type { Present } from './present.ts'

/** How many recipients are named: a person looks for one that is known. */
const shownRecipients = 3

/** A key, and where it is or is to be. */
export interface PlacedKey extends ChosenKey {
  /** Its file relative to the root, where it is in the repository. */
  name: string | undefined
  /** `--key-file`. */
  wanted: string | undefined
}

/** Why no identity may be made, or the one that is there may not be used. */
export async function keyRefusals(present: Present, placed: PlacedKey): Promise<Finding[]> {
  const { repository, recipients, otherKinds } = present
  const { key, file, name, wanted, isElsewhere } = placed
  const found: Finding[] = []
  if (present.isSparse) found.push(finding('sparse-repository', { object: 'git' }, {}))
  const ofAge = [...recipients].filter((recipient) => recipient.startsWith('age1'))
  const kinds = [...(ofAge.length < recipients.size ? ['ssh'] : []), ...otherKinds].join(', ')
  if (!key && ofAge.length > 0) {
    const facts = { recipients: firstOf(ofAge), file: name ?? file ?? ownKeyFile }
    found.push(finding('key-not-at-hand', { object: 'identity' }, facts))
  } else if (!key && kinds !== '') found.push(finding('other-keys-only', { object: 'identity' }, { kinds }))
  if (key && isElsewhere)
    found.push(finding('other-key-at-hand', keyPlaceOf(wanted, repository.root), { found: key.place.source }))
  if (name === undefined) return found
  const tracked = await callGit(repository, ['ls-files', '-z', '--', ...literalPathspecs([name])])
  const [identity] = key?.identities ?? []
  if (tracked !== '')
    found.push(
      identity
        ? finding('key-in-git', { file: name }, { recipient: shortRecipient(identity.recipient) })
        : finding('key-file-tracked', { file: name }, { file: name }),
    )
  return found
}

function firstOf(recipients: readonly string[]): string {
  const more = recipients.length - shownRecipients
  const first = listRecipients(recipients.slice(0, shownRecipients))
  return more > 0 ? `${first} and ${more} more` : first
}

/** That git would take the key file, or a copy of it. */
export async function ignoreFinding(
  { repository }: Present,
  { key, name }: PlacedKey,
): Promise<Finding | undefined> {
  const [open] = name === undefined ? [] : await namesNotIgnored(repository, name)
  if (name === undefined || open === undefined) return undefined
  const ignoreLine = ignoreLineOf(name)
  const [identity] = key?.identities ?? []
  if (!identity || open !== name)
    return finding('key-name-not-ignored', { file: name }, { name: open, ignoreLine })
  const recipient = shortRecipient(identity.recipient)
  return finding('key-not-ignored', { file: name }, { recipient, ignoreLine })
}

/** That others can read the file of the key that is at hand. */
export async function readableFinding(
  { repository: { root } }: Present,
  { key }: PlacedKey,
): Promise<Finding[]> {
  const file = key?.place.file
  if (file === undefined) return []
  const problems = await findKeyFileProblems(file, undefined)
  if (!problems.includes('readable-by-others')) return []
  return [finding('key-file-readable', keyPlaceOf(file, root), { file: pathBelow(root, file) ?? file })]
}
