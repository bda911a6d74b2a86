import { type Finding, finding } from '../../../findings/finding.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import { keyPlaceOf } from '../../new-key/key-place.ts'
import { chooseGiven } from './given.ts'
import { keyFileRefusals } from './key-file-refusals.ts'
import { firstNext, madeNext, type NextChoice, type NextWishes } from './next-key.ts'
import { filePlaceOf, identityIn, type KeyRing } from './ring.ts'
import { onlyOne, successorsIn } from './successors.ts'

/**
 * Chooses the identity that takes the place of the old one, before anything is encrypted to it: that of `--new-key`; one that is
 * at hand and was made for it, as after a run that was killed; or one that is made now, for the command of `--store` or for the key
 * file that the old one is in.
 * @throws UserError for a key that was named and can't be used; it never quotes it
 */
export async function chooseNext(wishes: NextWishes): Promise<NextChoice> {
  const { ring, old, newKey, store, repository } = wishes
  if (newKey !== undefined) return chooseGiven(newKey, wishes)
  const left = successorsIn(wishes)
  const [first] = left
  if (first) {
    const chosen = onlyOne(left, { old, place: first.place, root: repository.root })
    return 'refusals' in chosen ? chosen : firstNext(chosen, wishes)
  }
  if (store !== undefined) return madeNext({ command: store }, wishes)
  const own = identityIn(ring, old)
  const place = own && filePlaceOf(own)
  if (!place)
    return {
      refusals: [
        withoutPlace(old, own ? `that is in ${own.places[0]?.source} alone` : 'that is not at hand'),
      ],
    }
  const use = { recipient: old, isUsed: true, isWritten: true }
  const refusals = await keyFileRefusals(place.file, use, repository)
  if (refusals.length === 0) return madeNext({ file: place.file }, wishes)
  // what git has had it keeps: the file is no place for another one
  const isOpen = refusals.some(({ code }) => code === 'key-in-git')
  return { refusals: isOpen ? [...refusals, withoutPlace(old, 'git has that file')] : refusals }
}

function withoutPlace(old: string, where: string): Finding {
  return finding('next-without-place', { object: 'identity' }, { old: shortRecipient(old), where })
}

/**
 * That a key file has the new identity still, after a rotation was given up.
 * @param root of the repository @returns `undefined` where it is in none
 */
export function nextStays(ring: KeyRing, next: string, root: string): Finding | undefined {
  const found = identityIn(ring, next)
  const place = found && filePlaceOf(found)
  return place && finding('next-identity-stays', keyPlaceOf(place.file, root), { next: shortRecipient(next) })
}
