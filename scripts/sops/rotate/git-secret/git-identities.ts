import { isDeepStrictEqual } from 'node:util'
import type { Repository } from '../../../lib/git/git.ts'
import { type Identity, type KeyContent, NoIdentity, readIdentities } from '../../../lib/sops/age.ts'
import { isCiphertext } from '../../../lib/sops/format.ts'
import { applyEdits } from '../../../lib/yaml/document-edit.ts'
import { parseDocuments } from '../../../lib/yaml/documents.ts'
import { isMapping, textAt, valueAt } from '../../../lib/yaml/values.ts'
import { openAs } from '../files/open-text.ts'
import { NotEditable, type SopsText, type TextLeaf } from '../files/sops-text.ts'
import { troubleOf } from '../files/troubles.ts'
import type { FileEdit, FileTrouble } from '../rotation.ts'
import type { GitKeySecret } from './find-git-keys.ts'
import { type OpenSecret, withSecretText } from './secret-text.ts'

/**
 * Reads the identities of a key Secret that is kept in git.
 * @param opener Secret. Identities of which one opens the file.
 * @returns the identities, which are secret; no identity where the value holds none
 * @throws BadLine for a line that is none; it is not quoted
 */
export async function readGitIdentities(
  secret: GitKeySecret,
  opener: readonly Identity[],
  repository: Repository,
): Promise<KeyContent | FileTrouble> {
  const { file, dataKey } = secret
  const value = await unlessInTheWay(file, () =>
    withSecretText(secret, opener, repository, async ({ opened, decrypted }) =>
      identitiesIn(await decrypted(opened.text), secret),
    ),
  )
  if (typeof value !== 'string') return value
  try {
    const { env, signal } = repository
    return await readIdentities(value, `${dataKey} of ${file}`, { env, signal, known: opener })
  } catch (error) {
    if (error instanceof NoIdentity) return { identities: [], pluginLines: [] }
    throw error
  }
}

/**
 * Gives a key Secret that is kept in git other identities. Of its text only that value, the time and the MAC change: sops encrypts
 * them, and they are put into the text as it is. Before it is returned sops decrypts it: nothing but that value may differ.
 * @param secret with the text as it is now, after other edits of the run
 * @param change makes the new value of the one before: both are secret
 * @param opener Secret. Identities of which one opens the file.
 */
export async function setGitIdentities(
  secret: GitKeySecret,
  change: (value: string) => string,
  opener: readonly Identity[],
  repository: Repository,
): Promise<FileEdit | FileTrouble> {
  const { file, text } = secret
  return unlessInTheWay(file, () =>
    withSecretText(secret, opener, repository, async (own) => {
      // sops compares the MAC here, and not when it sets a value
      const before = await own.decrypted(text)
      const value = change(identitiesIn(before, secret))
      const after = await withMac(await withValue(own, secret, inField(value, secret)), own)
      const expected = replacedIn(before, secret, inField(value, secret))
      if (!isDeepStrictEqual(await own.decrypted(after), expected))
        throw new NotEditable('would hold something else than it should')
      return { file, before: text, after }
    }),
  )
}

async function unlessInTheWay<T>(file: string, act: () => Promise<T>): Promise<T | FileTrouble> {
  try {
    return await act()
  } catch (error) {
    return troubleOf(file, error)
  }
}

function inField(text: string, { field }: GitKeySecret): string {
  return field === 'data' ? Buffer.from(text).toString('base64') : text
}

function identitiesIn(documents: readonly unknown[], { document, field, dataKey }: GitKeySecret): string {
  const value = textAt(documents[document], field, dataKey) ?? ''
  return field === 'data' ? Buffer.from(value, 'base64').toString() : value
}

/** The documents with another value; it stands where it stood. */
function replacedIn(
  documents: readonly unknown[],
  { document, field, dataKey }: GitKeySecret,
  value: string,
): unknown[] {
  return documents.map((one, index) => {
    const entries = valueAt(one, field)
    if (index !== document || !isMapping(one) || !isMapping(entries)) return one
    return { ...one, [field]: { ...entries, [dataKey]: value } }
  })
}

/**
 * The text with the value as sops encrypts it. sops sets values of the first document only (sops v3.13.3 cmd/sops/set.go), and so it
 * gets one that has this value alone.
 */
async function withValue(
  { opened, set }: OpenSecret,
  { document, field, dataKey }: GitKeySecret,
  value: string,
): Promise<string> {
  const leaf = leafAt(opened, [document, field, dataKey])
  const sops = valueAt(parseDocuments(opened.text)[document]?.value, 'sops')
  const alone = JSON.stringify({ [field]: { [dataKey]: leaf.value }, sops })
  const output = await set(alone, `["${field}"]["${dataKey}"]`, value, 'json')
  const token = textAt(parseDocuments(output)[0]?.value, field, dataKey)
  if (!isCiphertext(token)) throw new NotEditable('has settings by which sops does not encrypt the value')
  return replaced(opened.text, [leaf], `${token}`)
}

/** The text with the MAC that sops computes for it, when a value of it is set to what it is. */
async function withMac(text: string, { opened: { format }, set }: OpenSecret): Promise<string> {
  const changed = reopened(text, format)
  const kind = leafAt(changed, [0, 'kind']).value
  if (typeof kind !== 'string' || isCiphertext(kind)) throw new NotEditable('has an encrypted kind')
  const output = reopened(await set(text, '["kind"]', kind), format)
  const documents = new Set(changed.lists.map(({ document }) => document))
  const edited = (from: string, field: string) =>
    replaced(
      from,
      [...documents].map((document) => leafAt(reopened(from, format), [document, 'sops', field])),
      `${leafAt(output, [0, 'sops', field]).value}`,
    )
  return edited(edited(text, 'mac'), 'lastmodified')
}

function reopened(text: string, format: SopsText['format']): SopsText {
  const opened = openAs(text, format)
  if (!opened) throw new NotEditable('is no SOPS file')
  return opened
}

function leafAt(opened: SopsText, path: readonly (string | number)[]): TextLeaf {
  const wanted = JSON.stringify(path)
  const leaf = opened.leaves()?.find((one) => one.path === wanted)
  if (leaf) return leaf
  throw new NotEditable(`has ${path.slice(1).join('.')} not written as it is`)
}

function replaced(text: string, leaves: readonly TextLeaf[], value: string): string {
  const edits = leaves.map((leaf) => ({
    offset: leaf.start,
    remove: leaf.end - leaf.start,
    insert: leaf.rewritten(value),
  }))
  return applyEdits(text, edits)
}
