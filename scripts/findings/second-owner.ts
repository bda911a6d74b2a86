import type { TakesIn } from '../lib/repository/takes-in.ts'
import { type Finding, finding } from './finding.ts'
import { someOf } from './some-of.ts'

/** What somebody has written into an object besides the value that was encrypted. */
export type Wrong = 'ciphertext' | 'value'

/** Another Kustomization that has applied an object; `undefined` is what is not known of it. */
export interface Owner {
  id: string
  decrypts: boolean | undefined
  takesIn: TakesIn | undefined
  directory: string | undefined
}

/** Who has applied an object, and what was in it. */
interface SecondOwner {
  /** The one that is to apply it, `namespace/name`. */
  kustomization: string
  owners: readonly Owner[]
  /** What was in it besides the right value. */
  wrong: Wrong | undefined
  /** Who wrote that, or what is right where nothing was wrong. */
  writer: string | undefined
  /** What else they apply both, as `object`. */
  more?: readonly string[]
}

/** That more than one Kustomization applies an object. @param object as `secret default/db` */
export function secondOwner(
  object: string,
  { kustomization, owners, wrong, writer, more = [] }: SecondOwner,
): Finding {
  const what = wrong === 'ciphertext' ? 'the ciphertext' : 'another value'
  const details = [
    ...(wrong
      ? [`${writer ?? 'one of them'} has written ${what} into it`]
      : [writer ?? []].flat().map((id) => `${id} has applied it last`)),
    ...owners.flatMap(howItComes),
    ...(more.length > 0 ? [`they apply ${someOf(more, 3)} as well`] : []),
  ]
  const bare = owners.find(({ takesIn }) => takesIn === 'no-kustomization-file')
  return finding(
    'second-owner',
    { object },
    {
      kustomization,
      others: owners.map(({ id }) => id).join(' and '),
      details: details.map((line) => `\n${line}`).join(''),
      how: bare
        ? `: commit a kustomization.yaml in ${bare.directory} that lists what ${bare.id} is to apply, without the path of ${kustomization}`
        : '',
    },
  )
}

function howItComes({ id, decrypts, takesIn, directory }: Owner): string[] {
  const undecrypted = decrypts === false ? ', without decryption' : ''
  switch (takesIn) {
    case 'same-path':
      return [`${id} has the same path${undecrypted}`]
    case 'no-kustomization-file':
      return [
        `${id} has the path ${directory} and no kustomization file there, so it takes in everything below${undecrypted}`,
      ]
    case 'includes':
      return [`the kustomization file in ${directory}, the path of ${id}, includes it${undecrypted}`]
    default:
      return undecrypted ? [`${id} has no decryption`] : []
  }
}
