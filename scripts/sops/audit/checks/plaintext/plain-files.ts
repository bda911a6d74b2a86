import { posix } from 'node:path'
import { type Finding, finding } from '../../../../findings/finding.ts'
import { isKustomizationFile } from '../../../../lib/kustomize/kustomization-file.ts'
import { ciphertextStart } from '../../../../lib/sops/format.ts'
import { selectionBy } from '../../../../lib/sops/reader/selection.ts'
import { selectorOf } from '../../../../lib/sops/rule-keys.ts'
import type { WrittenRule } from '../../../../lib/sops/rule-text.ts'
import { isAside } from '../../aside.ts'
import type { Check } from '../../check.ts'
import type { PlacedRules } from '../../rule-set.ts'
import type { Subject } from '../../subject.ts'
import { ruleWords } from '../rules/rule-words.ts'
import { type OpenValue, type PlainContent, readPlain } from './plain-content.ts'
import { holdsSecret } from './uncovered-secrets.ts'

/**
 * Finds the files that a creation rule selects and that are not encrypted. A rule that takes in much besides, such as all YAML
 * files, means Secrets only.
 */
export const checkPlainFiles: Check = (subject, sopsFiles) => {
  const encrypted = new Set(sopsFiles.map(({ file }) => file))
  const byRule = new Map<WrittenRule, { rules: PlacedRules; plain: string[]; encrypted: number }>()
  for (const file of subject.names) {
    const { rules, rule } = subject.rules.choicesFor(file).find((choice) => choice.rule) ?? {}
    if (!rules || !rule) continue
    const selected = byRule.get(rule) ?? { rules, plain: [], encrypted: 0 }
    byRule.set(rule, selected)
    if (encrypted.has(file)) selected.encrypted++
    else if (!isOther(file)) selected.plain.push(file)
  }
  return [...byRule].flatMap(([rule, { rules, plain, encrypted: count }]) => {
    const isMarked = marked.test(rule.pathRegex ?? '')
    const meant: Meant = isMarked ? 'files' : count > 0 && count >= plain.length ? 'values' : 'Secrets'
    return plain.flatMap((file) => judge(subject, file, { rules, rule, meant }))
  })
}

/** What a rule is for: all files that it selects, those of them that are no other objects of Kubernetes, or Secrets. */
type Meant = 'files' | 'values' | 'Secrets'

/** A word in a rule with which people mark files that are encrypted. */
const marked = /(?<![a-z])(?:sops|enc|encrypted)(?![a-z])/i

/** Whether a file is never encrypted, whatever a rule says. */
function isOther(file: string): boolean {
  const name = posix.basename(file)
  if (isKustomizationFile(file) || name.startsWith('.sops.') || /^(?:readme|license)/i.test(name)) return true
  return /^\.git|\.(?:md|pub|j2|jinja2?|tmpl|tpl|gotmpl|template|example|sample|dist|sh|py|go|nix)$|[._-](?:example|sample|template)\./i.test(
    name,
  )
}

interface Selecting {
  rules: PlacedRules
  rule: WrittenRule
  meant: Meant
}

function judge(subject: Subject, file: string, { rules, rule, meant }: Selecting): Finding[] {
  const isCandidate = meant !== 'Secrets' || subject.marked.get('secret')?.includes(file)
  const bytes = isCandidate ? subject.read(file) : undefined
  // what has lost its metadata is not in the clear
  if (!bytes || bytes.includes(ciphertextStart)) return []
  const facts = { rule: ruleWords(rules, rule), file }
  if (meant === 'Secrets' && !holdsSecret(bytes)) return []
  if (isAside(subject, file)) return []
  if (isEmpty(bytes)) return meant === 'files' ? [finding('empty-file', { file }, facts)] : []
  const content = readPlain(bytes, file)
  if (!content) return meant === 'files' && !isTemplate(bytes) ? [finding('plain-file', { file }, facts)] : []
  const value = firstValue(content, rule, meant)
  return value ? [finding('plain-file', { file, line: value.line, column: value.column }, facts)] : []
}

/** Nothing, or nothing but comments and the marks of documents. */
function isEmpty(bytes: Buffer): boolean {
  return (
    bytes.length < 4096 &&
    /^(?:\s|#.*$|---$|\{\})*$/m.exec(bytes.toString())?.[0].length === bytes.toString().length
  )
}

function isTemplate(bytes: Buffer): boolean {
  return ['{{', '{%', '<%'].some((mark) => bytes.includes(mark))
}

/** The first value that the rule would encrypt; of a file that holds no objects any other. */
function firstValue(
  { values, isManifest }: PlainContent,
  rule: WrittenRule,
  meant: Meant,
): OpenValue | undefined {
  const wanted =
    meant === 'files' || (meant === 'values' && !isManifest)
      ? values
      : values.filter(({ ofSecret }) => ofSecret)
  const isSelected = selectionBy(selectorOf(rule.value))
  return wanted.find(({ path }) => isSelected(path, [], false)) ?? (isManifest ? undefined : wanted[0])
}
