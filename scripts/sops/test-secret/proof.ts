import { join, relative } from 'node:path'
import { CommandError, UserError } from '../../lib/errors.ts'
import { listFiles } from '../../lib/git.ts'
import { kustomizationFilesIn } from '../../lib/kustomize/build.ts'
import { namesFrom } from '../../lib/paths.ts'
import { type Identity, renderIdentities } from '../../lib/sops/age.ts'
import { decrypt } from '../../lib/sops/decrypt.ts'
import { ageRecipients } from '../../lib/sops/recipients.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { textAt } from '../../lib/yaml/values.ts'
import { buildDirectory, removeFirst, type TestSecretCaller } from './checks.ts'
import { kustomizationFile } from './kustomization.ts'
import { directoryOf, type Place, textOf } from './place.ts'
import { readSecret, secretFile, type TestContent } from './secret-manifest.ts'

/** The age key that must decrypt a test Secret. */
export interface AgeKey {
  /** A secret. */
  identities: readonly Identity[]
  /** Where it was found, for messages. */
  source: string
}

/** A test Secret as `kustomize build` makes it; the transformers of the path can change its name, its namespace and its metadata. */
export interface Built {
  name: string
  namespace: string
  /** Its message is encrypted. */
  object: unknown
}

/** What was seen in the files of a test Secret. */
export interface Proof {
  /** The age recipients that it is encrypted to. */
  recipients: string[]
  built: Built
}

/**
 * Proves that the files of a test Secret are right: `kustomize build` includes it, the message can be decrypted, and git does
 * not ignore them.
 *
 * @param key must decrypt it; none: that stays unchecked
 * @throws UserError where something is wrong; it holds neither the message nor a key
 */
export async function prove(
  place: Place,
  content: TestContent,
  key: AgeKey | undefined,
  caller: TestSecretCaller,
): Promise<Proof> {
  const text = textOf(place, secretFile) ?? ''
  const recipients = ageRecipients(text)
  const checks = [
    findInBuild(place, content, `${readSecret(text)?.message}`, caller),
    key && compareMessage(place, content, key, recipients, caller),
    refuseIgnored(place, caller),
  ] as const
  // none of them may still read the files when these are put back
  await Promise.allSettled(checks)
  const [built] = await Promise.all(checks)
  return { recipients, built }
}

/** @param ciphertext the encrypted message: nothing else in the repository can be the same */
async function findInBuild(
  place: Place,
  { namespace }: TestContent,
  ciphertext: string,
  caller: TestSecretCaller,
): Promise<Built> {
  const directory = kustomizationFilesIn(place.path).length > 0 ? place.path : directoryOf(place)
  const output = await buildDirectory(directory, place, caller)
  const text = output.split(/^---$/m).find((part) => part.includes(ciphertext))
  if (text === undefined)
    throw new UserError(`kustomize build ${namesFrom(caller.cwd)(directory)} leaves the test Secret out`)
  const value = parseDocuments(text)[0]?.value
  return {
    name: textAt(value, 'metadata', 'name') ?? place.name,
    namespace: textAt(value, 'metadata', 'namespace') ?? namespace,
    object: value,
  }
}

async function compareMessage(
  place: Place,
  { message }: TestContent,
  { identities, source }: AgeKey,
  recipients: readonly string[],
  { cwd, env, signal }: TestSecretCaller,
): Promise<void> {
  const file = join(directoryOf(place), secretFile)
  const name = namesFrom(cwd)(file)
  let decrypted: string
  try {
    decrypted = await decrypt(file, renderIdentities(identities), { env, signal })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const own = identities.map(({ recipient }) => recipient)
    const why = own.some((recipient) => recipients.includes(recipient))
      ? `: ${error.stderr}`
      : `\n  the file is for  ${recipients.join(', ') || 'no age key'}\n  the key is of    ${own.join(', ')}`
    throw new UserError(`the age key from ${source} can't decrypt ${name}${why}`, {
      hint: 'make a creation rule in .sops.yaml name the recipient of the key, or use the key that the file is for',
    })
  }
  if (textAt(parseDocuments(decrypted)[0]?.value, 'stringData', 'message') === message) return
  throw new UserError(`${name} holds another message`, { hint: removeFirst })
}

async function refuseIgnored(place: Place, { cwd, env, signal }: TestSecretCaller): Promise<void> {
  const { root } = place
  const files = [secretFile, kustomizationFile].map((file) => join(directoryOf(place), file))
  const paths = files.map((file) => relative(root, file))
  const known = await listFiles({ root, env, signal }, paths)
  const ignored = files.filter((file) => !known.includes(relative(root, file)))
  if (ignored.length === 0) return
  const names = ignored.map(namesFrom(cwd)).join(' and ')
  throw new UserError(`git ignores ${names}, so Flux would never see the test Secret`)
}
