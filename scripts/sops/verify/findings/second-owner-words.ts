import type { OwnFacts, Words } from './finding.ts'

type Facts = OwnFacts['second-owner']

/** The words for a test Secret that more than one Kustomization applies. */
export function secondOwnerWords({ kustomization, owners, wrong, writer }: Facts): Words {
  const names = owners.map(({ id }) => id).join(' and ')
  const what = wrong === 'ciphertext' ? 'the ciphertext' : 'another value'
  const bare = owners.find(({ takesIn }) => takesIn === 'no-kustomization-file')
  return {
    message: [
      `is applied by ${kustomization} and by ${names}: whoever reconciles last decides what is in it`,
      ...(wrong ? [`${writer ?? 'one of them'} has written ${what} into it`] : []),
      ...owners.flatMap(howItComes),
    ].join('\n'),
    fix: bare
      ? `commit a kustomization.yaml in ${bare.directory} that lists what ${bare.id} is to apply, without the path of ${kustomization}`
      : `let only one of ${kustomization} and ${names} build this path`,
  }
}

function howItComes({ id, decrypts, takesIn, directory }: Facts['owners'][number]): string[] {
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
