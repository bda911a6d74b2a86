import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { failure } from '../program.ts'
import { attempt, run } from '../run.ts'
import { ageRecipients, type KeyGroup, readKeyGroups } from './sops.ts'

export interface EncryptedFile {
  /** Relative to the root of the repository. */
  file: string
  groups: KeyGroup[]
}

interface Repository {
  root: string
  env: NodeJS.ProcessEnv
  signal?: AbortSignal
}

/** Finds the SOPS files of a repository, of every format: tracked ones and new ones, not the ignored ones. */
export async function findEncryptedFiles(repository: Repository): Promise<EncryptedFile[]> {
  const found: EncryptedFile[] = []
  // every SOPS file holds its MAC in this form
  for (const file of await grep(repository, ['-e', 'ENC[AES256_GCM,'])) {
    const groups = await readKeyGroups(await readFile(join(repository.root, file), 'utf8'))
    if (groups) found.push({ file, groups })
  }
  return found
}

/** All age recipients that the creation rules (`.sops.yaml`) of a repository name. */
export async function recipientsInRules(repository: Repository): Promise<Set<string>> {
  const files = await grep(repository, ['-e', 'age1', '--', '.sops.yaml', '**/.sops.yaml'])
  const texts = await Promise.all(files.map((file) => readFile(join(repository.root, file), 'utf8')))
  return new Set(texts.flatMap(ageRecipients))
}

/** @throws UserError where one of the files cannot be read, with its name */
async function grep({ root, env, signal }: Repository, patterns: string[]): Promise<string[]> {
  // git refuses to look at new files where it is set to look into submodules
  const git = ['git', '-c', 'submodule.recurse=false', 'grep', '--untracked', '--no-color']
  const args = [...git, '--files-with-matches', '--fixed-strings', '-z', ...patterns]
  const outcome = await attempt(args, { cwd: root, env: { ...env, LC_ALL: 'C' }, signal })
  // exit 1: nothing found
  if (outcome.code !== 0 && outcome.code !== 1) throw failure(['git', 'grep'], outcome)
  // what git cannot read it only mentions
  const unread = /^(?:error: |warning: (?=could not open directory))(.*)$/m.exec(outcome.stderr)
  if (unread)
    throw new UserError(`cannot search the files of the repository: ${unread[1]}`, {
      hint: 'make it readable, or let git ignore it where it is new',
    })
  return outcome.stdout.split('\0').filter(Boolean)
}

/** Whether files that git knows are not in the working tree because a sparse checkout leaves them out. */
export async function isSparse({ root, env, signal }: Repository): Promise<boolean> {
  const listed = await run(['git', 'ls-files', '-t', '-z'], { cwd: root, env, signal })
  return listed.split('\0').some((entry) => entry.startsWith('S ') && !existsSync(join(root, entry.slice(2))))
}

/**
 * Whether somebody can decrypt a file who has the private keys of `recipients`.
 * @param others whether they have keys that are not of age as well
 */
export function canDecrypt(
  { groups }: EncryptedFile,
  recipients: ReadonlySet<string>,
  others: boolean,
): boolean {
  return groups.every(
    (group) => group.age.some((recipient) => recipients.has(recipient)) || (group.others && others),
  )
}
