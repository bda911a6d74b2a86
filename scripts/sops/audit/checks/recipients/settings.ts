import { isDeepStrictEqual } from 'node:util'
import { finding } from '../../../../findings/finding.ts'
import type { FileMetadata, ReadValue } from '../../../../lib/sops/reader/reading.ts'
import { selectionBy } from '../../../../lib/sops/reader/selection.ts'
import { Unsure } from '../../../../lib/sops/reader/unsure.ts'
import { selectorOf } from '../../../../lib/sops/rule-keys.ts'
import type { WrittenRule } from '../../../../lib/sops/rule-text.ts'
import { valueAt } from '../../../../lib/yaml/values.ts'
import { isAside } from '../../aside.ts'
import type { FileCheck } from '../../open-files.ts'
import { ruleWords } from '../rules/rule-words.ts'

/** Holds the settings that a file was encrypted with against those of its rule today. */
export const checkSettings: FileCheck = (file, { metadata, values }, subject) => {
  // a file in which nothing is encrypted is another finding
  if (!metadata || !values.some(({ ciphertext }) => ciphertext)) return []
  const { line, column } = metadata
  const settings = { selector: metadata.selector, macOnlyEncrypted: metadata.macOnlyEncrypted }
  const selecting = subject.rules.selecting(file)
  const [first] = selecting
  if (
    !first ||
    isAside(subject, file) ||
    selecting.some(({ rule }) => isDeepStrictEqual(settings, settingsOf(rule)))
  )
    return []
  const wanted = settingsOf(first.rule)
  const rule = ruleWords(first.rules, first.rule)
  const other = selectedOtherwise(values, wanted.selector)
  if (!other) {
    const facts = { setting: words(settings, wanted), wanted: words(wanted, settings), rule, file }
    return [finding('settings-old', { file, line, column }, facts)]
  }
  const { selected, path } = other
  const found = selected ? 'encrypted' : 'left in the clear'
  const facts = { path: path.join('.'), found, setting: words(settings, wanted), rule, file }
  return [finding('settings-differ', { file, line: other.line, column: other.column }, facts)]
}

type Settings = Pick<FileMetadata, 'selector' | 'macOnlyEncrypted'>

function settingsOf({ value }: WrittenRule): Settings {
  // Go reads `yes` as well
  const isSet = /^(?:true|y|yes|on)$/i.test(`${valueAt(value, 'mac_only_encrypted')}`)
  return { selector: selectorOf(value), macOnlyEncrypted: isSet }
}

/** The setting in which one differs from another. */
function words({ selector, macOnlyEncrypted }: Settings, other: Settings): string {
  if (isDeepStrictEqual(selector, other.selector)) return `mac_only_encrypted: ${macOnlyEncrypted}`
  return `${selector.name}: ${selector.text}`
}

type Selector = FileMetadata['selector']

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
