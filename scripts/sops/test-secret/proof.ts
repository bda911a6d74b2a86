import { join } from 'node:path'
import { testSecretFindings as found } from '../../findings/catalogue/test-secret.ts'
import { errorOf } from '../../findings/user-error.ts'
import { kustomizationFilesIn } from '../../lib/kustomize/build.ts'
import { namesFrom } from '../../lib/paths.ts'
import { describeRule, type Selected } from '../../lib/sops/creation-rules.ts'
import { ageRecipients } from '../../lib/sops/recipients.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { textAt } from '../../lib/yaml/values.ts'
import { buildDirectory, type TestSecretCaller } from './checks.ts'
import type { Chosen } from './file-name.ts'
import { refuseIgnored } from './ignored.ts'
import { kustomizationFile } from './kustomization.ts'
import { type AgeKey, compareMessage } from './message.ts'
import { directoryOf, type Place, textOf } from './place.ts'
import { readSecret, type TestContent } from './secret-manifest.ts'

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
 * @param written its file, relative to its directory, and the creation rule that it was encrypted by, where that is known
 * @param key must decrypt it; none: that stays unchecked
 * @throws UserError where something is wrong; it holds neither the message nor a key
 */
export async function prove(
  place: Place,
  written: Pick<Chosen, 'file'> & Partial<Selected>,
  content: TestContent,
  key: AgeKey | undefined,
  caller: TestSecretCaller,
): Promise<Proof> {
  const { file, ruleFile, rule } = written
  const text = textOf(place, file) ?? ''
  const recipients = ageRecipients(text)
  const checks = [
    findInBuild(place, content, `${readSecret(text)?.message}`, caller),
    key &&
      compareMessage(join(directoryOf(place), file), content.message, key, {
        ...caller,
        rule: ruleFile && rule && describeRule({ ruleFile, rule }),
      }),
    // the commit of a run takes it whatever git ignores
    content.run === undefined && refuseIgnored(place, [file, kustomizationFile], caller),
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
    throw errorOf(found['not-in-build'], { directory: namesFrom(caller.cwd)(directory) })
  const value = parseDocuments(text)[0]?.value
  return {
    name: textAt(value, 'metadata', 'name') ?? place.name,
    namespace: textAt(value, 'metadata', 'namespace') ?? namespace,
    object: value,
  }
}
