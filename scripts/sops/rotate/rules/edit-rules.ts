import { isDeepStrictEqual } from 'node:util'
import { type Finding, finding } from '../../../findings/finding.ts'
import { placesIn } from '../../../lib/sops/reader/places.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import { shapeProblem } from '../../../lib/sops/rule-fields.ts'
import { hasKeys, plainRecipient, type RuleGroup } from '../../../lib/sops/rule-keys.ts'
import { applyEdits, type Edit } from '../../../lib/yaml/document-edit.ts'
import { isMapping } from '../../../lib/yaml/values.ts'
import type { FileEdit, FileText, Rotation } from '../rotation.ts'
import { insertRecipientItem, removeRecipientItem } from './list-items.ts'
import { insertToken, removeToken, tokensOf } from './recipient-tokens.ts'
import { isRuleTemplate } from './rule-file-texts.ts'
import { type RecipientSite, type RuleDocument, readRuleSites } from './rule-sites.ts'

/** What is made of files with creation rules. */
export interface RuleEdits {
  edits: FileEdit[]
  /** Files that name the recipient and were not edited, and why. */
  left: Finding[]
}

/**
 * Puts the new recipient beside the old one in every rule that names that: in the same group, behind it, as it is written.
 * All else stays as it is: comments, quotes, anchors, line ends, the order. A rule that has both already does not change.
 * @param files with creation rules, and templates of such, which are named and not edited
 */
export async function addRuleRecipient(
  files: readonly FileText[],
  { old, next }: Rotation,
): Promise<RuleEdits> {
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
export async function takeRuleRecipient(files: readonly FileText[], recipient: string): Promise<RuleEdits> {
  return editRules(files, recipient, {
    edit: (text, document) => removals(text, document, recipient),
    of: recipient,
    expected: (age) => new Set(age.filter((one) => one !== recipient)),
  })
}

/** A change of rules, and what must come of it. */
interface RuleChange {
  /** `undefined`: it can't be done. */
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
  if (isRuleTemplate(file)) return finding('rules-template', at(text.indexOf(named)), { recipient })
  const before = readRuleSites(text)
  const problem = before.problem ?? shapeProblem(before.value)?.problem
  if (problem !== undefined) {
    const line = Number(/ in line (\d+)$/.exec(problem)?.[1]) || undefined
    return finding('rules-unreadable', { file, line }, { problem })
  }
  const edits = change.edit(text, before)
  if (!Array.isArray(edits)) return finding('rule-not-edited', at(edits.item.range?.[0] ?? 0), { recipient })
  const after = applyEdits(text, edits)
  const read = readRuleSites(after)
  for (const [index, rule] of before.rules.entries()) {
    const groups = read.rules[index]?.groups ?? []
    const emptied = rule.groups.some(
      (group, number) => hasKeys([group]) && !hasKeys(groups.slice(number, number + 1)),
    )
    const [place] = sitesWith(text, before, named).filter((site) => rule.sites.includes(site))
    if (emptied && read.problem === undefined)
      return finding('rule-left-without-key', at(place?.item.range?.[0] ?? rule.offset), {
        rule: rule.name,
        recipient,
      })
    if (!isAsExpected(rule.groups, groups, change))
      return finding('rule-not-edited', at(place?.item.range?.[0] ?? rule.offset), { recipient })
  }
  const isSame = isDeepStrictEqual(without(before.value, change.of), without(read.value, change.of))
  if (read.problem !== undefined || !isSame) return finding('rule-not-edited', { file }, { recipient })
  return { file, before: text, after }
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

/** Where a recipient is written, each text once for each place that it is taken from. */
function sitesWith(text: string, { rules }: RuleDocument, recipient: string): RecipientSite[] {
  return rules
    .flatMap(({ sites }) => sites)
    .filter(({ scalar }) => tokensOf(text, scalar).some((token) => token.recipient === recipient))
}

function additions(text: string, document: RuleDocument, { old, next }: Rotation): Edit[] | RecipientSite {
  const edits = new Map<unknown, Edit>()
  for (const rule of document.rules) {
    // where every group with the old one has the new one, nothing is to do
    if (rule.groups.every(({ age }) => !age.includes(old) || age.includes(next))) continue
    for (const site of sitesWith(text, { ...document, rules: [rule] }, old)) {
      const tokens = tokensOf(text, site.scalar)
      const token = tokens.find(({ recipient }) => recipient === old)
      const isOwnItem = site.list && site.item === site.scalar && tokens.length === 1 && !site.scalar.anchor
      const isPlainInFlow = site.scalar.type === 'PLAIN' && document.isInFlow(site.scalar)
      const asItem = isOwnItem || isPlainInFlow ? insertRecipientItem(text, site, next) : undefined
      if (!token || (isPlainInFlow && !asItem && site.list)) return site
      if (asItem) edits.set(site.item, asItem)
      else if (isPlainInFlow)
        edits.set(site.scalar, quoted(text, site, insertToken(text, tokens, token, next)))
      else edits.set(site.scalar, insertToken(text, tokens, token, next))
    }
  }
  return [...edits.values()]
}

/** A comma ends a plain text within braces. */
function quoted(text: string, { scalar }: RecipientSite, { offset, insert }: Edit): Edit {
  const [start = 0, end = 0] = scalar.range ?? []
  const changed = text.slice(start, offset) + insert + text.slice(offset, end)
  return { offset: start, remove: end - start, insert: JSON.stringify(changed) }
}

function removals(text: string, document: RuleDocument, recipient: string): Edit[] | RecipientSite {
  const edits = new Map<unknown, Edit[]>()
  const sites = sitesWith(text, document, recipient)
  for (const site of sites) {
    const tokens = tokensOf(text, site.scalar)
    if (tokens.some((token) => token.recipient !== recipient))
      edits.set(site.scalar, removeToken(tokens, recipient))
    else {
      const removed = site.list ? removeRecipientItem(text, site) : emptied(text, site)
      if (!removed) return site
      edits.set(site.item, [removed])
    }
  }
  const isGone = (item: unknown) => sites.some((site) => site.item === item && edits.has(item))
  for (const { list, pair } of sites) {
    if (!list || list.flow || !list.items.every(isGone)) continue
    const [, end = 0] = (pair.key as { range?: readonly number[] } | null)?.range ?? []
    const [colon = ''] = /^\s*:/.exec(text.slice(end)) ?? []
    edits.set(list, [{ offset: end + colon.length, remove: 0, insert: ' []' }])
  }
  return [...edits.values()].flat()
}

/** A text with nothing in it, in the place of one that is not an item of a list. */
function emptied(text: string, { item }: RecipientSite): Edit {
  const [start = 0, end = 0] = item.range ?? []
  const written = text.slice(start, end).replace(/\s+$/, '')
  return { offset: start, remove: written.length, insert: "''" }
}
