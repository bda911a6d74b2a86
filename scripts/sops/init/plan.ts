import { type Finding, finding } from '../../findings/finding.ts'
import type { Caller } from '../../lib/caller.ts'
import type { Repository } from '../../lib/git/git.ts'
import { pathBelow } from '../../lib/paths.ts'
import { configName } from '../../lib/sops/creation-rules.ts'
import type { KeyAtHand } from '../../lib/sops/key.ts'
import { recipientsAmong } from '../../lib/sops/recipients.ts'
import { keyPlaceOf } from '../new-key/key-place.ts'
import { chooseKey } from './choose-key.ts'
import { ignoreLineOf } from './ignore.ts'
import { usualIndent } from './indent.ts'
import { ignoreFinding, keyRefusals, readableFinding } from './key-findings.ts'
import { readPresent } from './present.ts'
import { keysLeftOut, unnamedKeys, unselectedNames } from './rule-findings.ts'
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
  /** What that file holds now, where it is there. */
  gitignore: string | undefined
  /** The rules that are to be made; `undefined` where there are some. */
  rules: { list: NewRule[]; indent: number; recipients: string[] } | undefined
  /** What is missing and is made. */
  missing: Finding[]
  /** What people have to do. */
  left: Finding[]
  /** Why nothing is made. */
  refused: Finding[]
}

/**
 * Looks at a repository, and plans what it lacks. Writes nothing.
 * @throws UserError outside of a repository, and for a key that was named and can't be used
 */
export async function planInit(options: InitOptions): Promise<InitPlan> {
  const { caller, keyFile, store, backup } = options
  const present = await readPresent(caller.cwd, caller)
  const { repository, names, textOf, files, inUse, recipients } = present
  const { root } = repository
  const chosen = await chooseKey({ keyFile, root, used: recipients, caller })
  const { key } = chosen
  const file = store !== undefined && !key ? undefined : chosen.file
  const name = file && pathBelow(root, file)
  const placed = { ...chosen, name, wanted: keyFile }
  const [refusedKey, ignore, readable] = await Promise.all([
    keyRefusals(present, placed),
    ignoreFinding(present, placed),
    readableFinding(present, placed),
  ])
  const refused = [...present.refused, ...refusedKey]
  const makesKey = key === undefined && refusedKey.length === 0
  const hasRules = files.length + present.refused.length > 0
  const ofRules = hasRules
    ? [...unnamedKeys(present, key, backup), ...(await unselectedNames(present))]
    : keysLeftOut(present)
  const rules = {
    list: newRules(inUse),
    indent: usualIndent(names, textOf),
    recipients: recipientsAmong(present.encrypted.flatMap(({ documents }) => documents)),
  }
  return {
    repository,
    key,
    newKeyFile: makesKey ? file : undefined,
    keyName: name,
    ignoreLine: ignore && name && ignoreLineOf(name),
    gitignore: textOf('.gitignore'),
    rules: hasRules ? undefined : rules,
    missing: [
      ...(makesKey ? [finding('identity-missing', keyPlaceOf(file, root), {})] : []),
      ...(ignore ? [ignore] : []),
      ...(hasRules ? [] : [finding('rules-missing', { file: configName }, {})]),
    ],
    left: [...readable, ...ofRules],
    refused,
  }
}
