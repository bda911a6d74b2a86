import type { Entry } from '../../entry.ts'

/** What keeps the new identity from being proved, before the old one goes. */
export const rotateProofFindings = {
  'proof-not-opened': {
    severity: 'error',
    seen: 'is encrypted to {recipients}, and {identities} alone does not open it',
    means: 'Who has the new identity only, as the cluster at the end, can decrypt nothing of the file.',
    fix: 'run `mise run sops:rotate`, which encrypts it to the new recipient as well',
    source: 'sops v3.13.3 sops.go GetDataKeyWithKeyServices',
  },
  'proof-groups-closed': {
    severity: 'error',
    seen: '{needed} of its key groups must be opened, and the identities that are to stay open {opened}',
    means: 'The cluster decrypts the file only where its key Secret has identities of as many groups.',
    fix: 'put an identity of each group that is needed into the key Secret, or lower shamir_threshold',
    source: 'https://getsops.io/docs/#key-groups',
  },
} as const satisfies Record<string, Entry>
