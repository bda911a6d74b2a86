import { tmpdir } from 'node:os'
import { extname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { CommandError, UserError } from '../errors.ts'
import type { Repository } from '../git/git.ts'
import type { NameOf } from '../paths.ts'
import { run } from '../run.ts'
import { valueAt } from '../yaml/values.ts'
import { describeRule, ruleEnvironment, type Selected } from './creation-rules.ts'
import { isCiphertext } from './format.ts'

/** Only these keys of a Secret are encrypted: Flux and kustomize must be able to read the rest (docs/decryption.md#what-sops-encrypts). */
export const secretKeys = '^(data|stringData)$'

/** How long sops may take, in ms. It can ask a key service. */
export const sopsLimit = 60_000

/** Exit codes of sops (sops v3.13.3 cmd/sops/codes/codes.go). */
export const sopsCodes = { decryptingTree: 25, macMismatch: 51, macNotFound: 52, noDataKey: 128 } as const

/** A Secret as it is before it is encrypted. */
export interface SecretManifest {
  apiVersion: 'v1'
  kind: 'Secret'
  metadata: { name: string; namespace: string; [key: string]: unknown }
  data?: Record<string, string>
  stringData?: Record<string, string>
}

/** How a Secret is encrypted. */
export interface Encryption extends Selected {
  /** To these recipients of age alone, whatever keys the rule names; all else is as it says. */
  recipients?: readonly string[] | undefined
}

/**
 * Encrypts a Secret manifest by the creation rule of the file that it is meant for.
 * The plaintext goes in by stdin, so it never touches the disk; only `data` and `stringData` are encrypted, also where
 * the rule selects nothing or something else.
 *
 * @param manifest a Secret. It is a secret.
 * @param file the absolute path that it is for, `.json` or else YAML; nothing is read from or written to it
 * @param how what `ruleFor` found for it, and to whom
 * @param nameOf how files are called in messages
 * @returns the encrypted text
 * @throws UserError where sops cannot, or the rule selects other values and can't be overruled
 */
export async function encrypt(
  manifest: SecretManifest,
  file: string,
  how: Encryption,
  { root, env, signal }: Repository,
  nameOf: NameOf,
): Promise<string> {
  const what = `cannot encrypt ${nameOf(file)} by ${describeRule(how)}`
  // as JSON, in which every text has one spelling; YAML 1.1 and 1.2 differ about some
  const types = ['--input-type', 'json', '--output-type', extname(file) === '.json' ? 'json' : 'yaml']
  const args = ['sops', '--config', how.ruleFile.path, 'encrypt', '--filename-override', file, ...types]
  // they take the place of all keys of the rule (sops v3.13.3 cmd/sops/main.go keyGroups)
  if (how.recipients) args.push('--age', how.recipients.join(','))
  const input = JSON.stringify(manifest)
  const sops = (more: string[]) =>
    run([...args, ...more], { input, cwd: root, env: ruleEnvironment(env), signal, timeout: sopsLimit })
  try {
    const encrypted = await sops(['--encrypted-regex', secretKeys]).catch((error) => {
      // the rule selects with something else than encrypted_regex, which cannot be overruled
      if (error instanceof CommandError && /cannot use more than one of/.test(error.stderr)) return sops([])
      throw error
    })
    await checkSelection(encrypted, manifest, what)
    return encrypted
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    throw new UserError(`${what}: ${error.stderr}`)
  }
}

/**
 * Encrypts a Secret manifest to these recipients of age alone, without any creation rule.
 * @param manifest a Secret. It is a secret, and goes in by stdin.
 * @returns YAML
 * @throws CommandError where sops does not take a recipient
 */
export async function encryptTo(
  manifest: SecretManifest,
  recipients: readonly string[],
  { env, signal }: Pick<Repository, 'env' | 'signal'>,
): Promise<string> {
  const types = ['--input-type', 'json', '--output-type', 'yaml', '--filename-override', 'secret.yaml']
  const args = ['sops', '--config', '/dev/null', 'encrypt', '--age', recipients.join(','), ...types]
  // sops reads the nearest `.sops.yaml` as well, whatever `--config` says
  const options = { cwd: tmpdir(), env: ruleEnvironment(env), signal, timeout: sopsLimit }
  return run([...args, '--encrypted-regex', secretKeys], { ...options, input: JSON.stringify(manifest) })
}

/** @throws UserError where something else than the values of the Secret is encrypted, or less */
async function checkSelection(encrypted: string, manifest: SecretManifest, what: string): Promise<void> {
  const { parseDocuments } = await import('../yaml/documents.ts')
  const file = parseDocuments(encrypted)[0]?.value
  const isPlain = (['apiVersion', 'kind', 'metadata'] as const).every((key) =>
    isDeepStrictEqual(valueAt(file, key), manifest[key]),
  )
  const values = ['data', 'stringData'].flatMap((key) => Object.values(valueAt(file, key) ?? {}))
  if (isPlain && values.every(isCiphertext)) return
  const selector = Object.keys(valueAt(file, 'sops') ?? {}).find((key) => /^(un)?encrypted_/.test(key))
  throw new UserError(
    `${what}: its ${selector} ${isPlain ? 'leaves values in the clear' : 'encrypts more than the values'}`,
    { hint: `give the rule encrypted_regex: ${secretKeys} in its place` },
  )
}
