import { isDeepStrictEqual } from 'node:util'
import { type Finding, finding } from '../../../findings/finding.ts'
import type { Revision } from '../../../lib/applied/revision.ts'
import { leavesOf } from '../../../lib/sops/files/encrypted-manifests.ts'
import { textsInHistory } from '../../../lib/sops/files/former-paths.ts'
import { isCiphertext } from '../../../lib/sops/format.ts'
import { placesIn } from '../../../lib/sops/reader/places.ts'
import { keyAt, parseDocuments } from '../../../lib/yaml/documents.ts'
import { textAt } from '../../../lib/yaml/values.ts'

/**
 * Finds without a key, by the older versions of a file, the ciphertext that no longer stands where it was encrypted, or that
 * somebody has changed without sops.
 * @returns `undefined` where they do not tell
 */
export async function findMoved(
  file: string,
  text: string,
  { repository, commit }: Revision,
): Promise<Finding | undefined> {
  const now = versionOf(text)
  const texts = await textsInHistory(repository, file, commit)
  const before = texts.filter((one) => one !== text).map(versionOf)
  const documents = parseDocuments(text)
  const placeAt = placesIn(text)
  for (const { document, path, value } of now.values) {
    const key = keyAt(documents[document]?.root ?? null, ...path)
    const place = { file, ...placeAt(key?.range?.[0] ?? 0) }
    const facts = { file, path: path.join('.') }
    // sops makes another ciphertext wherever it encrypts, so where one was first is where it belongs
    const older = before.flatMap(({ values }) => values).findLast((one) => one.value === value)
    const from = older?.path.join('.')
    if (from !== undefined && from !== facts.path) return finding('value-moved', place, { ...facts, from })
    // sops writes the time of each change
    const isChanged = before.some(
      ({ time, values }) =>
        time === now.time &&
        values.some((one) => one.document === document && isDeepStrictEqual(one.path, path)),
    )
    if (!older && isChanged) return finding('value-broken', place, facts)
  }
  return undefined
}

/** A version of an encrypted file. */
interface Version {
  /** When sops has written it. */
  time: string | undefined
  /** Its ciphertexts. */
  values: readonly { document: number; path: readonly string[]; value: string }[]
}

function versionOf(text: string): Version {
  const documents = parseDocuments(text).map(({ value }) => value)
  const values = documents.flatMap((whole, document) =>
    [...leavesOf(whole)].flatMap(([path, value]) =>
      isCiphertext(value) && path[0] !== 'sops' ? [{ document, path, value: `${value}` }] : [],
    ),
  )
  return { time: textAt(documents[0], 'sops', 'lastmodified'), values }
}
