import { shortCommit, withoutCredentials } from '../git/git.ts'
import { describeGap } from '../kustomize/gap.ts'
import type { NotSeen } from './decrypted-files.ts'

/** Why it is not seen what a Kustomization builds or decrypts, as people read it behind its name. */
export function describeNotSeen(why: NotSeen): string {
  switch (why.code) {
    case 'no-repository':
      return 'this is no git repository'
    case 'source-kind':
      return `its source is of kind ${why.kind}`
    case 'source-missing':
      return `its source ${why.source} is not in the cluster`
    case 'no-revision':
      return `its source ${why.source} has fetched nothing yet`
    case 'not-applied':
      return 'it has applied nothing yet'
    case 'source-composed':
      return `its source ${why.source} takes in submodules or other sources`
    case 'other-repository':
      return `it is from ${withoutCredentials(why.url)}, and that is not this repository`
    case 'not-fetched':
      return `its commit ${shortCommit(why.commit)} is not here and could not be fetched`
    case 'not-followed':
      return describeGap(why.gap)
    default:
      return `who can decrypt ${why.file} cannot be read`
  }
}
