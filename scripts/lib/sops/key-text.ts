import { UserError } from '../errors.ts'

/**
 * The text of an age key, from its bytes.
 * @param what how an error begins: `cannot read the age key file keys.txt`
 * @throws UserError for UTF-16, of which age and the controller read nothing. It never quotes the bytes.
 */
export function keyText(bytes: Buffer, what: string): string {
  if (!isUtf16(bytes)) return bytes.toString()
  throw new UserError(`${what}: it is UTF-16, as \`>\` of PowerShell writes it`, {
    hint: 'write it anew as plain text, in PowerShell with `Get-Content FILE | Set-Content -Encoding ascii NEW-FILE`',
  })
}

/** Whether a text is UTF-16: by its byte order mark, or by the zero bytes that plain letters have in it. */
export function isUtf16([first, second]: Buffer): boolean {
  const mark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  return mark || first === 0 || second === 0
}
