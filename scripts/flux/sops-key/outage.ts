import { type Identity, type ReadOptions, readIdentities } from '../../lib/age.ts'
import { canDecrypt, findEncryptedFiles } from '../../lib/encrypted-files.ts'
import { UserError } from '../../lib/errors.ts'
import type { Secret } from '../../lib/kube-api.ts'
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
  for (const [key, value] of Object.entries(secret?.data ?? {})) {
    if (!key.endsWith('.agekey')) continue
    const text = Buffer.from(value, 'base64').toString()
    const identities = await readIdentities(text, key, { ...options, exact: true }).catch(() => [])
    recipients.set(
      key,
      identities.map(({ recipient }) => recipient),
    )
  }
  return recipients
}

/**
 * Finds the files that Flux can decrypt now and could not decrypt with the new key.
 * @param live the Secret as it is now; its other data keys stay
 * @param held what `recipientsIn` says of it
 * @returns their paths, relative to the root of the repository
 * @throws UserError (exit 1) where the new key lacks an identity of the Secret and there is no repository to look into
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
  const others = Object.keys(live.data ?? {}).some((key) => !key.endsWith('.agekey'))
  const files = await findEncryptedFiles({ ...repository, root })
  return files
    .filter((file) => canDecrypt(file, before, others) && !canDecrypt(file, after, others))
    .map(({ file }) => file)
}
