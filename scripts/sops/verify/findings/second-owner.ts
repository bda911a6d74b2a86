import { type Finding, finding } from '../../../findings/finding.ts'

/** How a Kustomization comes to build what is in the path of another one. */
export type TakesIn =
  /** It has the same path. */
  | 'same-path'
  /** Its path has no kustomization file, so that it builds all that is below it. */
  | 'no-kustomization-file'
  /** Its kustomization file includes it, directly or through others. */
  | 'includes'
  /** What it builds cannot all be seen in the files. */
  | 'not-followed'

/** What somebody has written into the test Secret besides the value that was encrypted. */
export type Wrong = 'ciphertext' | 'value'

/** Another Kustomization that has applied the test Secret; `undefined` is what is not known of it. */
interface Owner {
  id: string
  decrypts: boolean | undefined
  takesIn: TakesIn | undefined
  directory: string | undefined
}

/** Who has applied the test Secret, and what was in it. */
interface SecondOwner {
  /** The one that is verified, `namespace/name`. */
  kustomization: string
  owners: readonly Owner[]
  /** What was in it besides the right value. */
  wrong: Wrong | undefined
  /** Who wrote that. */
  writer: string | undefined
}

/** That more than one Kustomization applies the test Secret. */
export function secondOwner(object: string, { kustomization, owners, wrong, writer }: SecondOwner): Finding {
  const what = wrong === 'ciphertext' ? 'the ciphertext' : 'another value'
  const details = [
    ...(wrong ? [`${writer ?? 'one of them'} has written ${what} into it`] : []),
    ...owners.flatMap(howItComes),
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
