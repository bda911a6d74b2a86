import { basename, join } from 'node:path'
import { initFindings } from '../../findings/catalogue/init.ts'
import { errorOf } from '../../findings/user-error.ts'
import { exit } from '../../lib/errors.ts'
import { type FileChange, keepIf, replaceFiles } from '../../lib/file-changes.ts'
import { commitFiles, refuseUncommitted } from '../../lib/git/commit.ts'
import { namesFrom } from '../../lib/paths.ts'
import type { Identity } from '../../lib/sops/age.ts'
import { configName } from '../../lib/sops/creation-rules.ts'
import { makeIdentity, type NewIdentity } from '../new-key/identity.ts'
import { storeIdentity } from '../new-key/store.ts'
import { namesNotIgnored, withIgnoreLine } from './ignore.ts'
import { makeKeyFile } from './key-file.ts'
import type { InitOptions, InitPlan } from './plan.ts'
import { ruleFileText } from './rules.ts'
import { tryRules } from './trial.ts'

/** The message of the commit that `--commit` makes. */
export const initCommitMessage = 'feat(sops): encrypt with age'

/** What was made. */
export interface InitResult {
  identities: readonly Identity[]
  /** Whether the identity was made now. */
  isNewIdentity: boolean
  /** The recipients of the new rules; `undefined` where there were rules. */
  recipients: string[] | undefined
  /** What was written besides the key, relative to the root. */
  files: string[]
  commit: string | undefined
}

/**
 * Makes what is missing, all of it or nothing: the rules are tried before, and where git takes the key file in spite of all, or the
 * commit fails, everything is taken back.
 * @throws UserError where it could not be made
 */
export async function carryOut(plan: InitPlan, options: InitOptions): Promise<InitResult> {
  const { repository } = plan
  const { caller, commit, store } = options
  const made = plan.key ? undefined : await makeIdentity(options.pq, caller)
  const identities = plan.key?.identities ?? (made ? [made.identity] : [])
  const recipients = plan.rules && newRecipients(plan.rules.recipients, identities, options.backup)
  const changes = await changesOf(plan, identities, recipients)
  const files = namesOf(changes)
  const shown = (file: string) => namesFrom(caller.cwd)(join(repository.root, file))
  if (commit) await refuseUncommitted(repository, files, shown)
  if (made && store !== undefined) await storeIdentity(store, made, caller)
  try {
    const done = await write(plan, made, changes, options)
    return { identities, isNewIdentity: made !== undefined, recipients, files, commit: done }
  } catch (error) {
    if (made && store !== undefined)
      caller.note(`the command of --store has the identity of ${made.identity.recipient} all the same`)
    throw error
  }
}

/** The recipients of the files that are there, or else those of the identities, then the backups. */
function newRecipients(
  ofFiles: readonly string[],
  identities: readonly Identity[],
  backup: readonly string[],
): string[] {
  const own = identities.map(({ recipient }) => recipient)
  return [...new Set([...(ofFiles.length > 0 ? ofFiles : own), ...backup])]
}

/** All are at the root of the repository. */
function namesOf(changes: readonly FileChange[]): string[] {
  return changes.map(({ path }) => basename(path))
}

/** The new texts. @throws UserError where the rules do not work */
async function changesOf(
  { repository, rules, ignoreLine, gitignore }: InitPlan,
  identities: readonly Identity[],
  recipients: readonly string[] | undefined,
): Promise<FileChange[]> {
  const changes: FileChange[] = []
  if (ignoreLine !== undefined) {
    const path = join(repository.root, '.gitignore')
    changes.push({ path, before: gitignore, after: withIgnoreLine(gitignore, ignoreLine) })
  }
  if (rules && recipients) {
    const after = ruleFileText(rules.list, { recipients, indent: rules.indent })
    const openers = identities.filter(({ recipient }) => recipients.includes(recipient))
    await tryRules(after, rules.list, openers, repository)
    changes.push({ path: join(repository.root, configName), before: undefined, after })
  }
  return changes
}

/** The key first, so that no rule names one that is nowhere. @returns the commit, where one was wanted */
async function write(
  { repository, newKeyFile, keyName, ignoreLine }: InitPlan,
  made: NewIdentity | undefined,
  changes: readonly FileChange[],
  { caller, commit }: InitOptions,
): Promise<string | undefined> {
  const nameOf = namesFrom(caller.cwd)
  const takeKeyAway = made && newKeyFile !== undefined ? makeKeyFile(newKeyFile, made.text, nameOf) : () => {}
  try {
    replaceFiles(changes, nameOf)
    return await keepIf(changes, { nameOf, note: caller.note }, async () => {
      const [name] = keyName === undefined ? [] : await namesNotIgnored(repository, keyName)
      if (name !== undefined) {
        const facts = { name, ignoreLine: ignoreLine ?? '' }
        throw errorOf(initFindings['still-not-ignored'], facts, { exitCode: exit.no })
      }
      return commit && changes.length > 0
        ? commitFiles(repository, namesOf(changes), initCommitMessage, caller.note)
        : undefined
    })
  } catch (error) {
    takeKeyAway()
    throw error
  }
}
