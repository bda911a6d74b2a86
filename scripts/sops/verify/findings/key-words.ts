import { listRecipients } from '../../../lib/sops/recipients.ts'
import type { WordsTable } from './finding.ts'

/** The words for the key in the cluster. */
export const keyWords = {
  'controller-key': () => ({
    message: 'decrypts with a key of the controller (no secretRef), which cannot be checked beforehand',
    fix: 'name a Secret in spec.decryption.secretRef, so that a wrong key shows before a push',
  }),
  'other-key': () => ({
    message: 'holds a key of another kind, of which it was not checked beforehand whether it fits',
    fix: 'encrypt to an age key of it as well, so that a wrong key shows before a push',
  }),
  'key-secret-missing': ({ namespace }) => ({
    message: 'is not in the cluster',
    fix: `\`mise run flux:sops-key${namespace === 'flux-system' ? '' : ` --namespace ${namespace}`}\``,
  }),
  'key-secret-unreadable': () => ({
    message: 'you may not read it, so the key was not checked beforehand',
    fix: 'ask for the right to get it, so that a wrong key shows before a push',
  }),
  'no-agekey': ({ dataKeys }) => ({
    message: `has no data key that ends in .agekey, so the controller finds no identity; it has: ${dataKeys.join(', ') || 'none'}`,
    fix: '`mise run flux:sops-key` writes age.agekey',
  }),
  'key-unusable': ({ reason }) => ({
    message: reason
      ? `the controller cannot use it: ${reason}`
      : 'holds no age identity, so the controller finds none',
    fix: '`mise run flux:sops-key` writes a checked key',
  }),
  'wrong-key': ({ inCluster, ofFile, rule }) => ({
    message: `holds the key of ${listRecipients(inCluster)}, but ${rule} encrypts to ${listRecipients(ofFile) || 'no age recipient'}`,
    fix: '`mise run flux:sops-key` with a key that the rule names, or correct the rule',
  }),
  'key-groups': ({ needed, opened, groups, rule }) => ({
    message: `opens ${opened} of ${groups} key groups, and ${rule} asks for ${needed === groups ? 'all' : needed}`,
    fix: 'put an identity of each group that is needed into it, or lower its shamir_threshold',
  }),
} satisfies Partial<WordsTable>
