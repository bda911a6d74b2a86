import { type AgeEntry, ageDataKey } from '../../lib/cluster/key-secret.ts'
import { UserError } from '../../lib/errors.ts'
import type { KeyFileProblem } from '../../lib/sops/key-file.ts'
import { listRecipients, shortRecipient } from '../../lib/sops/recipients.ts'
import type { KeyAt } from './fitting.ts'
import type { SecretPlan } from './plan.ts'

/** The error for a Secret that can't be changed. */
export function obstacleError({ namespace, live, obstacle }: SecretPlan, name: string): UserError {
  const fix = `it can only be deleted and made again, and until then Flux decrypts nothing: kubectl delete secret ${name} -n ${namespace}`
  return obstacle === 'immutable'
    ? new UserError(`cannot change secret ${namespace}/${name}: it is immutable`, { hint: fix })
    : new UserError(`cannot change secret ${namespace}/${name}: it is of type ${live?.type}, not Opaque`, {
        hint: `${fix}; or use another --name`,
      })
}

/** The warning of an identity that nothing uses. @param fitting another place, whose key opens the files */
export function unusedIdentity(recipient: string, fitting: KeyAt | undefined): string {
  const better = fitting ? ` That of ${fitting.source} opens the files` : ''
  return `no file of this repository is encrypted to ${shortRecipient(recipient)}, and no .sops.yaml names it: is this the right key?${better}`
}

/** The warning of files that a cluster builds and the key does not open. */
export function opensNotAll(secret: string, files: readonly string[]): string {
  return `Flux decrypts files with secret ${secret} that this key does not open: ${files.join(', ')}`
}

/** The warning of files that the cluster does not have yet, and that will need the identity which goes. */
export function willBeLost(secret: string, files: readonly string[]): string {
  return `once they are pushed, Flux cannot decrypt these files of your working tree with secret ${secret}: ${files.join(', ')}`
}

/** The warning of a cluster that follows other repositories. */
export function followsOthers(context: string, urls: readonly string[]): string {
  return `the cluster of context ${context} does not follow this repository, but ${urls.join(', ')}: is it the right one?`
}

/** The note that a Secret will be changed by who keeps it. @param who `kustomization a/b applies it` */
export function willBePutBack(secret: string, who: string): string {
  return `${who}, and will put secret ${secret} back as it was`
}

/** The error for a Secret that somebody has put back at once. */
export function putBack(secret: string): UserError {
  return new UserError(
    `secret ${secret} was written, and does not hold this key now: somebody puts it back`,
    {
      hint: 'look for who makes it (`kubectl get secret --show-managed-fields -o yaml` names them), and change it there',
    },
  )
}

/** The error for a Secret that was changed since it was read. @param what `cannot write secret a/b` */
export function changedMeanwhile(what: string): UserError {
  return new UserError(`${what}: it was changed by somebody else at the same time`, { hint: 'run it again' })
}

/** The error for Secrets that were written before one failed, and could not be taken back. */
export function notUndone(error: UserError, namespaces: readonly string[]): UserError {
  return new UserError(
    `${error.message}\nit was written before, and could not be taken back, in ${namespaces.join(', ')}`,
    { hint: error.hint ?? 'run it again', exitCode: error.exitCode },
  )
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

/** The note on lines of the key with an identity of a plugin. */
export function pluginLeftOut(source: string, lines: readonly number[]): string {
  return `line ${lines.join(', ')} of ${source} is left out: a plugin identity, for which the controller has no plugin`
}

/** The warning of post-quantum identities, of which one makes an older controller refuse the whole Secret (docs/decryption.md#what-an-identity-is). */
export function needsNewController(recipients: readonly string[]): string {
  return `kustomize-controller before 1.9.0 cannot read a post-quantum identity, and decrypts nothing with a Secret that holds one: ${listRecipients(recipients)}`
}

/** The warning of a key file that git has or could get, or that others can read. */
export function keyFileWarning(source: string, problem: KeyFileProblem): string {
  switch (problem) {
    case 'tracked':
      return `${source} is tracked by git: everybody who has the repository has the private key. Take it out (\`git rm --cached\`), and change the key`
    case 'not-ignored':
      return `${source} is not ignored by git, and \`git add\` would take it: add it to .gitignore`
    default:
      return `others on this machine can read ${source}: \`chmod 600\` changes that`
  }
}
