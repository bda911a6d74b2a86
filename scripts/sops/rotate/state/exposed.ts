import type { Caller } from '../../../lib/caller.ts'
import type { Repository } from '../../../lib/git/git.ts'
import {
  filesOfCommit,
  hasCommit,
  listVersions,
  readBlobs,
  readManyBlobs,
  searchCommit,
} from '../../../lib/git/git-objects.ts'
import {
  ciphertextMarks,
  ciphertextStart,
  ciphertextsIn,
  dataKeyMarks,
  sopsFilesInValues,
} from '../../../lib/sops/format.ts'
import { readKeyGroups, recipientsAmong } from '../../../lib/sops/recipients.ts'
import { encryptedKeys } from './encrypted-keys.ts'
import { keyFamily } from './key-family.ts'

/** A value that a recipient could decrypt at any time. */
export interface Exposed {
  /** Relative to the root of the repository, as it was called then. */
  file: string
  /** The names of the keys down to it: `stringData.password`. */
  key: string
  /** The last commit with a version of it that the recipient could open. */
  commit: string
  /** Whether HEAD has the same ciphertext, and so the same value. Another ciphertext can be that of the same value. */
  isSame: boolean
}

/** No SOPS file is larger, in bytes. */
const largest = 64 * 1024 * 1024

/**
 * Finds all that a recipient could decrypt in any version of any file, on all branches, tags and remotes that are here: also what was
 * put in after it was taken out of a file, as long as that kept its data key. In a file with several key groups it may have needed
 * the key of somebody else as well. Never a value.
 * @returns each file and key once, in the order of their names
 */
export async function whatOldOpened(
  repository: Repository,
  old: string,
  status: Caller['status'] = () => undefined,
): Promise<Exposed[]> {
  try {
    status('listing all commits')
    const versions = await listVersions(repository)
    const byBlob = Map.groupBy(versions, ({ blob }) => blob)
    const listing = new Set<string>()
    const marks = new Map<string, Set<string>>()
    const seen = async (text: string, blob: string, done: number) => {
      if (done % 500 === 0) status(`looked at ${done} of ${byBlob.size} old versions`)
      for (const inner of sopsTextsIn(text)) {
        marks.set(blob, (marks.get(blob) ?? new Set()).union(dataKeyMarks(inner)))
        if (inner.includes(old) && recipientsAmong((await readKeyGroups(inner)) ?? []).includes(old))
          listing.add(blob)
      }
    }
    await readManyBlobs(repository, [...byBlob.keys()], seen, largest)
    const open = keyFamily(listing, marks)
    marks.clear()
    const today = await ciphertextsOfHead(repository)
    const found = new Map<string, Exposed & { age: number }>()
    const keep = async (text: string, blob: string) => {
      for (const { file, commit, age } of byBlob.get(blob) ?? [])
        for (const inner of sopsTextsIn(text))
          for (const [key, own] of encryptedKeys(inner, file)) {
            const known = found.get(`${file}\0${key}`)
            if (known && known.age <= age) continue
            found.set(`${file}\0${key}`, { file, key, commit, isSame: !own.isDisjointFrom(today), age })
          }
    }
    await readManyBlobs(repository, [...open], keep, largest)
    const sorted = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return sorted.map(([, { age: _, ...exposed }]) => exposed)
  } finally {
    status(undefined)
  }
}

/** A SOPS file, or those that are values in a manifest. */
function sopsTextsIn(text: string): string[] {
  if (text.includes(ciphertextStart)) return [text]
  return ciphertextMarks.some((mark) => text.includes(mark)) ? sopsFilesInValues(text) : []
}

async function ciphertextsOfHead(repository: Repository): Promise<Set<string>> {
  if (!(await hasCommit(repository, 'HEAD'))) return new Set()
  const [marked, blobs] = await Promise.all([
    searchCommit(repository, 'HEAD', ciphertextMarks),
    filesOfCommit(repository, 'HEAD'),
  ])
  const wanted = marked.flatMap((file) => blobs.get(file) ?? [])
  const texts = [...(await readBlobs(repository, wanted)).values()].flatMap(sopsTextsIn)
  return new Set(texts.flatMap((text) => [...ciphertextsIn(text)]))
}
