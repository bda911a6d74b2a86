import { join, relative } from 'node:path'
import { testSecretFindings as entries } from '../../findings/catalogue/test-secret.ts'
import { errorOf } from '../../findings/user-error.ts'
import { listShared } from '../../lib/git/git.ts'
import { namesFrom } from '../../lib/paths.ts'
import { run } from '../../lib/run.ts'
import type { TestSecretCaller } from './checks.ts'
import { directoryOf, type Place } from './place.ts'

/**
 * Sees to it that no `.gitignore` keeps files of a test Secret out of git.
 * @param names relative to its directory
 * @throws UserError where one does, with the file and the pattern
 */
export async function refuseIgnored(
  place: Place,
  names: readonly string[],
  { cwd, env, signal }: TestSecretCaller,
): Promise<void> {
  const { root } = place
  const files = names.map((name) => relative(root, join(directoryOf(place), name)))
  const known = await listShared({ root, env, signal }, files)
  const ignored = files.filter((file) => !known.includes(file))
  const [first] = ignored
  if (first === undefined) return
  // `SOURCE:LINE:PATTERN<tab>FILE`
  const found = await run(['git', 'check-ignore', '--verbose', '--', first], {
    cwd: root,
    env,
    signal,
    okCodes: [1],
  })
  const [by] = found.split('\t')
  const shown = ignored.map((file) => namesFrom(cwd)(join(root, file))).join(' and ')
  throw errorOf(entries['ignored-by-git'], { files: shown, by: by ? ` (${by})` : '' })
}
