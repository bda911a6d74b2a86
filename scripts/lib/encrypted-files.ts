import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run.ts'
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

async function grep({ root, env, signal }: Repository, patterns: string[]): Promise<string[]> {
  const args = ['git', 'grep', '--untracked', '--files-with-matches', '--fixed-strings', '-z', ...patterns]
  // exit 1: nothing found
  return (await run(args, { cwd: root, env, signal, okCodes: [1] })).split('\0').filter(Boolean)
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
