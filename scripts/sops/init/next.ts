import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { initFindings } from '../../findings/catalogue/init.ts'
import { recipientsFindings } from '../../findings/catalogue/recipients.ts'
import { seenOf } from '../../findings/entry.ts'
import { type Finding, worded } from '../../findings/finding.ts'
import type { Hint } from '../../lib/caller.ts'
import { type Repository, searchFiles } from '../../lib/git/git.ts'
import { type NameOf, shellWord } from '../../lib/paths.ts'
import { shortRecipient } from '../../lib/sops/recipients.ts'
import { isSsh } from './backup.ts'
import { type InitResult, initCommitMessage } from './carry-out.ts'
import type { InitOptions, InitPlan } from './plan.ts'

/** What is left to do, with the commands that come next. */
export async function nextHints(
  plan: InitPlan,
  result: InitResult,
  options: InitOptions,
  nameOf: NameOf,
): Promise<Hint[]> {
  const hints: (Hint | undefined)[] = [
    ...plan.left.map((found) => fixHint(found, plan.repository, nameOf)),
    keepHint(plan, nameOf),
    single(result),
    ...(result.recipients ?? []).filter(isSsh).map((recipient) => {
      const text = seenOf(initFindings['backup-of-ssh'], { recipient: recipient.split(' ', 2).join(' ') })
      return { text, lines: [] }
    }),
    variableHint(plan, options),
    await commandsHint(plan, result, options),
  ]
  return hints.filter((hint) => hint !== undefined)
}

function fixHint(found: Finding, { root }: Repository, nameOf: NameOf): Hint {
  return { text: worded(found, (file) => nameOf(resolve(root, file))).fix, lines: [] }
}

function keepHint({ newKeyFile }: InitPlan, nameOf: NameOf): Hint | undefined {
  if (newKeyFile === undefined) return undefined
  const text = `keep a copy of ${nameOf(newKeyFile)} in a safe place: without it nobody can read your Secrets`
  return { text, lines: [] }
}

function single({ recipients }: InitResult): Hint | undefined {
  const [recipient, ...others] = recipients ?? []
  if (recipient === undefined || others.length > 0) return undefined
  const { means } = recipientsFindings['single-recipient']
  const facts = { recipient: shortRecipient(recipient), what: 'what the new rules encrypt' }
  const seen = seenOf(recipientsFindings['single-recipient'], facts)
  const how = 'Make another key, keep it elsewhere, and add its public key to the rules'
  return { text: `${seen}. ${means} ${how}`, lines: [] }
}

/** sops itself looks at no file in the repository but the one that the variable names. */
function variableHint({ keyName }: InitPlan, { caller }: InitOptions): Hint | undefined {
  const { SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, SOPS_AGE_KEY_CMD } = caller.env
  const isFound = (SOPS_AGE_KEY_FILE && existsSync(SOPS_AGE_KEY_FILE)) || SOPS_AGE_KEY || SOPS_AGE_KEY_CMD
  if (keyName === undefined || isFound) return undefined
  return {
    text: 'let sops find the key as well, by these lines in .mise.toml:',
    lines: ['[env]', `SOPS_AGE_KEY_FILE = ${JSON.stringify(`{{config_root}}/${keyName}`)}`],
  }
}

async function commandsHint(
  { repository }: InitPlan,
  { files, commit, isNewIdentity }: InitResult,
  { store }: InitOptions,
): Promise<Hint> {
  const { texts: flux, isBootstrapped } = await findFlux(repository)
  const add = `git add ${files.map((file) => shellWord(`:/${file}`)).join(' ')}`
  const isStored = isNewIdentity && store !== undefined
  const isFresh = flux.length === 0 && isBootstrapped
  const enable = isFresh ? ['mise run flux:enable-decryption --root --commit'] : enableCommands(flux)
  const lines = [
    ...(files.length > 0 && !commit ? [`${add} && git commit --message '${initCommitMessage}'`] : []),
    ...enable,
    `mise run flux:sops-key${isStored ? ' --key-file -' : ''}`,
    ...(flux.length > 0 || isFresh ? ['git push', 'mise run sops:verify'] : []),
  ]
  const how = isStored ? ', with the stored identity on the stdin of flux:sops-key' : ''
  return { text: `the next commands${how}:`, lines }
}

function enableCommands(flux: readonly string[]): string[] {
  const isOpen = flux.some((text) => !/^\s+decryption:/m.test(text))
  return isOpen ? ['mise run flux:enable-decryption --commit'] : []
}

/** The texts of the files with a Flux Kustomization, but for those that `flux bootstrap` writes. */
async function findFlux(repository: Repository): Promise<{ texts: string[]; isBootstrapped: boolean }> {
  const isBootstrap = (file: string) => /(^|\/)gotk-(sync|components)\.yaml$/.test(file)
  const files = await searchFiles(repository, 'kustomize.toolkit.fluxcd.io', ['*.yaml', '*.yml', '*.json'])
  const texts = files
    .filter((file) => !isBootstrap(file))
    .map((file) => readFileSync(join(repository.root, file), 'utf8'))
    .filter((text) => /^\s*["']?kind["']?:\s*["']?Kustomization\b/m.test(text))
  return { texts, isBootstrapped: files.some(isBootstrap) }
}
