/**
 * A text without a character that would begin a line or move the cursor of a terminal: names of files and keys may hold any.
 * @returns it with `\u001b` for ESC, and so for each other control character
 */
export function visible(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
