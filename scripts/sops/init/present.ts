import { openRepository, type Repository } from '../../lib/git/git.ts'
import { largestFile, makeReader } from '../../lib/repository/reader.ts'
import { type EncryptedFile, findEncryptedFiles, isSparse } from '../../lib/sops/encrypted-files.ts'
import { plainRecipient } from '../../lib/sops/rule-keys.ts'
import { type UsedName, usedNames } from './names.ts'
import { type RuleFiles, readRuleFiles } from './rule-files.ts'

/** @returns the text of a file by its path from the root of the repository; `undefined` where there is none */
export type TextReader = (file: string) => string | undefined

/** What there is in a repository. */
export interface Present extends RuleFiles {
  repository: Repository
  /** What git lists: tracked files and new ones, those that are deleted too. */
  names: string[]
  textOf: TextReader
  encrypted: EncryptedFile[]
  inUse: UsedName[]
  /** The recipients of age and SSH that its rules and files name. */
  recipients: ReadonlySet<string>
  /** The kinds of the other keys in these, as `pgp`. */
  otherKinds: string[]
  /** A sparse checkout leaves files out of the working tree. */
  isSparse: boolean
}

/**
 * Looks at what is encrypted in a repository, and by which rules. Writes nothing.
 * @throws UserError outside of a repository, and for a file that can't be read
 */
export async function readPresent(cwd: string, caller: Pick<Repository, 'env' | 'signal'>): Promise<Present> {
  const { repository, names } = await openRepository(cwd, caller)
  const read = makeReader(repository.root, largestFile)
  const textOf = (file: string) => read(file)?.toString()
  const rules = readRuleFiles(repository, names, read)
  const [encrypted, sparse] = await Promise.all([findEncryptedFiles(repository), isSparse(repository)])
  const groups = [
    ...rules.files.flatMap(({ rules }) => rules.flatMap((rule) => rule.groups)),
    ...encrypted.flatMap(({ documents }) => documents.flatMap((document) => document.groups)),
  ]
  return {
    ...rules,
    repository,
    names,
    textOf,
    encrypted,
    inUse: usedNames(names, encrypted, textOf),
    recipients: new Set(groups.flatMap(({ age }) => age.map(plainRecipient))),
    otherKinds: [...new Set(groups.flatMap(({ others }) => others))],
    isSparse: sparse,
  }
}
