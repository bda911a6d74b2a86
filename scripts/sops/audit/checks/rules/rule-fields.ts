import { type Finding, type FindingPlace, finding } from '../../../../findings/finding.ts'
import { goRegexProblem } from '../../../../lib/sops/go-expression.ts'
import { selectorNames } from '../../../../lib/sops/reader/reading.ts'
import { groupFields, ruleFields } from '../../../../lib/sops/rule-fields.ts'
import { hasKeys, keyFieldsOfRule } from '../../../../lib/sops/rule-keys.ts'
import type { WrittenRule } from '../../../../lib/sops/rule-text.ts'
import { isMapping, listAt, textAt, valueAt } from '../../../../lib/yaml/values.ts'
import type { Check } from '../../check.ts'
import { judgedRules } from './judged-rules.ts'

/** Looks at what is written in each creation rule. */
export const checkRuleFields: Check = (subject) =>
  judgedRules(subject).flatMap(({ file, rules: listed = [] }) =>
    listed.flatMap((rule) => {
      const at = (field: string): FindingPlace => ({ file, ...rule.placeOf(field) })
      return [...expressions(rule, at), ...settings(rule, at), ...keys(rule, at), ...unknown(rule, at)]
    }),
  )

/** Where a field of the rule is written. */
type PlaceOf = (field: string) => FindingPlace

function expressions({ number: index, pathRegex = '', value }: WrittenRule, at: PlaceOf): Finding[] {
  const number = `${index}`
  const problem = goRegexProblem(pathRegex)
  const part = problem ? undefined : globPart(pathRegex)
  const selectors = selectorNames.filter((field) => field.endsWith('_regex'))
  return [
    ...(part ? [finding('rule-glob', at('path_regex'), { number, part })] : []),
    ...(problem ? [finding('rule-regex-broken', at('path_regex'), { number, problem })] : []),
    ...selectors.flatMap((field) => {
      const wrong = goRegexProblem(textAt(value, field) ?? '')
      return wrong ? finding('rule-selector-broken', at(field), { number, field, problem: wrong }) : []
    }),
  ]
}

/**
 * What is a glob in a text that should be a regular expression: `*` where nothing but a name or a directory is before it, or
 * names in braces.
 */
function globPart(expression: string): string | undefined {
  const plain = expression.replace(/\[(?:\\.|[^\]\\])*\]/g, '[]').replace(/\\[^/]/g, '[]')
  const [star] = /(?:^|[\w/-])\*+[\w./-]*/.exec(plain) ?? []
  const [braces] = /\{\w*[a-z]\w*(?:,\w+)+\}/.exec(plain) ?? []
  return star ?? braces
}

function settings({ number, value }: WrittenRule, at: PlaceOf): Finding[] {
  const set = selectorNames.filter((field) => valueAt(value, field))
  const [, second = ''] = set
  if (set.length < 2) return []
  return [finding('rule-settings-clash', at(second), { number: `${number}`, fields: set.join(' and ') })]
}

function keys({ number: index, groups, value }: WrittenRule, at: PlaceOf): Finding[] {
  const number = `${index}`
  if (!hasKeys(groups))
    return [
      finding('rule-without-key', at(listAt(value, 'key_groups').length ? 'key_groups' : ''), { number }),
    ]
  if (listAt(value, 'key_groups').length === 0) return []
  return keyFieldsOfRule
    .filter((field) => !isEmpty(valueAt(value, field)))
    .map((field) => finding('rule-keys-ignored', at(field), { number, field }))
}

/** Fields with which people explain a rule. */
const explaining = /^(?:name|comment|description|note|x-.*|_.*)$/i

function unknown({ number, value }: WrittenRule, at: PlaceOf): Finding[] {
  const strange = (inner: unknown, known: readonly string[]): string[] =>
    isMapping(inner)
      ? Object.keys(inner).filter(
          (field) => !known.includes(field) && !isEmpty(inner[field]) && !explaining.test(field),
        )
      : []
  const say = (known: readonly string[], place: string) => (field: string) =>
    finding('rule-field-unknown', at(place || field), {
      number: `${number}`,
      field,
      known: nearest(field, known),
    })
  return [
    ...strange(value, ruleFields).map(say(ruleFields, '')),
    ...listAt(value, 'key_groups').flatMap((group) =>
      strange(group, groupFields).map(say(groupFields, 'key_groups')),
    ),
  ]
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

/** The known names that begin or end as a field does; else all. */
function nearest(field: string, known: readonly string[]): string {
  const plain = field.toLowerCase().replace(/[^a-z]/g, '')
  const near = known.filter((name) => {
    const other = name.replace(/_/g, '')
    return plain.startsWith(other) || other.startsWith(plain.slice(0, Math.max(5, plain.length - 3)))
  })
  return (near.length > 0 ? near : known).join(', ')
}
