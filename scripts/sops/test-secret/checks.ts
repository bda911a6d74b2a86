import { join, relative } from 'node:path'
import { CommandError, UserError } from '../../lib/errors.ts'
import { listFiles, type Repository } from '../../lib/git.ts'
import { build, kustomizationFilesIn } from '../../lib/kustomize/build.ts'
import { type Identity, renderIdentities } from '../../lib/sops/age.ts'
import { ageRecipients } from '../../lib/sops/recipients.ts'
import { decrypt } from '../../lib/sops/sops.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { textAt } from '../../lib/yaml/values.ts'
import { kustomizationFile, readSecret, secretFile } from './manifest.ts'
import { type Place, readIfThere } from './place.ts'
import type { TestSecret } from './test-secret.ts'

/** The age key that must decrypt a test Secret. */
export interface Key {
  /** A secret. */
  identities: readonly Identity[]
  /** Where it was found, for messages. */
  source: string
}

/** What was seen in the files of a test Secret. */
export interface Proof {
  /** The age recipients that it is encrypted to. */
  recipients: string[]
  /** What `kustomize build` makes of its name and namespace, which the transformers of the path can change. */
  built: { name: string; namespace: string }
}

/** The hint where another test Secret is in the way. */
export const removeFirst = 'remove it first: `mise run sops:test-remove`'

/** How long kustomize may take, which can fetch remote resources, in ms. */
const patience = 120_000

/**
 * Proves that the files of a test Secret say what they should: the message is in there, `kustomize build` brings it, and
 * git does not ignore them.
 *
 * @param key must decrypt it; none: that stays unchecked
 * @throws UserError where something is wrong; it holds neither the message nor a key
 */
export async function prove(
  secret: TestSecret,
  path: string,
  key: Key | undefined,
  repository: Repository,
): Promise<Proof> {
  const text = readIfThere(join(secret.directory, secretFile)) ?? ''
  const recipients = ageRecipients(text)
  const checks = [
    findInBuild(secret, path, `${readSecret(text)?.message}`, repository),
    key && compareMessage(secret, key, recipients, repository),
    refuseIgnored(secret, repository),
  ] as const
  // none of them may still read the files when these are put back
  await Promise.allSettled(checks)
  const [built] = await Promise.all(checks)
  return { recipients, built }
}

/** @param ciphertext the encrypted message: nothing else in the repository can be the same */
async function findInBuild(
  { directory, name, namespace }: TestSecret,
  path: string,
  ciphertext: string,
  { root, env, signal }: Repository,
): Promise<Proof['built']> {
  const built = kustomizationFilesIn(path).length > 0 ? path : directory
  const output = await build(built, { cwd: root, env, signal, timeout: patience })
  const document = output.split(/^---$/m).find((part) => part.includes(ciphertext))
  if (document === undefined)
    throw new UserError(`kustomize build ${relative(root, built)} leaves the test Secret out`)
  const { value } = parseDocuments(document)[0]!
  return {
    name: textAt(value, 'metadata', 'name') ?? name,
    namespace: textAt(value, 'metadata', 'namespace') ?? namespace,
  }
}

async function compareMessage(
  { directory, message }: TestSecret,
  { identities, source }: Key,
  recipients: readonly string[],
  { root, env, signal }: Repository,
): Promise<void> {
  const file = join(directory, secretFile)
  const shown = relative(root, file)
  let decrypted: string
  try {
    decrypted = await decrypt(file, renderIdentities(identities), { env, signal })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const own = identities.map(({ recipient }) => recipient)
    const why = own.some((recipient) => recipients.includes(recipient))
      ? `: ${error.stderr}`
      : `\n  the file is for  ${recipients.join(', ') || 'no age key'}\n  the key is of    ${own.join(', ')}`
    throw new UserError(`the age key from ${source} can't decrypt ${shown}${why}`, {
      hint: 'make a creation rule in .sops.yaml name the recipient of the key, or use the key that the file is for',
    })
  }
  if (textAt(parseDocuments(decrypted)[0]?.value, 'stringData', 'message') === message) return
  throw new UserError(`${shown} holds another message`, { hint: removeFirst })
}

async function refuseIgnored({ directory }: TestSecret, repository: Repository): Promise<void> {
  const files = [secretFile, kustomizationFile].map((file) =>
    relative(repository.root, join(directory, file)),
  )
  const known = await listFiles(repository, files)
  const ignored = files.filter((file) => !known.includes(file))
  if (ignored.length > 0)
    throw new UserError(`git ignores ${ignored.join(' and ')}, so Flux would never see the test Secret`)
}

/**
 * Why the path of a Kustomization can't be built; `undefined` where it can, or where there is no kustomization file and Flux
 * takes every file.
 */
export async function whyNotBuilt(
  { path }: Place,
  { root, env, signal }: Repository,
): Promise<string | undefined> {
  if (kustomizationFilesIn(path).length === 0) return undefined
  try {
    await build(path, { cwd: root, env, signal, timeout: patience })
    return undefined
  } catch (error) {
    if (error instanceof CommandError) return error.message
    throw error
  }
}
