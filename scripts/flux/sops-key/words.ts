import type { NotSeen } from '../../lib/applied/decrypted-files.ts'
import { type AgeEntry, ageDataKey } from '../../lib/cluster/key-secret.ts'
import { exit, UserError } from '../../lib/errors.ts'
import { withoutCredentials } from '../../lib/git.ts'
import type { NameOf } from '../../lib/paths.ts'
import type { KeyFileProblem } from '../../lib/sops/key-file.ts'
import type { Outage } from './outage.ts'
import type { SecretPlan } from './plan.ts'

/** How many files or Kustomizations a refusal lists before it only counts them. */
const listed = 20

const keepBoth = 'keep the old identity in the key file as well, or use --force'

/** What a refusal is about. */
export interface Refused {
  /** `namespace/name` */
  secret: string
  /** Where the new key was found. */
  source: string
  /** How the files of the repository are called for the user. */
  nameOf: NameOf
}

/** The refusal to cause an outage. It ends with 1, and names the place of the key, which can be that of another cluster. */
export function refusalOf(outage: Outage, { secret, source, nameOf }: Refused): UserError {
  const refuse = (why: string, hint: string) =>
    new UserError(why, { hint: `${hint}. The new key is that of ${source}`, exitCode: exit.no })
  const takeOut = 'refusing to take an identity out of the Secret:'
  const replace = `refusing to replace the key in secret ${secret}: Flux could no longer decrypt`
  switch (outage.code) {
    case 'no-repository':
      return refuse(
        `${takeOut} this is no git repository, so it cannot be checked whether files still need it`,
        `run it inside the repository, ${keepBoth}`,
      )
    case 'sparse-checkout':
      return refuse(
        `${takeOut} this is a sparse checkout, so it cannot be checked whether the files that are not in it still need it`,
        `\`git sparse-checkout disable\` brings them, or ${keepBoth}`,
      )
    case 'not-seen':
      return refuse(
        `${takeOut} it cannot be seen which files these Kustomizations decrypt with it:${listOf(outage.notSeen.map(describeNotSeen))}`,
        `run it in the repository that they are in, ${keepBoth}`,
      )
    case 'applied-files-lost': {
      const { files, notPushed } = outage
      const isOnlyHere = notPushed.length === files.length
      return refuse(
        `${replace} ${count(files.length, 'file')} that ${files.length > 1 ? 'are' : 'is'} applied now:${listOf(files.map(nameOf))}`,
        isOnlyHere
          ? 'in your working tree they do not need the old key any more: push, wait until Flux has applied it, and run this again'
          : rotation,
      )
    }
    default:
      return refuse(
        `${replace} ${count(outage.files.length, 'file')} of this repository:${listOf(outage.files.map(nameOf))}`,
        rotation,
      )
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
    case 'other-repository':
      return `${of} it is from ${withoutCredentials(why.url)}, and that is not this repository`
    case 'not-followed':
      return `${of} ${why.gap.file} ${why.gap.field === undefined ? "can't be read" : `uses ${why.gap.field}`}`
    default:
      return `${of} who can decrypt ${why.file} cannot be read`
  }
}

function listOf(entries: readonly string[]): string {
  const shown = entries.slice(0, listed).map((entry) => `\n  ${entry}`)
  if (entries.length > shown.length) shown.push(`\n  … and ${entries.length - shown.length} more`)
  return shown.join('')
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number > 1 ? 's' : ''}`
}

/** The error for a Secret that can't be changed. */
export function obstacleError({ namespace, live, obstacle }: SecretPlan, name: string): UserError {
  const fix = `it can only be deleted and made again, and until then Flux decrypts nothing: kubectl delete secret ${name} -n ${namespace}`
  return obstacle === 'immutable'
    ? new UserError(`cannot change secret ${namespace}/${name}: it is immutable`, { hint: fix })
    : new UserError(`cannot change secret ${namespace}/${name}: it is of type ${live?.type}, not Opaque`, {
        hint: `${fix}; or use another --name`,
      })
}

/** The warning of an identity that nothing uses. */
export function unusedIdentity(recipient: string): string {
  return `no file of this repository is encrypted to ${recipient}, and no .sops.yaml names it: is this the right key?`
}

/** The warnings of the entries that stay and that the controller cannot read, with the way to remove each. */
export function unreadableEntries(
  entries: readonly AgeEntry[],
  { namespace, name }: { namespace: string; name: string },
): string[] {
  return entries.flatMap(({ dataKey, badLine }) => {
    if (!badLine || dataKey === ageDataKey) return []
    const patch = JSON.stringify([{ op: 'remove', path: `/data/${dataKey}` }])
    return [
      `the controller cannot read ${dataKey} of secret ${namespace}/${name} (${badLine.reason}), so every Kustomization that uses the Secret fails; to remove it: kubectl patch secret ${name} -n ${namespace} --type=json -p '${patch}'`,
    ]
  })
}

/** The note on lines of the key with an identity of a plugin. */
export function pluginLeftOut(source: string, lines: readonly number[]): string {
  return `line ${lines.join(', ')} of ${source} is left out: a plugin identity, for which the controller has no plugin`
}

/** The warning of a key file that git has or could get, or that others can read. */
export function keyFileWarning(source: string, problem: KeyFileProblem): string {
  switch (problem) {
    case 'tracked':
      return `${source} is tracked by git: everybody who has the repository has the private key. Take it out (\`git rm --cached\`), and change the key`
    case 'not-ignored':
      return `${source} is not ignored by git, and \`git add\` would take it: add it to .gitignore`
    default:
      return `others on this machine can read ${source}: \`chmod 600\` changes that`
  }
}
