import { type Finding, finding } from '../../findings/finding.ts'
import type { Caller } from '../../lib/caller.ts'
import { callGit, literalPathspecs, onlyFiles, openRepository, type Repository } from '../../lib/git.ts'
import { pathBelow } from '../../lib/paths.ts'
import { configName } from '../../lib/sops/creation-rules.ts'
import { type EncryptedFile, findEncryptedFiles, isSparse } from '../../lib/sops/encrypted-files.ts'
import type { KeyAtHand } from '../../lib/sops/key.ts'
import { findKeyFileProblems } from '../../lib/sops/key-file.ts'
import { ownKeyFile } from '../../lib/sops/key-places.ts'
import { listRecipients, recipientsAmong, shortRecipient } from '../../lib/sops/recipients.ts'
import { plainRecipient } from '../../lib/sops/rule-keys.ts'
import { type ChosenKey, chooseKey } from './choose-key.ts'
import { ignoreLineOf, namesNotIgnored } from './ignore.ts'
import { usualIndent } from './indent.ts'
import { usedNames } from './names.ts'
import { namesInNoRule, type RuleFiles, readRuleFiles } from './rule-files.ts'
import { type NewRule, newRules } from './rules.ts'

/** What the user wants of `sops:init`. */
export interface InitOptions {
  /** Where the age private key is, or is to be made; `-` for stdin; `undefined`: found as sops and we do. */
  keyFile: string | undefined
  /** A command that gets a new identity by stdin, instead of a file. */
  store: string | undefined
  /** A new identity is a post-quantum one. */
  pq: boolean
  /** Public keys that new creation rules name as well. */
  backup: string[]
  /** Writes nothing; exit code 1 where a part is missing. */
  check: boolean
  /** Commits the changed files, and only these. */
  commit: boolean
  caller: Caller
}

/** What there is, and what is to be made. */
export interface InitPlan {
  repository: Repository
  /** The key of the repository; `undefined` where one is to be made. */
  key: KeyAtHand | undefined
  /** Where a key is to be made; absolute, `undefined` where none is, or `--store` takes it. */
  newKeyFile: string | undefined
  /** The key file relative to the root, where it is in the repository and no command keeps it. */
  keyName: string | undefined
  /** A line for the `.gitignore` at the root. */
  ignoreLine: string | undefined
  /** The rules that are to be made; `undefined` where there are some. */
  rules: { list: NewRule[]; indent: number; recipients: string[] } | undefined
  /** What is missing and is made. */
  missing: Finding[]
  /** What people have to do. */
  left: Finding[]
  /** Why nothing is made. */
  refused: Finding[]
}

/** What is encrypted in the repository, and by which rules. */
interface Present extends RuleFiles {
  encrypted: EncryptedFile[]
  /** The recipients that these name. */
  used: ReadonlySet<string>
  /** The kinds of their other keys, as `pgp`. */
  otherKinds: string[]
}

/**
 * Looks at a repository, and plans what it lacks. Writes nothing.
 * @throws UserError outside of a repository, and for a key that was named and can't be used
 */
export async function planInit(options: InitOptions): Promise<InitPlan> {
  const { caller, keyFile, store } = options
  const { repository, names: listed } = await openRepository(caller.cwd, caller)
  const { root } = repository
  const names = onlyFiles(repository, listed)
  const present = await lookAt(repository, names)
  const chosen = await chooseKey({ keyFile, root, used: present.used, caller })
  const { key, file } = chosen
  const keyName = file === undefined || (store !== undefined && !key) ? undefined : pathBelow(root, file)
  const parts = { options, repository, present, keyName, ...chosen }
  const refused = [...present.refused, ...(await refusals(parts))]
  const ignore = keyName === undefined ? undefined : await ignoreFinding(repository, keyName, key)
  const used = usedNames(repository, names, present.encrypted)
  const makesKey = key === undefined && refused.length === 0
  const hasRules = present.files.length > 0 || present.refused.length > 0
  const missing = [
    ...(makesKey ? [finding('identity-missing', placeOf(store ? undefined : file, root), {})] : []),
    ...(ignore ? [ignore] : []),
    ...(hasRules ? [] : [finding('rules-missing', { file: configName }, {})]),
  ]
  const left = [
    ...(await readableFinding(key, root)),
    ...(hasRules
      ? [...unnamedKeys(present, key, options), ...(await namesInNoRule(repository, present.files, used))]
      : otherKeys(present)),
  ]
  return {
    repository,
    key,
    newKeyFile: makesKey && store === undefined ? file : undefined,
    keyName,
    ignoreLine: ignore && keyName !== undefined ? ignoreLineOf(keyName) : undefined,
    rules: hasRules
      ? undefined
      : {
          list: newRules(used),
          indent: usualIndent(repository, names),
          recipients: recipientsOfFiles(present.encrypted),
        },
    missing,
    left,
    refused,
  }
}

async function lookAt(repository: Repository, names: readonly string[]): Promise<Present> {
  const { files, refused } = readRuleFiles(repository, names)
  const encrypted = await findEncryptedFiles(repository)
  const groups = [
    ...files.flatMap(({ rules }) => rules.flatMap((rule) => rule.groups)),
    ...encrypted.flatMap(({ documents }) => documents.flatMap((document) => document.groups)),
  ]
  return {
    files,
    refused,
    encrypted,
    used: new Set(groups.flatMap(({ age }) => age.map(plainRecipient))),
    otherKinds: [...new Set(groups.flatMap(({ others }) => others))],
  }
}

interface Parts extends ChosenKey {
  options: InitOptions
  repository: Repository
  present: Present
  keyName: string | undefined
}

/** Why no identity may be made, or the one that is there may not be used. */
async function refusals({ options, repository, present, keyName, ...chosen }: Parts): Promise<Finding[]> {
  const { key, file, isElsewhere } = chosen
  const { root } = repository
  const found: Finding[] = []
  if (await isSparse(repository)) found.push(finding('sparse-repository', { object: 'git' }, {}))
  const { used, otherKinds } = present
  const kinds = otherKinds.map((kind) => `keys of ${kind}`)
  if (!key && used.size + kinds.length > 0) {
    const recipients = [listRecipients([...used]), ...kinds].filter(Boolean).join(', ')
    const to = (file && pathBelow(root, file)) ?? file ?? ownKeyFile
    found.push(finding('key-not-at-hand', { object: 'identity' }, { recipients, file: to }))
  }
  if (key && isElsewhere)
    found.push(finding('other-key-at-hand', placeOf(options.keyFile, root), { found: key.place.source }))
  if (keyName !== undefined && (await isTracked(repository, keyName))) {
    const [identity] = key?.identities ?? []
    found.push(
      identity
        ? finding('key-in-git', { file: keyName }, { recipient: shortRecipient(identity.recipient) })
        : finding('key-file-tracked', { file: keyName }, { file: keyName }),
    )
  }
  return found
}

async function isTracked(repository: Repository, file: string): Promise<boolean> {
  return (await callGit(repository, ['ls-files', '-z', '--', ...literalPathspecs([file])])) !== ''
}

async function ignoreFinding(
  repository: Repository,
  keyName: string,
  key: KeyAtHand | undefined,
): Promise<Finding | undefined> {
  const [name] = await namesNotIgnored(repository, keyName)
  if (name === undefined) return undefined
  const [identity] = key?.identities ?? []
  const ignoreLine = ignoreLineOf(keyName)
  const place = { file: keyName }
  if (identity && name === keyName)
    return finding('key-not-ignored', place, { recipient: shortRecipient(identity.recipient), ignoreLine })
  return finding('key-name-not-ignored', place, { name, ignoreLine })
}

async function readableFinding(key: KeyAtHand | undefined, root: string): Promise<Finding[]> {
  const file = key?.place.file
  if (file === undefined) return []
  const problems = await findKeyFileProblems(file, undefined)
  if (!problems.includes('readable-by-others')) return []
  return [finding('key-file-readable', placeOf(file, root), { file: pathBelow(root, file) ?? file })]
}

/** The keys that the rules ought to name. */
function unnamedKeys({ files }: Present, key: KeyAtHand | undefined, { backup }: InitOptions): Finding[] {
  const groups = files.flatMap(({ rules }) => rules.flatMap((rule) => rule.groups))
  const named = new Set(groups.flatMap(({ age }) => age.map(plainRecipient)))
  const own = (key?.identities ?? []).map(({ recipient }) => recipient)
  const wanted = [
    ...(own.some((recipient) => named.has(recipient)) ? [] : own.map((one) => [one, 'the key at hand'])),
    ...backup.map((one) => [one, 'the backup']),
  ] as [recipient: string, whose: string][]
  const file = files[0]?.file
  return wanted
    .filter(([recipient]) => !named.has(plainRecipient(recipient)))
    .map(([recipient, whose]) => finding('key-in-no-rule', { file }, { recipient, whose }))
}

function otherKeys({ otherKinds }: Present): Finding[] {
  if (otherKinds.length === 0) return []
  return [finding('other-keys-left-out', { file: configName }, { kinds: otherKinds.join(', ') })]
}

function recipientsOfFiles(encrypted: readonly EncryptedFile[]): string[] {
  return recipientsAmong(encrypted.flatMap(({ documents }) => documents))
}

function placeOf(file: string | undefined, root: string): { file?: string; object?: string } {
  if (file === undefined) return { object: 'identity' }
  const inside = pathBelow(root, file)
  return inside === undefined ? { object: file } : { file: inside }
}
