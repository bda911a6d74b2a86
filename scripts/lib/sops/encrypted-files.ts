import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { callGit, type Repository, searchFiles } from '../git/git.ts'
import { ciphertextStart } from './format.ts'
import { type KeyGroups, readKeyGroups } from './recipients.ts'

/** A SOPS file of a repository. */
export interface EncryptedFile {
  /** Relative to the root of the repository. */
  file: string
  /** The key groups of each of its documents. */
  documents: KeyGroups[]
  /** What was in it when it was found. */
  text(): string
}

/**
 * Finds the SOPS files of a repository, of every format: tracked ones and new ones, not the ignored ones.
 * @throws UserError where a file cannot be read
 */
export async function findEncryptedFiles(repository: Repository): Promise<EncryptedFile[]> {
  const found: EncryptedFile[] = []
  for (const file of await searchFiles(repository, ciphertextStart)) {
    const text = readListedFile(repository, file)
    const documents = await readKeyGroups(text)
    if (documents) found.push({ file, documents, text: () => text })
  }
  return found
}

/**
 * Reads a file that git has listed.
 * @param file relative to the root
 * @throws UserError: it is gone meanwhile, or its name is not UTF-8
 */
export function readListedFile({ root }: Pick<Repository, 'root'>, file: string): string {
  try {
    return readFileSync(join(root, file), 'utf8')
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`)
  }
}

/** Whether files that git knows are not in the working tree because a sparse checkout leaves them out. */
export async function isSparse(repository: Repository): Promise<boolean> {
  const listed = await callGit(repository, ['ls-files', '-t', '-z'])
  return listed
    .split('\0')
    .some((entry) => entry.startsWith('S ') && !existsSync(join(repository.root, entry.slice(2))))
}
