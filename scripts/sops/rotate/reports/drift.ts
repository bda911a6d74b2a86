import { markFindings } from '../../../findings/fingerprint.ts'
import { asJson } from '../../../findings/render/json.ts'
import type { Report } from '../../../lib/caller.ts'
import { exit } from '../../../lib/errors.ts'
import type { RotateOptions } from '../options.ts'
import { sayFinding } from '../refusal.ts'
import { driftOf } from '../state/drift.ts'
import type { Survey } from '../survey.ts'

/**
 * What can be told of a rotation without a cluster and without an identity, as in CI: whether files list whom their rules name.
 * @returns exit code 1 where they do not
 */
export async function reportDrift(survey: Survey, options: RotateOptions): Promise<Report> {
  const found = await driftOf(survey.places, survey.repository)
  for (const one of found) sayFinding(one, { options, stand: { survey } })
  const isOpen = found.length > 0
  return {
    exitCode: isOpen ? exit.no : exit.done,
    lines: [
      isOpen
        ? 'files and rules do not name the same recipients'
        : 'no rotation is open, as far as it can be told without an identity and a cluster',
    ],
    json: { result: isOpen ? 'open' : 'done', findings: markFindings(found).map(asJson) },
  }
}
