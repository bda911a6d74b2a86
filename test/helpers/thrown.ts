import { UserError } from '../../scripts/lib/errors.ts'

/** The `UserError` that a promise ends with. Any other end is a failure. */
export async function thrown(promise: Promise<unknown>): Promise<UserError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
