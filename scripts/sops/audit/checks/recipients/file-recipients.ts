import { type Finding, finding } from '../../../../findings/finding.ts'
import type { FileMetadata } from '../../../../lib/sops/reader/reading.ts'
import { recipientsOfStanzas, shortRecipient } from '../../../../lib/sops/recipients.ts'
import { hasKeys, plainRecipient } from '../../../../lib/sops/rule-keys.ts'
import { isAside } from '../../aside.ts'
import type { SelectingRule } from '../../rule-set.ts'
import type { SopsFile, Subject } from '../../subject.ts'
import { ruleWords } from '../rules/rule-words.ts'
import { compareGroups } from './compare-groups.ts'
import { recipientPlace } from './recipient-place.ts'

/** What has to be known of a repository for that. */
type Ruled = Pick<Subject, 'rules' | 'read' | 'flux'>

/** Holds the recipients of each file against the rule that selects it. */
export function checkFileRecipients(
  subject: Ruled,
  sopsFiles: readonly Pick<SopsFile, 'file' | 'metadata'>[],
): Finding[] {
  const named = new Set(
    subject.rules.files.flatMap(({ rules = [] }) =>
      rules.flatMap(({ groups }) => groups.flatMap(({ age }) => age)),
    ),
  )
  return sopsFiles.flatMap(({ file, metadata }) => {
    if (!metadata) return []
    const choices = subject.rules.choicesFor(file)
    if (choices.some(({ refused }) => refused)) return []
    const selecting = subject.rules.selecting(file)
    const withKeys = selecting.filter(({ rule }) => hasKeys(rule.groups))
    const [first] = withKeys
    // where several files have rules, it follows that of one of them
    if (first && withKeys.every(({ rule }) => compareGroups(metadata, rule)))
      return differences(subject, file, metadata, first)
    const unruled = first ? [] : unknown(subject, file, metadata, named)
    if (selecting.length > 0 || subject.rules.files.length === 0 || isAside(subject, file)) return unruled
    const { line, column } = metadata
    const rules = choices[0]?.rules.file ?? 'this repository'
    return [finding('no-rule', { file, line, column }, { rules }), ...unruled]
  })
}

function differences(
  subject: Ruled,
  file: string,
  metadata: FileMetadata,
  { rules, rule }: SelectingRule,
): Finding[] {
  const { missing = [], left = [], groups } = compareGroups(metadata, rule) ?? {}
  const words = ruleWords(rules, rule)
  const { line, column } = metadata
  const start = { file, line, column }
  return [
    ...(groups ? [finding('key-groups-differ', start, { ...groups, rule: words, file })] : []),
    ...missing.map((key) =>
      finding('recipient-missing', start, { recipient: shortRecipient(key), rule: words, file }),
    ),
    ...left.map((key) => {
      const place = recipientPlace(subject, file, metadata, key)
      return finding('recipient-left', place, { recipient: shortRecipient(key), rule: words, file })
    }),
  ]
}

/** Of a file that follows no rule the recipients that are in none; nothing where rules name none at all. */
function unknown(
  subject: Ruled,
  file: string,
  metadata: FileMetadata,
  named: ReadonlySet<string>,
): Finding[] {
  if (named.size === 0 || isAside(subject, file)) return []
  const all = recipientsOfStanzas(metadata.groups).map(plainRecipient)
  return [...new Set(all)]
    .filter((recipient) => !named.has(recipient))
    .map((recipient) =>
      finding('recipient-unknown', recipientPlace(subject, file, metadata, recipient), {
        recipient: shortRecipient(recipient),
        file,
      }),
    )
}
