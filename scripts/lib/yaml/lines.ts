/** Where the line starts that `offset` is in; a byte order mark is no part of it. */
export function lineStart(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return start === 0 && text.startsWith('\uFEFF') ? 1 : start
}

/** Where the line ends that `offset` is in: before its line end. */
export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  if (end < 0) return text.length
  return text[end - 1] === '\r' && end > offset ? end - 1 : end
}

/** Where the line after the one starts that `offset` is in; the end of the text where there is none. */
export function nextLine(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  return end < 0 ? text.length : end + 1
}

/** The line end that a text uses: that of its first line. */
export function newlineOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n'
}

/** The line end of the last line that ends before `offset`, for a text whose lines end in both ways. */
export function newlineBefore(text: string, offset: number): string {
  const newline = text.lastIndexOf('\n', offset - 1)
  return text[newline - 1] === '\r' ? '\r\n' : '\n'
}
