import { placesIn } from '../../../lib/sops/reader/places.ts'
import { type Departure, type FileText, type Listed, listedIn } from '../rotation.ts'
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
export function listedInRules(files: readonly FileText[], rotation: Departure): ListedRule[] {
  return files.flatMap(({ file, text }) => {
    const recipients = [rotation.old, rotation.next].filter((recipient) => recipient !== undefined)
    if (!recipients.some((recipient) => text.includes(recipient))) return []
    const placeOf = placesIn(text)
    return readRuleSites(text).rules.flatMap(({ name, groups, sites, offset }): ListedRule[] => {
      const status = listedIn([{ groups, threshold: groups.length }], rotation)
      if (status === 'neither') return []
      const site = recipients
        .map((recipient) => sites.find(({ scalar }) => `${scalar.value}`.includes(recipient)))
        .find(Boolean)
      return [{ file, line: placeOf(site?.item.range?.[0] ?? offset).line, rule: name, status }]
    })
  })
}
