import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { type Repository, searchFiles } from '../git.ts'
import type { NameOf } from '../paths.ts'
import { listAt, textAt } from '../yaml/values.ts'
import { ageRecipients } from './recipients.ts'

/** What sops calls its configuration file (https://getsops.io/docs/#using-sops-yaml-conf-to-select-kms-pgp-and-age-for-new-files). */
const configName = '.sops.yaml'

/**
 * The file with the creation rules for another file: the one that SOPS_CONFIG names, or the nearest `.sops.yaml` above it.
 * @param file absolute
 * @param nameOf how it is called in the message
 * @returns absolute
 * @throws UserError where there is none
 */
export function findCreationRules(file: string, { root, env }: Repository, nameOf: NameOf): string {
  if (env.SOPS_CONFIG) return resolve(root, env.SOPS_CONFIG)
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const config = join(directory, configName)
    if (existsSync(config)) return config
    if (directory === root || directory === dirname(directory)) {
      throw new UserError(
        `cannot encrypt ${nameOf(file)}: there is no ${configName} in its directory or above`,
        {
          hint: 'write one with a creation rule: https://getsops.io/docs/#using-sops-yaml-conf-to-select-kms-pgp-and-age-for-new-files',
        },
      )
    }
  }
}

/**
 * The error for a file that no creation rule selects, with the rules that were tried.
 * @param name how the file is called
 * @param config what `findCreationRules` returned, and `rules` how it is called
 */
export async function noCreationRule(name: string, config: string, rules: string): Promise<UserError> {
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

/** All age recipients that the creation rules of a repository name. @throws UserError where a file cannot be read */
export async function recipientsInRules(repository: Repository): Promise<Set<string>> {
  const files = await searchFiles(repository, 'age1', [configName, `**/${configName}`])
  const texts = await Promise.all(files.map((file) => readFile(join(repository.root, file), 'utf8')))
  return new Set(texts.flatMap(ageRecipients))
}

/** An environment without the variables that would take the place of what a creation rule says. */
export function ruleEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { SOPS_AGE_RECIPIENTS, SOPS_PGP_FP, SOPS_KMS_ARN, SOPS_CONFIG, ...rest } = env
  return rest
}
