import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { type Repository, searchFiles } from '../git/git.ts'
import { type NameOf, pathBelow } from '../paths.ts'
import { ageRecipients } from './recipients.ts'
import type { CreationRule } from './rule-text.ts'

/** What sops calls its configuration file (https://getsops.io/docs/#using-sops-yaml-conf-to-select-kms-pgp-and-age-for-new-files). */
export const configName = '.sops.yaml'

/** A file with creation rules. */
export interface RuleFile {
  /** Absolute. */
  path: string
  /** For people: `.sops.yaml`, `SOPS_CONFIG (../rules.yaml)`. */
  name: string
}

/**
 * The file with the creation rules for the files of a directory: the one that SOPS_CONFIG names, or the nearest `.sops.yaml`
 * in it or above.
 * @param directory absolute; it need not exist
 * @param nameOf how it is called in the message
 * @throws UserError where there is none
 */
export function findRuleFile(directory: string, { root, env }: Repository, nameOf: NameOf): RuleFile {
  if (env.SOPS_CONFIG) {
    const path = resolve(root, env.SOPS_CONFIG)
    return { path, name: `SOPS_CONFIG (${nameOf(path)})` }
  }
  const places = [directory]
  for (let at = directory; at !== root && at !== dirname(at); places.push(at)) at = dirname(at)
  const paths = places.map((place) => join(place, configName))
  const path = paths.find((candidate) => existsSync(candidate))
  if (path) return { path, name: nameOf(path) }
  const misnamed = paths.map((candidate) => candidate.replace(/aml$/, 'ml')).find((one) => existsSync(one))
  throw new UserError(
    `cannot encrypt a file in ${nameOf(directory)}: there is no ${configName} in it or above`,
    {
      hint: misnamed ? `rename ${nameOf(misnamed)}: sops does not read it` : '`mise run sops:init` makes one',
    },
  )
}

/**
 * The environment for a worktree of the user's repository: the rules that SOPS_CONFIG names there are then those of the worktree,
 * so that paths begin where they do for the user.
 * @param root of the user's working tree, absolute, as is `worktree`
 */
export function ruleFileInWorktree(
  env: NodeJS.ProcessEnv,
  root: string,
  worktree: string,
): NodeJS.ProcessEnv {
  const inside = env.SOPS_CONFIG && pathBelow(root, env.SOPS_CONFIG)
  const ours = inside && join(worktree, inside)
  return ours && existsSync(ours) ? { ...env, SOPS_CONFIG: ours } : env
}

/** Reads the rules of a file. @throws UserError where it can't be read; it quotes nothing of it */
export async function readCreationRules({ path, name }: RuleFile): Promise<CreationRule[]> {
  const what = `cannot read the creation rules of ${name}`
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UserError(`${what}: ${code === 'ENOENT' ? 'there is no such file' : code}`)
  }
  const { parseRules } = await import('./rule-text.ts')
  const { rules, problem } = parseRules(bytes)
  if (problem) throw new UserError(`${what}: ${problem}`)
  return rules ?? []
}

/**
 * The rule that sops takes for a file: the first that matches its path from the directory of the rules, or its absolute path
 * where it is not below that (sops v3.13.3 config/config.go parseCreationRuleForFile).
 * @param file absolute
 * @param rules of `ruleFile`
 * @returns `undefined` where none selects it
 * @throws UserError where a rule that has to be asked is no regular expression of Go
 */
export async function ruleFor(
  file: string,
  rules: readonly CreationRule[],
  ruleFile: RuleFile,
): Promise<CreationRule | undefined> {
  const { BadPathRegex, firstRule } = await import('./rule-match.ts')
  try {
    return firstRule(rules, pathBelow(dirname(ruleFile.path), file) ?? file)
  } catch (error) {
    if (!(error instanceof BadPathRegex)) throw error
    throw new UserError(
      `sops cannot read ${describeRule({ ruleFile, rule: error.rule })}: ${error.message}`,
      {
        hint: 'it must be a regular expression of Go: https://pkg.go.dev/regexp/syntax',
      },
    )
  }
}

/** The rule that decides how a file is encrypted, and where it stands. */
export interface Selected {
  ruleFile: RuleFile
  rule: CreationRule
}

/** How a rule is called for people: `creation rule 2 of .sops.yaml (path_regex: \.enc\.yaml$)`. */
export function describeRule({
  ruleFile,
  rule: { number, pathRegex },
}: Pick<Selected, 'rule'> & { ruleFile: Pick<RuleFile, 'name'> }): string {
  const files = pathRegex === undefined ? 'for every file' : `path_regex: ${pathRegex}`
  return `creation rule ${number} of ${ruleFile.name} (${files})`
}

/** All age recipients that the creation rules of a repository name. @throws UserError where a file cannot be read */
export async function recipientsInRules(repository: Repository): Promise<Set<string>> {
  const texts = await readFilesWithRules(repository)
  return new Set(texts.flatMap((bytes) => ageRecipients(`${bytes}`)))
}

/** The creation rules of all files with some in a working tree, as far as they can be read. */
export async function readAllRules(repository: Repository): Promise<CreationRule[]> {
  const texts = await readFilesWithRules(repository)
  if (texts.length === 0) return []
  const { parseRules } = await import('./rule-text.ts')
  return texts.flatMap((bytes) => parseRules(bytes).rules ?? [])
}

/** Those that name a recipient of age. */
async function readFilesWithRules(repository: Repository): Promise<Buffer[]> {
  const files = await searchFiles(repository, 'age1', [configName, `**/${configName}`])
  return Promise.all(files.map((file) => readFile(join(repository.root, file))))
}

/** Variables in which sops takes keys that then stand for those of every rule (sops v3.13.3 cmd/sops/main.go), and SOPS_CONFIG. */
const overruling = [
  'SOPS_AGE_RECIPIENTS',
  'SOPS_PGP_FP',
  'SOPS_KMS_ARN',
  'SOPS_GCP_KMS_IDS',
  'SOPS_HUAWEICLOUD_KMS_IDS',
  'SOPS_AZURE_KEYVAULT_URLS',
  'SOPS_VAULT_URIS',
  'SOPS_CONFIG',
]

/** An environment without the variables that would take the place of what a creation rule says. */
export function ruleEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !overruling.includes(name)))
}
