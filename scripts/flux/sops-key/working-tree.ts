import type { Repository } from '../../lib/git/git.ts'
import { recipientsInRules } from '../../lib/sops/creation-rules.ts'
import { type EncryptedFile, findEncryptedFiles } from '../../lib/sops/encrypted-files.ts'
import { recipientsAmong } from '../../lib/sops/recipients.ts'

/** The repository that the user stands in, as its files are now. Each part is read when it is first asked for, and once. */
export interface WorkingTree {
  repository: Repository
  /** @throws as `findEncryptedFiles` */
  encryptedFiles(): Promise<EncryptedFile[]>
  /** The age recipients of the files, and those that the creation rules name. @throws UserError where a file cannot be read */
  recipients(): Promise<Set<string>>
}

/** Opens the working tree of a repository. */
export function openWorkingTree(repository: Repository): WorkingTree {
  let files: Promise<EncryptedFile[]> | undefined
  let recipients: Promise<Set<string>> | undefined
  const encryptedFiles = () => {
    files ??= findEncryptedFiles(repository)
    return files
  }
  const findRecipients = async () => {
    const [found, rules] = await Promise.all([encryptedFiles(), recipientsInRules(repository)])
    return new Set([...rules, ...found.flatMap(({ documents }) => recipientsAmong(documents))])
  }
  return {
    repository,
    encryptedFiles,
    recipients() {
      recipients ??= findRecipients()
      return recipients
    },
  }
}
