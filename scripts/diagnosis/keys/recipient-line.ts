/** The line, from 1, in which a SOPS file of YAML or JSON names its first recipient; `undefined` for one of another format. */
export function recipientLine(text: string): number | undefined {
  const index = text.split('\n').findIndex((line) => /^\s*(?:- )?["']?recipient["']?\s*:/.test(line))
  return index < 0 ? undefined : index + 1
}
