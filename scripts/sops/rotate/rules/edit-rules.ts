import { isDeepStrictEqual } from 'node:util'
import { type Finding, finding } from '../../../findings/finding.ts'
import { placesIn } from '../../../lib/sops/reader/places.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import { hasKeys, plainRecipient, type RuleGroup } from '../../../lib/sops/rule-keys.ts'
import { parseRules } from '../../../lib/sops/rule-text.ts'
import { applyEdits, type Edit } from '../../../lib/yaml/document-edit.ts'
import { isMapping } from '../../../lib/yaml/values.ts'
import type { FileEdit, FileText, Rotation } from '../rotation.ts'
import { additions, removals } from './rule-changes.ts'
import { type RecipientSite, type RuleDocument, readRuleSites } from './rule-sites.ts'

/** What is made of files with creation rules. */
export interface RuleEdits {
  edits: FileEdit[]
  /** Files that name the recipient and were not edited, and why. */
  left: Finding[]
}

/**
 * Puts the new recipient beside the old one in every rule that names that: in the same group, behind it, as it is written.
 * All else stays as it is: comments, quotes, anchors, line ends, the order. A rule that has both already does not change. Only a text
 * without quotes within braces, `{age: age1…}`, gets quotes.
 * @param files with creation rules
 */
export function addRuleRecipient(files: readonly FileText[], { old, next }: Rotation): RuleEdits {
  return editRules(files, old, {
    edit: (text, document) => additions(text, document, { old, next }),
    of: next,
    expected: (age) => (age.includes(old) ? new Set([...age, next]) : new Set(age)),
  })
}

/**
 * Takes a recipient out of every rule. What `addRuleRecipient` has made of a text becomes that text again, to the byte, where the
 * new recipient is taken.
 * @returns a finding instead of an edit for a file with a group that would have no key any more
 */
export function takeRuleRecipient(files: readonly FileText[], recipient: string): RuleEdits {
  return editRules(files, recipient, {
    edit: (text, document) => removals(text, document, recipient),
    of: recipient,
    expected: (age) => new Set(age.filter((one) => one !== recipient)),
  })
}

/** A change of rules, and what must come of it. */
interface RuleChange {
  /** @returns the place that it is not known how to edit, where there is one */
  edit(text: string, document: RuleDocument): Edit[] | RecipientSite
  /** The only recipient that may come or go. */
  of: string
  /** The recipients of a group afterwards. */
  expected(age: readonly string[]): Set<string>
}

function editRules(files: readonly FileText[], named: string, change: RuleChange): RuleEdits {
  const done: RuleEdits = { edits: [], left: [] }
  for (const { file, text } of files) {
    if (!text.includes(named)) continue
    const outcome = editFile({ file, text }, named, change)
    if ('code' in outcome) done.left.push(outcome)
    else if (outcome.after !== text) done.edits.push(outcome)
  }
  return done
}

function editFile({ file, text }: FileText, named: string, change: RuleChange): FileEdit | Finding {
  const recipient = shortRecipient(named)
  const placeOf = placesIn(text)
  const at = (offset: number) => ({ file, ...placeOf(offset) })
  // what stands for a byte that is none of UTF-8
  const broken = text.indexOf('\ufffd')
  if (broken >= 0) return finding('rules-not-utf-8', at(broken), {})
  const before = readRuleSites(text)
  const { problem } = parseRules(Buffer.from(text))
  if (problem !== undefined) {
    const line = Number(/ in line (\d+)$/.exec(problem)?.[1]) || undefined
    return finding('rules-unreadable', { file, line }, { problem })
  }
  const notEdited = (offset: number) => finding('rule-not-edited', at(offset), { recipient })
  const edits = change.edit(text, before)
  if (!Array.isArray(edits)) return notEdited(edits.item.range?.[0] ?? 0)
  const after = applied(text, edits)
  const read = readRuleSites(after)
  for (const [index, rule] of before.rules.entries()) {
    const { name, offset, groups, sites } = rule
    const found = read.rules[index]?.groups ?? []
    if (isAsExpected(groups, found, change) && !isEmptied(groups, found)) continue
    const site = sites.find(({ scalar }) => `${scalar.value}`.includes(named))
    const place = site?.item.range?.[0] ?? offset
    if (read.problem !== undefined || !isEmptied(groups, found)) return notEdited(place)
    return finding('rule-left-without-key', at(place), { rule: name, recipient })
  }
  const isSame = isDeepStrictEqual(without(before.value, change.of), without(read.value, change.of))
  return read.problem === undefined && isSame ? { file, before: text, after } : notEdited(text.indexOf(named))
}

/** The text as it was, where its edits get into the way of each other: a recipient may be named twice. */
function applied(text: string, edits: readonly Edit[]): string {
  try {
    return applyEdits(text, edits)
  } catch (error) {
    if (error instanceof RangeError) return text
    throw error
  }
}

function isEmptied(before: readonly RuleGroup[], after: readonly RuleGroup[]): boolean {
  return before.some((group, index) => hasKeys([group]) && !hasKeys(after.slice(index, index + 1)))
}

function isAsExpected(
  before: readonly RuleGroup[],
  after: readonly RuleGroup[],
  { expected }: RuleChange,
): boolean {
  return (
    before.length === after.length &&
    before.every(({ age, others }, index) => {
      const found = new Set(after[index]?.age)
      const wanted = expected(age)
      const isEqual = found.size === wanted.size && found.isSubsetOf(wanted)
      return isEqual && isDeepStrictEqual(others, after[index]?.others)
    })
  )
}

/** A value without a recipient in its texts and lists; all other texts with recipients in one spelling. */
function without(value: unknown, recipient: string): unknown {
  if (Array.isArray(value)) return value.map((one) => without(one, recipient)).filter((one) => one !== '')
  if (isMapping(value))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, without(one, recipient)]))
  if (typeof value !== 'string' || !/age1|ssh-/.test(value)) return value
  const parts = value.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '' && plainRecipient(part) !== recipient).join(',')
}
