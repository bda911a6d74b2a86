import type { UserError } from '../lib/errors.ts'
import { sopsKeyFindings as found } from './catalogue/sops-key.ts'
import { errorOf } from './user-error.ts'

/** The error for a Secret that somebody has put back at once. */
export function putBack(secret: string): UserError {
  return errorOf(found['put-back'], { secret })
}

/** The error for a Secret that was changed since it was read. @param what `cannot write secret a/b` */
export function changedMeanwhile(what: string): UserError {
  return errorOf(found['changed-meanwhile'], { what })
}

/** The error for Secrets that were written before one failed, and could not be taken back. */
export function notUndone(error: UserError, namespaces: readonly string[]): UserError {
  const { message, hint = 'run it again', exitCode } = error
  return errorOf(found['not-undone'], { message, namespaces: namespaces.join(', '), hint }, { exitCode })
}
