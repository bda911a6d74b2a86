import { type Finding, finding } from '../../../findings/finding.ts'
import { flagsFor, type KeySecretId, secretOf } from '../../../findings/key-secret.ts'
import { listRecipients } from '../../../lib/sops/recipients.ts'

/**
 * That the key in the cluster does not open what a rule encrypts.
 * @param keys recipients of age; `rule`: how the creation rule is called
 */
export function wrongKey(
  id: KeySecretId,
  { inCluster, ofFile, rule }: { inCluster: readonly string[]; ofFile: readonly string[]; rule: string },
): Finding {
  return finding(
    'wrong-key',
    { object: secretOf(id) },
    {
      what: `what ${rule} selects`,
      keys: `: the cluster has that of ${listRecipients(inCluster)}, and the rule names ${listRecipients(ofFile) || 'no age recipient'}`,
      flags: flagsFor(id),
    },
  )
}

/** That the key in the cluster has no identity of the recipients that the test Secret is encrypted to. */
export function recipientWithoutKey(
  object: string,
  { inCluster, ofFile }: { inCluster: readonly string[]; ofFile: readonly string[] },
): Finding {
  const facts = { inCluster: listRecipients(inCluster), recipients: listRecipients(ofFile) }
  return finding('recipient-without-key', { object }, facts)
}

/** That the key in the cluster opens `opened` of the `groups` of keys of which a rule asks for `needed`. */
export function tooFewGroups(
  object: string,
  { needed, opened, groups, rule }: { needed: number; opened: number; groups: number; rule: string },
): Finding {
  return finding(
    'key-groups',
    { object },
    { opened: `${opened}`, groups: `${groups}`, rule, needed: needed === groups ? 'all' : `${needed}` },
  )
}
