import { createTwoFilesPatch } from 'diff'
import { redact } from './redact.ts'

/**
 * A unified diff that `git apply` takes in the root of the repository; empty where nothing changes.
 * A private key that stands in the lines around a change is redacted.
 * @param file relative to the root of the repository
 * @param before `undefined`: it is made
 */
export function unifiedDiff(file: string, before: string | undefined, after: string): string {
  if (before === after) return ''
  const old = before === undefined ? '/dev/null' : `a/${file}`
  const patch = createTwoFilesPatch(old, `b/${file}`, before ?? '', after, undefined, undefined, {
    context: 3,
  })
  return redact(patch.slice(patch.indexOf('---')))
}
