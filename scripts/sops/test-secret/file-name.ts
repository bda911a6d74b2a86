import { join } from 'node:path'
import { rulesFindings } from '../../findings/catalogue/rules.ts'
import { testSecretFindings as entries } from '../../findings/catalogue/test-secret.ts'
import { errorOf } from '../../findings/user-error.ts'
import { UserError } from '../../lib/errors.ts'
import { namesFrom } from '../../lib/paths.ts'
import {
  describeRule,
  findRuleFile,
  type RuleFile,
  readCreationRules,
  ruleFor,
  type Selected,
} from '../../lib/sops/creation-rules.ts'
import type { CreationRule } from '../../lib/sops/rule-text.ts'
import type { TestSecretCaller } from './checks.ts'
import { kustomizationFile } from './kustomization.ts'
import { directoryOf, type Place } from './place.ts'
import { guessNames } from './rule-names.ts'

/** What sops calls files of Secrets in most repositories. */
const usualNames = ['secret.enc.yaml', 'secret.sops.yaml', 'secret.yaml']

/** The file of a test Secret that is to be made. */
export interface Chosen extends Selected {
  /** Relative to the directory of the test Secret. */
  file: string
}

/** What decides about the file of a test Secret. */
export interface WantedFile {
  /** `--file-name`: this one and no other. */
  fileName?: string | undefined
  /** Recipients of the keys at hand: a file that is encrypted to one of them comes first. */
  recipients?: readonly string[]
}

/**
 * Chooses a file that the creation rules select, and of these one that is encrypted to age.
 * @throws UserError where no rule selects one, with the rules that were tried, or the name that is wanted can't be used
 */
export async function chooseFile(
  place: Place,
  { fileName, recipients = [] }: WantedFile,
  { cwd, env, signal }: TestSecretCaller,
): Promise<Chosen> {
  const directory = directoryOf(place)
  const nameOf = namesFrom(cwd)
  if (fileName !== undefined) checkFileName(fileName)
  const ruleFile = findRuleFile(directory, { root: place.root, env, signal }, nameOf)
  const rules = await readCreationRules(ruleFile)
  const names = fileName === undefined ? possibleNames(rules) : [fileName]
  const found: Chosen[] = []
  for (const file of names) {
    const rule = await ruleFor(join(directory, file), rules, ruleFile)
    if (rule) found.push({ file, ruleFile, rule })
  }
  const [best] = found.toSorted((a, b) => rank(a, recipients) - rank(b, recipients))
  if (best) return best
  const wanted = fileName === undefined ? undefined : nameOf(join(directory, fileName))
  throw noRule(wanted ?? `a file in ${nameOf(directory)}`, wanted === undefined ? names : [], ruleFile, rules)
}

/** @throws UserError where a file can't have this name in the directory of a test Secret, or sops would not read it as YAML or JSON */
function checkFileName(name: string): void {
  if (isFileName(name)) return
  throw errorOf(entries['file-name-not-allowed'], { name })
}

function isFileName(name: string): boolean {
  const isPath = /^(?:\w[\w-]*\/)?\w[\w.-]*\.(?:ya?ml|json)$/.test(name)
  return isPath && ![kustomizationFile, 'kustomization.yml'].includes(name)
}

function possibleNames(rules: readonly CreationRule[]): string[] {
  const guessed = rules.flatMap(({ pathRegex }) => (pathRegex === undefined ? [] : guessNames(pathRegex)))
  return [...new Set([...usualNames, ...guessed.filter(isFileName)])]
}

/** A directory more than the others have is a way out: the Secrets beside it are no proof of what is in it. */
function rank({ file, rule: { recipients } }: Chosen, own: readonly string[]): number {
  const isOwn = recipients.some((recipient) => own.includes(recipient))
  return (recipients.length === 0 ? 4 : 0) + (file.includes('/') ? 2 : 0) + (isOwn ? 0 : 1)
}

/** @param names that were tried; none where `what` is the one that was wanted */
function noRule(
  what: string,
  names: readonly string[],
  ruleFile: RuleFile,
  rules: readonly CreationRule[],
): UserError {
  const of = names.length > 0 ? ` (${names.join(', ')})` : ''
  if (rules.length === 0) {
    const none = rulesFindings['rules-none']
    return new UserError(`cannot encrypt ${what}: ${ruleFile.name} ${none.seen}`, { hint: none.fix })
  }
  return errorOf(entries['rule-missing'], {
    file: `${what}${of}`,
    rules: rules.map((rule) => `\n  ${describeRule({ ruleFile, rule })}`).join(''),
    name:
      names.length > 0 ? 'name a file that a rule selects with --file-name' : 'choose another --file-name',
  })
}
