import { posix } from 'node:path'
import { type Finding, finding } from '../../../../findings/finding.ts'
import { isKustomizationFile } from '../../../../lib/kustomize/kustomization-file.ts'
import { ciphertextStart } from '../../../../lib/sops/format.ts'
import { goRegexProblem } from '../../../../lib/sops/go-expression.ts'
import { selectionBy } from '../../../../lib/sops/reader/selection.ts'
import { selectorOf } from '../../../../lib/sops/rule-keys.ts'
import type { WrittenRule } from '../../../../lib/sops/rule-text.ts'
import { isAside } from '../../aside.ts'
import type { Check } from '../../check.ts'
import type { PlacedRules, SelectingRule } from '../../rule-set.ts'
import type { Subject } from '../../subject.ts'
import { ruleWords } from '../rules/rule-words.ts'
import { type OpenValue, readPlain, readSecrets } from './plain-content.ts'

/**
 * Finds the files that a creation rule selects and that are not encrypted. A rule that takes in much besides, such as all YAML
 * files, means Secrets only until most of its files are encrypted.
 */
export const checkPlainFiles: Check = (subject, sopsFiles) => {
  const encrypted = new Set(sopsFiles.map(({ file }) => file))
  const secrets = new Set(subject.marked.get('secret'))
  const byRule = new Map<WrittenRule, { rules: PlacedRules; plain: string[]; encrypted: number }>()
  for (const file of subject.names) {
    const [first] = subject.rules.selecting(file)
    if (!first) continue
    const { rules, rule } = first
    const selected = byRule.get(rule) ?? { rules, plain: [], encrypted: 0 }
    byRule.set(rule, selected)
    if (encrypted.has(file)) selected.encrypted++
    else if (!isOther(file)) selected.plain.push(file)
  }
  return [...byRule].flatMap(([rule, { rules, plain, encrypted: count }]) => {
    const isMostly = count > 0 && count >= plain.length
    const meant = meantBy(rule.pathRegex ?? '') ?? (isMostly ? 'values' : 'Secrets')
    const candidates = meant === 'Secrets' ? plain.filter((file) => secrets.has(file)) : plain
    return candidates.flatMap((file) => judge(subject, file, { rules, rule, meant }))
  })
}

/** What a rule is for: all files that it selects, those of them that are no other objects of Kubernetes, or Secrets. */
type Meant = 'files' | 'values' | 'Secrets'

/** A word in a rule with which people mark files that are encrypted. */
const marked = /(?<![a-z])(?:sops|enc|encrypted)(?![a-z])/i

/** A word in a rule for what is secret; not in the name of a program that keeps Secrets, whose files are objects and settings. */
const ofSecrets =
  /(?<![a-z]|(?:external|sealed)[-_]?)(?:secrets?|talsecret|talenv|credentials?|private)(?![a-z])/i

/** An expression that is the path of one file. */
const ofOneFile = /^(?=\^|.*\/)\^?(?:[\w/-]|\\[-/.]|\.(?![*+?{]))*[\w-]\\?\.\w+\$?$/

/** What an expression is for, as far as its words tell. */
function meantBy(expression: string): Meant | undefined {
  if (marked.test(expression)) return 'files'
  return ofSecrets.test(expression) || ofOneFile.test(expression) ? 'values' : undefined
}

/** Whether a file is never encrypted, whatever a rule says. */
function isOther(file: string): boolean {
  const name = posix.basename(file)
  if (isKustomizationFile(file) || name.startsWith('.sops.')) return true
  if (/^(?:readme|license|makefile|justfile)/i.test(name)) return true
  return /^\.git|\.(?:md|pub|j2|jinja2?|tmpl|tpl|gotmpl|template|example|sample|dist|sh|py|go|nix|tf)$|[._-](?:example|sample|template)\./i.test(
    name,
  )
}

function judge(
  subject: Subject,
  file: string,
  { rules, rule, meant }: SelectingRule & { meant: Meant },
): Finding[] {
  const bytes = subject.read(file)
  // what has lost its metadata is not in the clear
  if (!bytes || bytes.includes(ciphertextStart) || isAside(subject, file)) return []
  const facts = { rule: ruleWords(rules, rule), file }
  const isFiles = meant === 'files'
  if (isFiles && isEmpty(bytes)) return [finding('empty-file', { file }, facts)]
  const content = meant === 'Secrets' ? undefined : readPlain(bytes, file)
  if (isFiles && !content) return isTemplate(bytes) ? [] : [finding('plain-file', { file }, facts)]
  const isAny = isFiles || content?.isManifest === false
  const value = firstSelected(rule, isAny ? content?.values : readSecrets(bytes, file), content?.isManifest)
  return value ? [finding('plain-file', { file, line: value.line, column: value.column }, facts)] : []
}

/** Nothing, or nothing but comments and the marks of documents. */
function isEmpty(bytes: Buffer): boolean {
  return bytes.length < 4096 && `${bytes}`.replace(/^(?:#.*|---|\{\})\r?$/gm, '').trim() === ''
}

function isTemplate(bytes: Buffer): boolean {
  return ['{{', '{%', '<%'].some((mark) => bytes.includes(mark))
}

/** The first value that the rule would encrypt; of a file that holds no objects any. */
function firstSelected(
  { value }: WrittenRule,
  values: readonly OpenValue[] = [],
  isManifest = true,
): OpenValue | undefined {
  const selector = selectorOf(value)
  // sops takes an expression that it can't read for one that never matches
  const isBroken = selector.name.endsWith('regex') && goRegexProblem(selector.text) !== undefined
  const isSelected = isBroken ? () => true : selectionBy(selector)
  return values.find(({ path }) => isSelected(path, [], false)) ?? (isManifest ? undefined : values[0])
}
