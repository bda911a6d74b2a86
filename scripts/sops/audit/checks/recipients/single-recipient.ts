import { type Finding, finding } from '../../../../findings/finding.ts'
import type { TextPlace } from '../../../../lib/sops/reader/reading.ts'
import { shortRecipient } from '../../../../lib/sops/recipients.ts'
import { hasKeys } from '../../../../lib/sops/rule-keys.ts'
import type { Check } from '../../check.ts'
import { judgedRules } from '../rules/judged-rules.ts'

/** Something that one recipient of age alone can open. */
interface Single extends TextPlace {
  file: string
  recipient: string
}

/**
 * Finds what a single key of age opens. It is said once for each key: at the first of the rules of a file, and at the first of the
 * files that no rule with keys selects.
 */
export const checkSingleRecipient: Check = (subject, sopsFiles) => {
  const rules = judgedRules(subject).map(({ file, rules: listed = [] }) =>
    listed.flatMap(({ groups, placeOf }): Single[] => {
      const [group, ...others] = groups
      const [recipient] = group?.age ?? []
      if (!recipient || group?.count !== 1 || others.length > 0) return []
      return [{ file, recipient, ...placeOf('age') }]
    }),
  )
  const files = sopsFiles.flatMap(({ file, metadata }): Single[] => {
    const [group, ...others] = metadata?.groups ?? []
    const [key, ...more] = group?.age ?? []
    if (!metadata || !key || more.length + others.length + (group?.others.length ?? 0) > 0) return []
    const isRuled = subject.rules.selecting(file).some(({ rule }) => hasKeys(rule.groups))
    const { line, column } = metadata
    return isRuled ? [] : [{ file, recipient: key.recipient, line, column }]
  })
  return [
    ...rules.flatMap((found) => notes(found, 'what this rule encrypts', 'rule')),
    ...notes(files, 'this file', 'file'),
  ]
}

function notes(found: readonly Single[], first: string, other: string): Finding[] {
  const byRecipient = Map.groupBy(found, ({ recipient }) => recipient)
  return [...byRecipient].flatMap(([recipient, [one, ...more]]) => {
    const others = more.length > 0 ? ` and ${more.length} other ${other}${more.length > 1 ? 's' : ''}` : ''
    const facts = { recipient: shortRecipient(recipient), what: first + others }
    const { file, line, column } = one ?? {}
    return finding('single-recipient', { file, line, column }, facts)
  })
}
