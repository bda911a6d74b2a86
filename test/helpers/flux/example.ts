import { exampleCluster, writeFiles } from '../files.ts'
import { type Key, makeKey, sopsConfig } from '../keys.ts'
import { type TestRepository, withRepository } from '../repository.ts'

export interface Example extends TestRepository {
  /** Its private key is in `.age-key.txt`, its recipient in `.sops.yaml`. */
  key: Key
  /** What git sees as changed, a line each. */
  changed(): string[]
}

/**
 * Runs `use` with a clone of `examples/cluster` that has an age key.
 * @param changes files that are different; `undefined`: not there
 */
export async function withExample<T>(
  changes: Readonly<Record<string, string | undefined>>,
  use: (example: Example) => Promise<T>,
): Promise<T> {
  const key = makeKey()
  const files = { ...exampleCluster(), '.sops.yaml': sopsConfig(key.recipient), ...changes }
  const there = Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return withRepository(Object.fromEntries(there), async (repository) => {
    writeFiles(repository.root, { '.age-key.txt': key.text })
    const changed = () =>
      repository.git('status', '--porcelain', '--untracked-files=all').split('\n').filter(Boolean)
    return use({ ...repository, key, changed })
  })
}
