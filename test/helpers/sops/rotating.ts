import { openFile } from '../../../scripts/lib/sops/reader/open-file.ts'
import type { FileEdits, FileText } from '../../../scripts/sops/rotate/rotation.ts'
import type { Key } from '../keys.ts'
import { decryptedBySops } from './with-key.ts'

/** The texts after an edit. */
export const afterwards = ({ edits }: FileEdits): FileText[] =>
  edits.map(({ file, after }) => ({ file, text: after }))

/** As sops has to be told it where the name does not. */
const named = (file: string) => (/\.\w+$/.test(file) ? file : `${file}.yaml`)

/** What a file holds for who has these keys, as text; `undefined` where they do not open it. The reader is as exact as sops. */
export async function plaintextOf(
  { file, text }: FileText,
  keys: readonly Key[],
): Promise<string | undefined> {
  const { verdict, values, comments } = await openFile(Buffer.from(text), named(file), { identities: keys })
  if (verdict === 'needs-sops') throw new Error(`${file} is for sops`)
  if (verdict !== 'decrypts') return undefined
  const written = values.map(({ document, path, type, bytes }) => [document, path, type, bytes?.toString()])
  return JSON.stringify([written, comments.map((comment) => comment.text)])
}

/** The files that the real sops does not decrypt with these keys and no others. */
export async function refusedBySops(files: readonly FileText[], keys: readonly Key[]): Promise<string[]> {
  const texts = Object.fromEntries(files.map(({ file, text }) => [named(file), text]))
  const opened = await decryptedBySops(texts, keys)
  return files.map(({ file }) => file).filter((file) => !opened.includes(named(file)))
}

/** The lines of `before` that are not among those of `after`, in order. */
export function removedLines(before: string, after: string): string[] {
  const left = after.split('\n')
  let at = 0
  return before.split('\n').filter((line) => {
    const found = left.indexOf(line, at)
    if (found < 0) return true
    at = found + 1
    return false
  })
}

/** A text without what a new data key changes. */
export const shapeOf = (text: string): string =>
  text
    .replace(/ENC\[[^\]]*\]/g, 'ENC')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
    .replace(/(-----BEGIN AGE ENCRYPTED FILE-----)[\s\S]*?(?=-----END)/g, '$1')
