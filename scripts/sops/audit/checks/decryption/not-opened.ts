import { type Finding, type FindingPlace, finding } from '../../../../findings/finding.ts'
import { someOf } from '../../../../findings/some-of.ts'
import { listRecipients, shortRecipient } from '../../../../lib/sops/recipients.ts'
import type { Check } from '../../check.ts'
import type { SopsFile } from '../../subject.ts'

/**
 * Which files the key at hand does not open. That they are for others is no fault by itself, so it is said once for all that are
 * for the same ones; only a key that was named must open something.
 */
export const checkNotOpened: Check = ({ identities, keyPlace, options }, sopsFiles) => {
  if (!identities) return []
  const unopened = sopsFiles.filter(isForOthers)
  const isUseless = unopened.length > 0 && unopened.length === sopsFiles.length
  if (isUseless && options.keyFile !== undefined && !options.staged) {
    const recipients = listRecipients(identities.map(({ recipient }) => recipient))
    const object = `age key ${keyPlace?.source}`
    return [finding('key-opens-nothing', { object }, { count: `${unopened.length}`, recipients })]
  }
  const groups = Map.groupBy(unopened, (one) => recipientsOf(one).toSorted().join())
  return [...groups.values()].map((files) =>
    notForKey(
      files.map(({ file, metadata }) => ({ file, line: metadata?.line, column: metadata?.column })),
      files[0] ? recipientsOf(files[0]) : [],
    ),
  )
}

/** @param places of files that are encrypted to the same recipients, at least one */
export function notForKey(
  [first = {}, ...others]: readonly FindingPlace[],
  recipients: readonly string[],
): Finding {
  const words = ['', ', as is another file']
  const more = words[others.length] ?? `, as are ${others.length} more files`
  const named = someOf(recipients.map(shortRecipient), 3) || 'keys of another kind'
  return finding('not-a-recipient', first, { recipients: named, more })
}

function isForOthers({ faults, unsure }: SopsFile): boolean {
  return unsure?.reason === 'other-keys' || faults.some(({ code }) => code === 'not-a-recipient')
}

/** Of keys that are not of age, the kind stands for all. */
function recipientsOf({ metadata }: SopsFile): string[] {
  return (metadata?.groups ?? []).flatMap(({ age, others }) => [
    ...age.map(({ recipient }) => recipient),
    ...others,
  ])
}
