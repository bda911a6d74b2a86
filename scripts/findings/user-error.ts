import { UserError, type UserErrorOptions } from '../lib/errors.ts'
import { type Entry, type FactsOf, fixOf, seenOf } from './entry.ts'

/** The error that ends a task with what was seen, and with what to do about it. */
export function errorOf<One extends Entry>(
  entry: One,
  facts: FactsOf<One>,
  options: Pick<UserErrorOptions, 'exitCode'> = {},
): UserError {
  return new UserError(seenOf(entry, facts), { hint: fixOf(entry, facts), ...options })
}
