import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/**
 * Searches output and files for secrets, as they are and in base64.
 * @param directory all files below it, links not followed
 * @param allowed paths in it that may hold them
 * @throws where one is found, with the place and without the secret
 */
export function assertNoLeak(
  secrets: readonly string[],
  texts: Readonly<Record<string, string>>,
  directory: string,
  allowed: readonly string[] = [],
): void {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((file) => !allowed.includes(file))
  const found = files.map((file): [string, Buffer] => [file, readFileSync(join(directory, file))])
  assertNotIn(secrets, { ...texts, 'a file name': files.join('\n'), ...Object.fromEntries(found) })
}

/** Searches texts for secrets, as they are and in base64. @throws where one is found, with the name of the text and without the secret */
export function assertNotIn(
  secrets: readonly string[],
  texts: Readonly<Record<string, string | Buffer>>,
): void {
  const places = Object.entries(texts).map(([place, text]): [string, Buffer] => [place, Buffer.from(text)])
  secrets.forEach((secret, index) => {
    const forms = [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')]
    const found = places.filter(([, bytes]) => forms.some((form) => bytes.includes(form)))
    if (found.length > 0)
      throw new Error(`secret ${index + 1} leaks into ${found.map(([place]) => place).join(', ')}`)
  })
}
