import type { Unreadable } from '../../../diagnosis/values/compared.ts'

/** Why an object could not be compared, as people read it behind its name. */
export function describeUnreadable(why: Unreadable): string {
  switch (why.code) {
    case 'forbidden':
      return `you may not list ${why.plural}`
    case 'not-looked-into':
      return `it is in namespace ${why.namespace}, which was not looked into`
    case 'other-cluster':
      return 'its Kustomization applies it to another cluster (spec.kubeConfig)'
    case 'no-identity':
      return 'no identity at hand opens the file'
    case 'needs-sops':
      return 'it has keys that are not of age, or a form that only sops reads'
    case 'does-not-decrypt':
      return `the file does not decrypt (${why.fault}): \`mise run sops:audit\` says more`
    case 'not-followed':
      return `it cannot be followed what Flux makes of it: ${why.what}`
    case 'at-work':
      return 'its Kustomization has changed, or has tried another revision since'
  }
}
