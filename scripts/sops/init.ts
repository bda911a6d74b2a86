import type { Report } from '../lib/caller.ts'
import { checkBackups } from './init/backup.ts'
import { carryOut } from './init/carry-out.ts'
import { type InitOptions, planInit } from './init/plan.ts'
import { initRefusal, reportInit, reportMissing } from './init/report.ts'

/**
 * Makes what a repository lacks before files can be encrypted in it: an age identity, a line in `.gitignore`, creation rules. What is
 * there stays as it is, and all is made or nothing.
 *
 * @returns exit code 1 where `check` found something missing
 * @throws UserError where it could not be made (exit 2) or must not be made (exit 1). No message and no output holds the identity.
 */
export async function init(options: InitOptions): Promise<Report> {
  checkBackups(options.backup)
  const plan = await planInit(options)
  if (options.check) return reportMissing(plan, options)
  const [refused] = plan.refused
  if (refused) throw initRefusal(refused, plan, options)
  return reportInit(plan, await carryOut(plan, options), options)
}
