import { UserError } from '../../scripts/lib/errors.ts'

/** What a promise ends with, which has to be an error. @typeParam T what the test takes it for */
export async function errorOf<T extends Error>(promise: Promise<unknown>): Promise<T> {
  try {
    await promise
  } catch (error) {
    return error as T
  }
  throw new Error('nothing was thrown')
}

/** The `UserError` that a promise ends with. Any other end is a failure. */
export async function thrown(promise: Promise<unknown>): Promise<UserError> {
  const error = await errorOf(promise)
  if (error instanceof UserError) return error
  throw error
}
