import { sopsKeyFindings as found } from '../../findings/catalogue/sops-key.ts'
import { type Entry, type FactsOf, fixOf, seenOf } from '../../findings/entry.ts'
import { describeNotSeen } from '../../lib/applied/describe-not-seen.ts'
import type { Kept } from '../../lib/applied/kept.ts'
import { exit, UserError } from '../../lib/errors.ts'
import { type NameOf, shellWord } from '../../lib/paths.ts'
import { listRecipients, recipientsAmong } from '../../lib/sops/recipients.ts'
import type { KeyAt } from './fitting.ts'
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

/** What is always a way out. */
const keep = 'keep the old identity in the key file as well, or use --force'

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
    case 'sparse-checkout':
    case 'users-unseen':
      return words(takeOut, found[refusal.code], { keep })
    case 'files-unseen':
      return words(takeOut, found['files-unseen'], {
        kustomizations: listOf(
          refusal.notSeen.map((one) => `kustomization ${one.kustomization}: ${describeNotSeen(one)}`),
        ),
        keep,
      })
    case 'applied-files-lost': {
      const { files, notPushed } = refusal
      const code = notPushed === files.length ? 'applied-files-not-pushed' : 'applied-files-lost'
      return words(replace, found[code], {
        count: count(files.length, 'file'),
        are: files.length > 1 ? 'are' : 'is',
        files: listFiles(files),
      })
    }
    case 'files-lost': {
      const { files } = refusal
      return words(replace, found['files-lost'], {
        count: count(files.length, 'file'),
        files: listFiles(files),
      })
    }
    case 'opens-nothing': {
      const needed = recipientsAmong(refusal.files.flatMap(({ documents }) => documents))
      const write = `refusing to write the key of ${listRecipients(key.recipients)} to secret ${secret}:`
      return words(write, found['opens-nothing'], {
        recipients: listRecipients(needed) || 'keys that are not of age',
        files: listFiles(refusal.files),
      })
    }
    case 'other-repositories':
      return words(replace, found['other-repositories'], { context, urls: refusal.urls.join(', ') })
    case 'unknown-identities':
      return words(replace, found['unknown-identities'], {
        recipients: listRecipients(refusal.recipients),
        context,
        keep,
      })
    default: {
      const { seen, fix } = keptBy(refusal, nameOf)
      return { message: `refusing to change secret ${secret}: ${seen}`, hint: fix }
    }
  }
}

function words<One extends Entry>(
  refusing: string,
  entry: One,
  facts: FactsOf<One>,
): { message: string; hint: string } {
  return { message: `${refusing} ${seenOf(entry, facts)}`, hint: fixOf(entry, facts) }
}

/** Who keeps a Secret, and what to do about it; the Secret is `it`. */
export function keptBy(keeper: Kept, nameOf: NameOf): { seen: string; fix: string } {
  switch (keeper.code) {
    case 'kustomization': {
      const files = keeper.files.map(nameOf)
      const commands = files.map((file) => `\`sops edit ${shellWord(file)}\``)
      return both(found['kept-by-kustomization'], {
        kustomization: keeper.kustomization,
        from: files.length > 0 ? ` from ${files.join(', ')}` : '',
        where:
          files.length > 0
            ? `in git: ${commands.join(' and ')} or write it anew, commit and push`
            : 'in the source of that Kustomization',
      })
    }
    case 'owner': {
      const { kind, name } = keeper
      return both(found['kept-by-owner'], { kind, name, resource: kind.toLowerCase() })
    }
    default:
      return both(found['kept-by-tool'], {
        tool: keeper.tool,
        from: keeper.from ? ` from ${keeper.from}` : '',
        there: keeper.from ? `: ${keeper.from}` : '',
      })
  }
}

function both<One extends Entry>(entry: One, facts: FactsOf<One>): { seen: string; fix: string } {
  return { seen: seenOf(entry, facts), fix: fixOf(entry, facts) }
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
