import type { Secret } from '../../lib/cluster/kube-objects.ts'
import { UserError } from '../../lib/errors.ts'
import { BadLine, type Identity, type ReadOptions, readIdentities } from '../../lib/sops/age.ts'
import { canDecrypt, findEncryptedFiles, isSparse } from '../../lib/sops/encrypted-files.ts'
import { dataKey } from './plan.ts'

interface Repository {
  root: string
  env: NodeJS.ProcessEnv
  signal: AbortSignal
}

/** The public keys of the identities that a Secret holds; what the controller cannot read counts as none. */
export async function recipientsIn(
  secret: Secret | undefined,
  options: ReadOptions,
): Promise<Map<string, string[]>> {
  const recipients = new Map<string, string[]>()
  for (const [key, text] of entriesOf(secret)) {
    const identities = await readIdentities(text, key, { ...options, exact: true }).catch(() => [])
    recipients.set(
      key,
      identities.map(({ recipient }) => recipient),
    )
  }
  return recipients
}

/**
 * Looks for the entries of a Secret that stay and that the controller cannot read: it then decrypts nothing at all.
 * @returns a warning for each, with the way to remove it
 */
export async function warnOfUnreadableEntries(
  secret: Secret | undefined,
  options: ReadOptions,
): Promise<string[]> {
  const warnings: string[] = []
  for (const [key, text] of entriesOf(secret).filter(([key]) => key !== dataKey)) {
    const error = await readIdentities(text, key, { ...options, exact: true }).catch((caught) => caught)
    // an entry without any line is none to the controller
    if (!(error instanceof BadLine)) continue
    const { namespace, name } = secret!.metadata
    const patch = JSON.stringify([{ op: 'remove', path: `/data/${key}` }])
    warnings.push(
      `the controller cannot read ${key} of secret ${namespace}/${name} (${error.reason}), so every Kustomization that uses the Secret fails; to remove it: kubectl patch secret ${name} -n ${namespace} --type=json -p '${patch}'`,
    )
  }
  return warnings
}

/** What the controller takes for identities, by data key. */
function entriesOf(secret: Secret | undefined): [key: string, text: string][] {
  return Object.entries(secret?.data ?? {})
    .filter(([key]) => key.endsWith('.agekey'))
    .map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])
}

/**
 * Finds the files that Flux can decrypt now and could not decrypt with the new key.
 * @param live the Secret as it is now; its other data keys stay
 * @param held what `recipientsIn` says of it
 * @returns their paths, relative to the root of the repository
 * @throws UserError (exit 1) where the new key lacks an identity of the Secret and there is no repository to look into, or only
 *   a part of one
 */
export async function filesThatWouldBeLost(
  live: Secret,
  held: ReadonlyMap<string, string[]>,
  identities: Identity[],
  repository: Omit<Repository, 'root'> & { root: string | undefined },
): Promise<string[]> {
  const { root } = repository
  const before = new Set([...held.values()].flat())
  const staying = [...held].filter(([key]) => key !== dataKey).flatMap(([, list]) => list)
  const after = new Set([...staying, ...identities.map(({ recipient }) => recipient)])
  if (before.isSubsetOf(after)) return []
  if (!root) {
    throw new UserError(
      'refusing to take an identity out of the Secret: this is no git repository, so it cannot be checked whether files still need it',
      {
        hint: 'run it inside the repository, keep the old identity in the key file as well, or use --force',
        exitCode: 1,
      },
    )
  }
  if (await isSparse({ ...repository, root })) {
    throw new UserError(
      'refusing to take an identity out of the Secret: this is a sparse checkout, so it cannot be checked whether the files that are not in it still need it',
      {
        hint: '`git sparse-checkout disable` brings them, or keep the old identity in the key file as well, or use --force',
        exitCode: 1,
      },
    )
  }
  const others = Object.keys(live.data ?? {}).some((key) => !key.endsWith('.agekey'))
  const files = await findEncryptedFiles({ ...repository, root })
  return files
    .filter((file) => canDecrypt(file, before, others) && !canDecrypt(file, after, others))
    .map(({ file }) => file)
}
