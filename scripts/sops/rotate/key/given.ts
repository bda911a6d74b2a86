import { existsSync } from 'node:fs'
import { finding } from '../../../findings/finding.ts'
import { type Identity, readIdentities } from '../../../lib/sops/age.ts'
import { requireKey } from '../../../lib/sops/key.ts'
import { isPostQuantum, shortRecipient } from '../../../lib/sops/recipients.ts'
import { keyPlaceOf } from '../../new-key/key-place.ts'
import { keyFileRefusals } from './key-file-refusals.ts'
import { firstNext, keptNext, madeNext, type NextChoice, type NextWishes } from './next-key.ts'
import { identityIn, type RingPlace } from './ring.ts'
import { onlyOne, type PlacedIdentity } from './successors.ts'

/**
 * The identity of `--new-key`; where its file is not there, one is made for it.
 * @throws UserError for a key that can't be used; it never quotes it
 */
export async function chooseGiven(newKey: string, wishes: NextWishes): Promise<NextChoice> {
  const { old, pq, repository } = wishes
  const { root } = repository
  if (newKey !== '-' && !existsSync(newKey)) {
    const use = { recipient: old, isUsed: false, isWritten: true }
    const refusals = await keyFileRefusals(newKey, use, repository)
    return refusals.length > 0 ? { refusals } : madeNext({ file: newKey }, wishes)
  }
  const { identities, place } = await readGiven(newKey, wishes)
  const others = identities.filter(({ identity }) => identity.recipient !== old)
  const chosen = onlyOne(others, { old, place, root })
  if ('refusals' in chosen) return chosen
  const next = shortRecipient(chosen.identity.recipient)
  return pq && !isPostQuantum(chosen.identity.recipient)
    ? { refusals: [finding('new-key-classic', keyPlaceOf(place.file, root), { next })] }
    : firstNext(chosen, wishes)
}

/**
 * The identity of a recipient that a rotation has begun with: that of `--new-key`, or one that is at hand.
 * Where it is kept is no matter any more.
 * @param next the recipient
 * @throws UserError for a key that was named and can't be used; it never quotes it
 */
export async function nextAtHand(
  next: string,
  wishes: Pick<NextWishes, 'ring' | 'newKey' | 'caller' | 'repository'>,
): Promise<NextChoice> {
  const { ring, newKey, repository } = wishes
  const facts = { next: shortRecipient(next) }
  const found = identityIn(ring, next)
  if (newKey === undefined) {
    const [place] = found?.places ?? []
    return found && place
      ? { next: keptNext({ identity: found, place }, wishes) }
      : { refusals: [finding('next-not-at-hand', { object: 'identity' }, facts)] }
  }
  const { identities, place } = await readGiven(newKey, wishes)
  const given = identities.find(({ identity }) => identity.recipient === next)
  return given
    ? { next: keptNext(given, wishes) }
    : { refusals: [finding('new-key-differs', keyPlaceOf(place.file, repository.root), facts)] }
}

/** The identities of `--new-key`, each once. */
async function readGiven(
  keyFile: string,
  { caller: { cwd, env, signal }, repository: { root } }: Pick<NextWishes, 'caller' | 'repository'>,
): Promise<{ identities: PlacedIdentity[]; place: Pick<RingPlace, 'source' | 'file'> }> {
  const { text, ...place } = await requireKey({ keyFile, cwd, root, env, signal })
  const { identities } = await readIdentities(text, place.source, { env, signal })
  const unique = new Map(identities.map((one): [string, Identity] => [one.recipient, one]))
  return { identities: [...unique.values()].map((identity) => ({ identity, place })), place }
}
