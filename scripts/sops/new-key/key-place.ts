import type { FindingPlace } from '../../findings/finding.ts'
import { pathBelow } from '../../lib/paths.ts'

/**
 * Where a finding about a key file stands.
 * @param file absolute; `undefined`: the finding is about an identity that is in no file
 */
export function keyPlaceOf(file: string | undefined, root: string): FindingPlace {
  if (file === undefined) return { object: 'identity' }
  const inside = pathBelow(root, file)
  return inside === undefined ? { object: file } : { file: inside }
}
