import { type Finding, finding } from '../../../../findings/finding.ts'
import { shortRecipient } from '../../../../lib/sops/recipients.ts'
import type { WrittenRule } from '../../../../lib/sops/rule-text.ts'
import type { Check } from '../../checks.ts'
import { judgedRules } from '../rules/judged-rules.ts'

/** Finds what a single key opens: once for a rule, and for each file that no rule with keys selects. */
export const checkSingleRecipient: Check = (subject, sopsFiles) => [
  ...judgedRules(subject).flatMap(({ file, rules = [] }) =>
    rules.filter(hasOneKey).map((rule) => {
      const [recipient = 'the holder of one key'] = rule.groups.flatMap(({ age }) => age)
      const field = rule.groups[0]?.age.length ? 'age' : ''
      return note({ file, ...rule.placeOf(field) }, recipient)
    }),
  ),
  ...sopsFiles.flatMap(({ file, metadata }) => {
    const [group, ...others] = metadata?.groups ?? []
    const [key, ...more] = group?.age ?? []
    if (!metadata || !key || more.length + others.length + (group?.others.length ?? 0) > 0) return []
    const isRuled = subject.rules
      .choicesFor(file)
      .some(({ rule }) => rule?.groups.some(({ count }) => count > 0))
    const { line, column } = metadata
    return isRuled ? [] : note({ file, line, column }, key.recipient)
  }),
]

function hasOneKey({ groups }: WrittenRule): boolean {
  return groups.length === 1 && groups[0]?.count === 1
}

function note(place: { file: string; line: number; column: number }, recipient: string): Finding {
  return finding('single-recipient', place, { recipient: shortRecipient(recipient) })
}
