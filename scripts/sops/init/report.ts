import { resolve } from 'node:path'
import { type Finding, severityOf, worded } from '../../findings/finding.ts'
import { markFindings } from '../../findings/fingerprint.ts'
import { asJson } from '../../findings/render/json.ts'
import { asText } from '../../findings/render/text.ts'
import type { Report } from '../../lib/caller.ts'
import { exit, UserError } from '../../lib/errors.ts'
import { shortCommit } from '../../lib/git/git.ts'
import { namesFrom } from '../../lib/paths.ts'
import { rows } from '../../lib/rows.ts'
import { shortRecipient } from '../../lib/sops/recipients.ts'
import { type InitResult, initCommitMessage } from './carry-out.ts'
import { nextHints } from './next.ts'
import type { InitOptions, InitPlan } from './plan.ts'

/** The answer of `--check`. @returns exit code 1 where something above a note was found */
export function reportMissing(plan: InitPlan, { caller }: InitOptions): Report {
  const found = [...plan.refused, ...plan.missing, ...plan.left]
  const isMissing = found.some((one) => severityOf(one) !== 'note')
  const nameOf = namesFrom(caller.cwd)
  const lines = asText(found, (file) => nameOf(resolve(plan.repository.root, file)))
  return {
    exitCode: isMissing ? exit.no : exit.done,
    lines: isMissing ? lines : [...lines, 'nothing is missing'],
    json: { result: isMissing ? 'missing' : 'unchanged', findings: markFindings(found).map(asJson) },
  }
}

/** The error for the first reason to make nothing (exit 1); for rules that can't be read exit 2. */
export function initRefusal(first: Finding, { repository }: InitPlan, { caller }: InitOptions): UserError {
  const nameOf = (file: string) => namesFrom(caller.cwd)(resolve(repository.root, file))
  const { message, fix } = worded(first, nameOf)
  const exitCode = first.code === 'rules-unreadable' ? exit.notDone : exit.no
  const where = first.file === undefined ? '' : `${nameOf(first.file)}: `
  return new UserError(`${where}${message}`, { hint: fix, exitCode })
}

/** What was made, and what comes next. */
export async function reportInit(plan: InitPlan, result: InitResult, options: InitOptions): Promise<Report> {
  const { caller, store, pq } = options
  const { root } = plan.repository
  const nameOf = namesFrom(caller.cwd)
  const shown = (file: string) => nameOf(resolve(root, file))
  const { identities, isNewIdentity, recipients, files, commit } = result
  const isChanged = isNewIdentity || files.length > 0
  for (const found of plan.left) {
    const where = found.file === undefined ? found.object : shown(found.file)
    caller.note(`warning: ${where}: ${worded(found).message}`)
  }
  if ((store !== undefined || pq) && !isNewIdentity)
    caller.note('--store and --pq are for a new identity, and there is one already')
  const source =
    plan.key?.place.source ?? (plan.newKeyFile && nameOf(plan.newKeyFile)) ?? 'kept by the command of --store'
  const hints = await nextHints(plan, result, options, nameOf)
  return {
    exitCode: exit.done,
    lines: [
      isChanged ? 'created what was missing' : 'unchanged',
      ...rows({
        identity: `${source}${isNewIdentity ? ' (new)' : ''}`,
        'public key': identities.map(({ recipient }) => shortRecipient(recipient)),
        ignored: plan.ignoreLine && `${plan.ignoreLine} (new in ${shown('.gitignore')})`,
        rules: plan.rules && `${shown('.sops.yaml')} (new)`,
        'for files': plan.rules?.list.map(
          ({ pathRegex, isForManifests }) => `${pathRegex}${isForManifests ? '' : ' (as a whole)'}`,
        ),
        'encrypted to': recipients?.map(shortRecipient),
        commit: commit && `${shortCommit(commit)} ${initCommitMessage}`,
      }),
    ],
    hints,
    json: {
      result: isChanged ? 'created' : 'unchanged',
      identity: { source, isNew: isNewIdentity, recipients: identities.map(({ recipient }) => recipient) },
      files,
      ...(plan.ignoreLine !== undefined && { ignoreLine: plan.ignoreLine }),
      ...(plan.rules && { rules: plan.rules.list.map(({ pathRegex }) => pathRegex), recipients }),
      findings: markFindings(plan.left).map(asJson),
      hints,
      ...(commit && { commit }),
    },
  }
}
