import { finding } from '../../../../findings/finding.ts'
import type { FileMetadata, ReadValue } from '../../../../lib/sops/reader/reading.ts'
import { selectionBy } from '../../../../lib/sops/reader/selection.ts'
import { Unsure } from '../../../../lib/sops/reader/unsure.ts'
import { selectorOf } from '../../../../lib/sops/rule-keys.ts'
import type { FileCheck } from '../../open-files.ts'
import { ruleWords } from '../rules/rule-words.ts'

/** Holds the settings that a file was encrypted with against those of its rule today. */
export const checkSettings: FileCheck = (file, { metadata, values }, { rules }) => {
  // a file in which nothing is encrypted is another finding
  if (!metadata || !values.some(({ ciphertext }) => ciphertext)) return []
  const { selector, line, column } = metadata
  const selecting = rules.choicesFor(file).flatMap(({ rules: by, rule }) => (rule ? { by, rule } : []))
  const [first] = selecting
  if (!first || selecting.some(({ rule }) => isSame(selector, selectorOf(rule.value)))) return []
  const wanted = selectorOf(first.rule.value)
  const rule = ruleWords(first.by, first.rule)
  const other = selectedOtherwise(values, wanted)
  if (!other) {
    const facts = { setting: words(selector), wanted: words(wanted), rule, file }
    return [finding('settings-old', { file, line, column }, facts)]
  }
  const { selected, path } = other
  const found = selected ? 'encrypted' : 'left in the clear'
  const facts = { path: path.join('.'), found, setting: words(selector), rule, file }
  return [finding('settings-differ', { file, line: other.line, column: other.column }, facts)]
}

type Selector = FileMetadata['selector']

function isSame(a: Selector, b: Selector): boolean {
  return a.name === b.name && a.text === b.text
}

function words({ name, text }: Selector): string {
  return `${name}: ${text}`
}

/** The first value that is encrypted and would not be, or the other way round. */
function selectedOtherwise(values: readonly ReadValue[], selector: Selector): ReadValue | undefined {
  // which comments a value has is not known here
  if (selector.name.endsWith('comment_regex')) return undefined
  try {
    const isSelected = selectionBy(selector)
    return values.find(
      ({ path, selected, ciphertext, bytes, type }) =>
        isSelected(path, [], false) !== selected && type !== 'null' && (ciphertext || bytes?.length !== 0),
    )
  } catch (error) {
    if (error instanceof Unsure) return undefined
    throw error
  }
}
