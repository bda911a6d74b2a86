import { type AgeEntry, ageDataKey } from '../../lib/cluster/key-secret.ts'
import { exit, UserError } from '../../lib/errors.ts'
import type { NameOf } from '../../lib/paths.ts'
import type { Outage } from './outage.ts'
import type { SecretPlan } from './plan.ts'

/** How many files a refusal lists before it only counts them. */
const listedFiles = 20

/**
 * The refusal to cause an outage.
 * @param secret `namespace/name`
 * @param nameOf how the files of `outage` are called for the user
 */
export function refusalOf(outage: Outage, secret: string, nameOf: NameOf): UserError {
  const keepBoth = 'keep the old identity in the key file as well, or use --force'
  if (outage.code === 'no-repository')
    return new UserError(
      'refusing to take an identity out of the Secret: this is no git repository, so it cannot be checked whether files still need it',
      { hint: `run it inside the repository, ${keepBoth}`, exitCode: exit.no },
    )
  if (outage.code === 'sparse-checkout')
    return new UserError(
      'refusing to take an identity out of the Secret: this is a sparse checkout, so it cannot be checked whether the files that are not in it still need it',
      { hint: `\`git sparse-checkout disable\` brings them, or ${keepBoth}`, exitCode: exit.no },
    )
  const { length } = outage.files
  const shown = outage.files.slice(0, listedFiles).map((file) => `\n  ${nameOf(file)}`)
  if (length > shown.length) shown.push(`\n  … and ${length - shown.length} more`)
  return new UserError(
    `refusing to replace the key in secret ${secret}: Flux could no longer decrypt ${length} file${length > 1 ? 's' : ''} of this repository:${shown.join('')}`,
    {
      exitCode: exit.no,
      hint: 'put the old and the new identity into the key file, one a line, and run this again; then add the new recipient to .sops.yaml, run `sops updatekeys` on these files, push, and run this with the new identity alone. --force replaces the key all the same',
    },
  )
}

/** The error for a Secret that can't be changed. */
export function obstacleError({ namespace, live, obstacle }: SecretPlan, name: string): UserError {
  const fix = `it can only be deleted and made again, and until then Flux decrypts nothing: kubectl delete secret ${name} -n ${namespace}`
  return obstacle === 'immutable'
    ? new UserError(`cannot change secret ${namespace}/${name}: it is immutable`, { hint: fix })
    : new UserError(`cannot change secret ${namespace}/${name}: it is of type ${live?.type}, not Opaque`, {
        hint: `${fix}; or use another --name`,
      })
}

/** The warning of an identity that nothing uses. */
export function unusedIdentity(recipient: string): string {
  return `no file of this repository is encrypted to ${recipient}, and no .sops.yaml names it: is this the right key?`
}

/** The warnings of the entries that stay and that the controller cannot read, with the way to remove each. */
export function unreadableEntries(
  entries: readonly AgeEntry[],
  { namespace, name }: { namespace: string; name: string },
): string[] {
  return entries.flatMap(({ dataKey, badLine }) => {
    if (!badLine || dataKey === ageDataKey) return []
    const patch = JSON.stringify([{ op: 'remove', path: `/data/${dataKey}` }])
    return [
      `the controller cannot read ${dataKey} of secret ${namespace}/${name} (${badLine.reason}), so every Kustomization that uses the Secret fails; to remove it: kubectl patch secret ${name} -n ${namespace} --type=json -p '${patch}'`,
    ]
  })
}
