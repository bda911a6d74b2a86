import { placesIn } from '../../../lib/sops/reader/places.ts'
import { type FileText, type Listed, listedIn, type Rotation } from '../rotation.ts'
import { readRuleSites } from './rule-sites.ts'

/** A rule that names a recipient of a rotation. */
export interface ListedRule {
  file: string
  /** Where the old recipient stands, or else the new one. */
  line: number
  /** `creation rule 2`. */
  rule: string
  status: Exclude<Listed, 'neither'>
}

/** How the rules stand in a rotation. Of files that sops can't read nothing is said. */
export function listedInRules(files: readonly FileText[], rotation: Rotation): ListedRule[] {
  return files.flatMap(({ file, text }) => {
    if (!text.includes(rotation.old) && !text.includes(rotation.next)) return []
    const placeOf = placesIn(text)
    return readRuleSites(text).rules.flatMap(({ name, groups, sites, offset }): ListedRule[] => {
      const status = listedIn([{ groups, threshold: groups.length }], rotation)
      if (status === 'neither') return []
      const named = status === 'new-only' ? rotation.next : rotation.old
      const site = sites.find(({ scalar }) => `${scalar.value}`.includes(named))
      return [{ file, line: placeOf(site?.item.range?.[0] ?? offset).line, rule: name, status }]
    })
  })
}
