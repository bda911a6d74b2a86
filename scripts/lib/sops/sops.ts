import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { CommandError, UserError } from '../errors.ts'
import { run } from '../run.ts'
import { listAt, textAt, valueAt } from '../yaml/values.ts'

/** Only these keys of a Secret are encrypted: Flux and kustomize must be able to read the rest (flux-sops.md 5.11). */
const secretKeys = '^(data|stringData)$'

/** A Secret as it is before it is encrypted. */
export interface SecretManifest {
  apiVersion: 'v1'
  kind: 'Secret'
  metadata: { name: string; namespace: string; [key: string]: unknown }
  data?: Record<string, string>
  stringData?: Record<string, string>
}

export interface SopsOptions {
  /** The root of the repository: the search for `.sops.yaml` ends there. */
  root: string
  env: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
}

/**
 * Encrypts a Secret manifest by the creation rule that matches the file it is meant for.
 * The plaintext goes in by stdin, so it never touches the disk; only `data` and `stringData` are encrypted, also where
 * the rule selects nothing or something else.
 *
 * @param manifest a Secret. It is a secret.
 * @param file the absolute path that it is for; nothing is read from or written to it
 * @returns the encrypted YAML
 * @throws UserError where there is no `.sops.yaml`, no rule matches (with the rules that were tried), or the rule
 *   selects other values and can't be overruled
 */
export async function encrypt(manifest: SecretManifest, file: string, options: SopsOptions): Promise<string> {
  const config = findConfig(file, options)
  const name = relative(options.root, file)
  const rules = relative(options.root, config)
  // as JSON, in which every text has one spelling; YAML 1.1 and 1.2 differ about some
  const types = ['--input-type', 'json', '--output-type', 'yaml']
  const args = ['sops', '--config', config, 'encrypt', '--filename-override', file, ...types]
  const sops = (more: string[]) =>
    run([...args, ...more], {
      input: JSON.stringify(manifest),
      cwd: options.root,
      env: ruleEnvironment(options.env),
      signal: options.signal,
      timeout: 60_000,
    })
  try {
    const encrypted = await sops(['--encrypted-regex', secretKeys]).catch((error) => {
      // the rule selects with something else than encrypted_regex, which cannot be overruled
      if (error instanceof CommandError && /cannot use more than one of/.test(error.stderr)) return sops([])
      throw error
    })
    await checkSelection(encrypted, manifest, `cannot encrypt ${name} by the rules of ${rules}`)
    return encrypted
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    if (/no matching creation rules found|has no creation rules/.test(error.stderr))
      throw await noRule(name, config, rules)
    throw new UserError(`cannot encrypt ${name} by the rules of ${rules}: ${error.stderr}`)
  }
}

/** @throws UserError where something else than the values of the Secret is encrypted, or less */
async function checkSelection(encrypted: string, manifest: SecretManifest, what: string): Promise<void> {
  const { parseDocuments } = await import('../yaml/documents.ts')
  const file = parseDocuments(encrypted)[0]?.value
  const isPlain = (['apiVersion', 'kind', 'metadata'] as const).every((key) =>
    isDeepStrictEqual(valueAt(file, key), manifest[key]),
  )
  const values = [valueAt(file, 'data'), valueAt(file, 'stringData')].flatMap((map) =>
    Object.values(map ?? {}),
  )
  const isEncrypted = values.every((value) => typeof value === 'string' && value.startsWith('ENC['))
  if (isPlain && isEncrypted) return
  const selector = Object.keys(valueAt(file, 'sops') ?? {}).find((key) => /^(un)?encrypted_/.test(key))
  throw new UserError(
    `${what}: ${selector} of the rule that matches ${isPlain ? 'leaves values in the clear' : 'encrypts more than the values'}`,
    { hint: `give the rule encrypted_regex: ${secretKeys} in its place` },
  )
}

/**
 * Decrypts a SOPS file with these identities and no others.
 * @param identities age identities, one a line. A secret: they go in by stdin.
 * @returns the plaintext as YAML. It is a secret.
 * @throws CommandError with the redacted stderr of sops where it cannot be decrypted or its MAC is wrong
 */
export async function decrypt(
  file: string,
  identities: string,
  options: Pick<SopsOptions, 'env' | 'signal'>,
): Promise<string> {
  return run(['sops', 'decrypt', '--output-type', 'yaml', file], {
    input: identities,
    // /dev/stdin can be opened by name only if it is a pipe
    pipe: true,
    env: { PATH: options.env.PATH, HOME: '/nonexistent', SOPS_AGE_KEY_FILE: '/dev/stdin' },
    signal: options.signal,
    timeout: 60_000,
  })
}

/** The nearest `.sops.yaml` above a file, or the one that SOPS_CONFIG names. @throws UserError where there is none */
function findConfig(file: string, { root, env }: SopsOptions): string {
  if (env.SOPS_CONFIG) return resolve(root, env.SOPS_CONFIG)
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const config = join(directory, '.sops.yaml')
    if (existsSync(config)) return config
    if (directory === root || directory === dirname(directory)) {
      throw new UserError(
        `cannot encrypt ${relative(root, file)}: there is no .sops.yaml in its directory or above`,
        {
          hint: 'write one with a creation rule: https://getsops.io/docs/#using-sops-yaml-conf-to-select-kms-pgp-and-age-for-new-files',
        },
      )
    }
  }
}

/** Without the variables that would take the place of the rule's recipients. */
function ruleEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { SOPS_AGE_RECIPIENTS, SOPS_PGP_FP, SOPS_KMS_ARN, SOPS_CONFIG, ...rest } = env
  return rest
}

async function noRule(name: string, config: string, rules: string): Promise<UserError> {
  const { parseDocuments } = await import('../yaml/documents.ts')
  const [document] = parseDocuments(await readFile(config, 'utf8'))
  const tried = listAt(document?.value, 'creation_rules').map(
    (rule) => `\n  path_regex: ${textAt(rule, 'path_regex')}`,
  )
  const why =
    tried.length > 0
      ? `no creation rule in ${rules} matches this path. Tried:${tried.join('')}`
      : `${rules} has no creation rules`
  return new UserError(`cannot encrypt ${name}: ${why}`, {
    hint: 'add a rule, for example with path_regex: \\.enc\\.(json|yaml)$',
  })
}

/** Who can decrypt a SOPS file. */
export interface KeyGroup {
  /** Age recipients, any of which can open this group. */
  age: string[]
  /** Whether a key that is not of age (PGP, a cloud KMS, Vault) can open it too. */
  others: boolean
}

/**
 * Reads from the metadata of a SOPS file of any format who can decrypt it.
 * @returns the key groups: usually one; of several, every one must be opened. `undefined` where the text is no SOPS file.
 */
export async function readKeyGroups(text: string): Promise<KeyGroup[] | undefined> {
  if (!/ENC\[AES256_GCM,/.test(text)) return undefined
  const isSops = /^\s*["[]?sops(?:["\]]|:|_mac)/m.test(text)
  if (isSops && !/\bkey_groups\b/.test(text)) return [keyGroup(text)]
  const { parseDocuments } = await import('../yaml/documents.ts')
  // what is written on one line has it anywhere
  const blocks = parseDocuments(text).flatMap(({ value }) => valueAt(value, 'sops') ?? [])
  if (!isSops && blocks.length === 0) return undefined
  const groups = blocks.flatMap((block) => listAt(block, 'key_groups'))
  return groups.length > 0 ? groups.map((group) => keyGroup(JSON.stringify(group))) : [keyGroup(text)]
}

function keyGroup(text: string): KeyGroup {
  return {
    age: ageRecipients(text),
    others: /\b(fp|arn|resource_id|vault_url|vault_address)"?\s*[:=]/.test(text.replaceAll('__map_', ' ')),
  }
}

/** Every age recipient that a text names: a SOPS file, or a `.sops.yaml`. */
export function ageRecipients(text: string): string[] {
  return [...new Set(text.match(/\bage1[a-z0-9]{50,}\b/g))]
}
