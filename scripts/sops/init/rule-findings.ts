import { dirname, join } from 'node:path'
import { type Finding, finding } from '../../findings/finding.ts'
import { pathBelow } from '../../lib/paths.ts'
import { configName, ruleFor } from '../../lib/sops/creation-rules.ts'
import type { KeyAtHand } from '../../lib/sops/key.ts'
import { plainRecipient } from '../../lib/sops/rule-keys.ts'
import { secretKeys } from '../../lib/sops/sops.ts'
import { formOf, type UsedName } from './names.ts'
import type { Present } from './present.ts'
import { newRules } from './rules.ts'

/** The keys that the rules of a repository ought to name: one of those at hand, and each backup. */
export function unnamedKeys(
  { files }: Present,
  key: KeyAtHand | undefined,
  backup: readonly string[],
): Finding[] {
  const groups = files.flatMap(({ rules }) => rules.flatMap((rule) => rule.groups))
  const named = new Set(groups.flatMap(({ age }) => age.map(plainRecipient)))
  const isUnnamed = (recipient: string) => !named.has(plainRecipient(recipient))
  const own = (key?.identities ?? []).map(({ recipient }) => recipient)
  const say = (whose: string) => (recipient: string) =>
    finding('key-in-no-rule', { file: files[0]?.file }, { recipient, whose })
  return [
    ...(own.every(isUnnamed) ? own : []).map(say('the key at hand')),
    ...backup.filter(isUnnamed).map(say('the backup')),
  ]
}

/**
 * The names that a repository uses and none of its rules selects, one of each form. As sops does where it is called beside the
 * file, it takes the rules of the nearest `.sops.yaml`.
 * @throws UserError for a rule that sops cannot read either
 */
export async function unselectedNames({ repository: { root }, files, inUse }: Present): Promise<Finding[]> {
  const found = new Map<string, Finding>()
  for (const one of inUse) {
    if (found.has(formOf(one))) continue
    const near = files
      .filter(({ file }) => pathBelow(join(root, dirname(file)), join(root, one.file)) !== undefined)
      .toSorted((a, b) => b.file.length - a.file.length)
    const { file, rules } = near[0] ?? { file: configName, rules: [] }
    if (await ruleFor(join(root, one.file), rules, { path: join(root, file), name: file })) continue
    const facts = { file: one.file, rule: ruleForName(one) }
    found.set(formOf(one), finding('names-in-no-rule', { file }, facts))
  }
  return [...found.values()]
}

/** The keys of files that new rules will not name. */
export function keysLeftOut({ otherKinds }: Present): Finding[] {
  if (otherKinds.length === 0) return []
  return [finding('other-keys-left-out', { file: configName }, { kinds: otherKinds.join(', ') })]
}

function ruleForName(one: UsedName): string {
  const rule = newRules([one]).find(({ examples }) => examples.includes(one.file))
  const selector = rule?.isForManifests ? [`encrypted_regex: ${secretKeys}`] : []
  return [`path_regex: ${rule?.pathRegex}`, ...selector, 'mac_only_encrypted: true'].join(', ')
}
