import type { NotSeen } from '../../lib/applied/decrypted-files.ts'
import { exit, UserError } from '../../lib/errors.ts'
import { shortCommit, withoutCredentials } from '../../lib/git.ts'
import { describeGap } from '../../lib/kustomize/gap.ts'
import type { NameOf } from '../../lib/paths.ts'
import { listRecipients, recipientsAmong } from '../../lib/sops/recipients.ts'
import type { KeyAt } from './fitting.ts'
import type { Kept } from './kept.ts'
import type { FileInQuestion, Outage } from './outage.ts'
import type { WrongCluster } from './wrong-cluster.ts'

/** Why a Secret is not written. */
export type KeyRefusal = Outage | WrongCluster | Kept

/** What a refusal is about. */
export interface Refused {
  /** `namespace/name` */
  secret: string
  /** The name of the context. */
  context: string
  /** Where the new key was found, and its recipients. */
  key: KeyAt
  /** Another place, whose key opens the files. */
  fitting: KeyAt | undefined
  /** How the files of the repository are called for the user. */
  nameOf: NameOf
}

/** How many files or Kustomizations a refusal lists before it only counts them. */
const listed = 20

const keepBoth = 'keep the old identity in the key file as well, or use --force'

/** The refusal to write a key. It ends with 1, and names the place of the key, which can be that of another cluster. */
export function refusalOf(refusal: KeyRefusal, refused: Refused): UserError {
  const { message, hint } = sentenceOf(refusal, refused)
  const { key, fitting } = refused
  const better = fitting ? `; that of ${fitting.source} (${listRecipients(fitting.recipients)}) fits` : ''
  return new UserError(message, {
    hint: `${hint}. The new key is that of ${key.source}${better}`,
    exitCode: exit.no,
  })
}

/** The words of a refusal, without the place of the key. */
function sentenceOf(refusal: KeyRefusal, refused: Refused): { message: string; hint: string } {
  const { secret, context, key, nameOf } = refused
  const takeOut = 'refusing to take an identity out of the Secret:'
  const replace = `refusing to replace the key in secret ${secret}:`
  const listFiles = (files: readonly FileInQuestion[]) => listOf(files.map(({ file }) => nameOf(file)))
  switch (refusal.code) {
    case 'no-repository':
      return {
        message: `${takeOut} this is no git repository, so it cannot be checked whether files still need it`,
        hint: `run it inside the repository, ${keepBoth}`,
      }
    case 'sparse-checkout':
      return {
        message: `${takeOut} this is a sparse checkout, so it cannot be checked whether the files that are not in it still need it`,
        hint: `\`git sparse-checkout disable\` brings them, or ${keepBoth}`,
      }
    case 'not-listed':
      return {
        message: `${takeOut} you may not list the Kustomizations and GitRepositories of the cluster, so it cannot be seen what still needs it`,
        hint: `ask for the right to list them in all namespaces, ${keepBoth}`,
      }
    case 'not-seen':
      return {
        message: `${takeOut} it cannot be seen which files these Kustomizations decrypt with it:${listOf(refusal.notSeen.map(describeNotSeen))}`,
        hint: `run it in the repository that they are in, ${keepBoth}`,
      }
    case 'applied-files-lost': {
      const { files, notPushed } = refusal
      return {
        message: `${replace} Flux could no longer decrypt ${count(files.length, 'file')} that ${files.length > 1 ? 'are' : 'is'} applied now:${listFiles(files)}`,
        hint:
          notPushed === files.length
            ? 'in your working tree they do not need the old key any more: push, wait until Flux has applied it, and run this again'
            : rotation,
      }
    }
    case 'files-lost':
      return {
        message: `${replace} Flux could no longer decrypt ${count(refusal.files.length, 'file')} of this repository:${listFiles(refusal.files)}`,
        hint: rotation,
      }
    case 'opens-nothing': {
      const needed = recipientsAmong(refusal.files.flatMap(({ documents }) => documents))
      return {
        message: `refusing to write the key of ${listRecipients(key.recipients)} to secret ${secret}: it opens none of the files that Flux decrypts with it, which are for ${listRecipients(needed) || 'keys that are not of age'}:${listFiles(refusal.files)}`,
        hint: 'use the key of one of these recipients (--key-file), or --force',
      }
    }
    case 'other-repositories':
      return {
        message: `${replace} the cluster of context ${context} does not follow this repository, but ${refusal.urls.join(', ')}`,
        hint: 'is this the right cluster (--context)? Go to a clone of what it follows, or use --force',
      }
    case 'unknown-identities':
      return {
        message: `${replace} it holds the key of ${listRecipients(refusal.recipients)}, which no file and no .sops.yaml of this repository names`,
        hint: `is ${context} the right cluster (--context)? Run it in the repository that this key is for, ${keepBoth}`,
      }
    default: {
      const { who, where } = keptBy(refusal, nameOf)
      return {
        message: `refusing to change secret ${secret}: ${who}, and would put it back`,
        hint: `change it ${where}, or use --force, which lasts until then`,
      }
    }
  }
}

/** Who keeps a Secret, and where it is to be changed. */
export function keptBy(keeper: Kept, nameOf: NameOf): { who: string; where: string } {
  switch (keeper.code) {
    case 'kustomization': {
      const files = keeper.files.map(nameOf).join(', ')
      return {
        who: `kustomization ${keeper.kustomization} applies it${files ? ` from ${files}` : ''}`,
        where: files
          ? `in git: \`sops edit ${files}\` or write it anew, commit and push`
          : 'in the source of that Kustomization',
      }
    }
    case 'owner':
      return {
        who: `${keeper.kind} ${keeper.name} keeps it`,
        where: `where that takes it from (\`kubectl describe ${keeper.kind.toLowerCase()} ${keeper.name}\`)`,
      }
    default: {
      const from = keeper.from ? ` from ${keeper.from}` : ''
      return { who: `${keeper.tool} makes it${from}`, where: keeper.from ? `there: ${keeper.from}` : 'there' }
    }
  }
}

const rotation =
  'put the old and the new identity into the key file, one a line, and run this again; then add the new recipient to .sops.yaml, run `sops updatekeys` on these files, push, and run this with the new identity alone. --force replaces the key all the same'

function describeNotSeen(why: NotSeen): string {
  const of = `kustomization ${why.kustomization}:`
  switch (why.code) {
    case 'no-repository':
      return `${of} this is no git repository`
    case 'source-kind':
      return `${of} its source is of kind ${why.kind}`
    case 'source-missing':
      return `${of} its source ${why.source} is not in the cluster`
    case 'no-revision':
      return `${of} its source ${why.source} has fetched nothing yet`
    case 'source-composed':
      return `${of} its source ${why.source} takes in submodules or other sources`
    case 'other-repository':
      return `${of} it is from ${withoutCredentials(why.url)}, and that is not this repository`
    case 'not-fetched':
      return `${of} its commit ${shortCommit(why.commit)} is not here and could not be fetched`
    case 'not-followed':
      return `${of} ${describeGap(why.gap)}`
    default:
      return `${of} who can decrypt ${why.file} cannot be read`
  }
}

function listOf(entries: readonly string[]): string {
  const shown = entries.slice(0, listed).map((entry) => `\n  ${entry}`)
  if (entries.length > shown.length) shown.push(`\n  … and ${entries.length - shown.length} more`)
  return shown.join('')
}

/** `1 file`, `2 files` */
function count(number: number, noun: string): string {
  return `${number} ${noun}${number > 1 ? 's' : ''}`
}
