/**
 * The text of a data key with one more identity.
 * @param text and `secret` are secret
 */
export function withIdentity(text: string, secret: string): string {
  const end = text === '' || text.endsWith('\n') ? '' : '\n'
  return `${text}${end}${secret}\n`
}

/**
 * The text of a data key without an identity, and without the comments that age-keygen writes above it.
 * @param text and `secret` are secret
 */
export function withoutIdentity(text: string, secret: string, recipient: string): string {
  const lines = text.split('\n')
  const kept = lines.filter((line) => line.trim() !== secret)
  return kept
    .filter((line, index) => {
      if (!line.startsWith('#')) return true
      const isOfIt = (one: string | undefined) => one?.startsWith('#') === true && one.includes(recipient)
      return !isOfIt(line) && !(/^# created: /.test(line) && isOfIt(kept[index + 1]))
    })
    .join('\n')
}
