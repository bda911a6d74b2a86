/** How many columns a person has at least. */
const columns = 80

/**
 * Breaks a text between words, so that no line is longer than a terminal is wide. What stands between backticks is a command
 * to be copied, and stays on one line however long it is.
 * @param indent in front of each line
 */
export function wrapped(text: string, indent: string): string[] {
  const words = text.match(/`[^`]*`\S*|\S+/g) ?? []
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && indent.length + longer.length > columns) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].map((one) => `${indent}${one}`)
}

/** A text as far as it fits into a line. */
export function cut(text: string): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1).trimEnd()}…`
}
