/** Picks a number below `below`. */
export type Pick = (below: number) => number

/**
 * A way to damage an encrypted file, or to write it otherwise.
 * @param other another encrypted file of the same format
 * @returns the text as it was where it does not apply
 */
export type Damage = (text: string, pick: Pick, other: string) => string

const ciphertext = /ENC\[AES256_GCM,[^\]]*\]/g

function matches(text: string, pattern: RegExp): RegExpExecArray[] {
  return [...text.matchAll(pattern)]
}

function put(text: string, start: number, end: number, insert: string): string {
  return text.slice(0, start) + insert + text.slice(end)
}

/** Replaces one match. */
function change(text: string, pick: Pick, pattern: RegExp, replace: (found: string) => string): string {
  const found = matches(text, pattern)
  const one = found[pick(found.length || 1)]
  return one ? put(text, one.index, one.index + one[0].length, replace(one[0])) : text
}

/** Another base64 character in place of one. */
function flip(text: string, pick: Pick): string {
  const at = pick(text.length)
  return put(text, at, at + 1, text[at] === 'A' ? 'B' : 'A')
}

const blockStart = (text: string) => {
  const at = text.search(/^sops:|^sops_|^\[sops\]|^\s*"sops":/m)
  return at < 0 ? text.length : at
}

/** Only in what is no metadata. */
const inBody =
  (damage: Damage): Damage =>
  (text, pick, other) => {
    const at = blockStart(text)
    return damage(text.slice(0, at), pick, other) + text.slice(at)
  }

const oddities = [...'a:#"\'- \n{[=]}&*!|,\t\u0007%@`?\\é<>~\u007f\u0085\u2028\uFEFF\r']

const keyLine = /^ *[\w"']+(?: ?[=:] ?)(?=\S).*$/gm

export const damages: Record<string, Damage> = {
  none: (text) => text,
  'a value changed': inBody((text, pick) =>
    change(text, pick, /(?<=(?:data|iv|tag):)[A-Za-z0-9+/]{2,}/g, (found) => flip(found, pick)),
  ),
  'two values swapped': inBody((text, pick) => {
    const all = matches(text, ciphertext)
    const [a, b] = [pick(all.length || 1), pick(all.length || 1)]
      .sort((x, y) => x - y)
      .map((index) => all[index])
    if (!a || !b || a === b) return text
    return put(put(text, b.index, b.index + b[0].length, a[0]), a.index, a.index + a[0].length, b[0])
  }),
  'a key renamed': inBody((text, pick) =>
    change(text, pick, /^ *"?[A-Za-z]\w*(?="?(?::| ?=))/gm, (found) => `${found}q`),
  ),
  'the MAC changed': (text, pick) =>
    change(text, pick, /(?<=\bmac"?\s*[=:].*data:)[A-Za-z0-9+/]{4,}/g, (found) => flip(found, pick)),
  'the MAC removed': (text) => text.replace(/^.*\bmac"?\s*[=:]\s*"?ENC.*\n/m, ''),
  'the MAC emptied': (text) => text.replace(/(\bmac"?\s*[=:]\s*)"?ENC\[[^\]]*\]"?/, '$1""'),
  'a stanza changed': (text, pick) =>
    change(text, pick, /[A-Za-z0-9+/]{60,64}(?=\\n|\n| )/g, (found) => flip(found, pick)),
  'a stanza cut': (text, pick) =>
    change(text, pick, /[A-Za-z0-9+/]{60,64}(?=\\n|\n| )/g, (found) => found.slice(4)),
  'a value in the clear': inBody((text, pick) =>
    change(text, pick, ciphertext, () => ['plain', '12', 'true', '', '1.5'][pick(5)]!),
  ),
  'a value added': (text) => {
    if (/^\s*\{/.test(text)) return text.replace('{', '{ "added": "plain",')
    if (/^\[/m.test(text)) return text.replace(/^\[.*\]$/m, '$&\nadded = plain')
    return /^sops_/m.test(text) ? `ADDED=plain\n${text}` : `added: plain\n${text}`
  },
  'a number added': (text) =>
    /^\s*\{/.test(text) ? text.replace('{', '{ "added": 12,') : `added: 12\n${text}`,
  'a value removed': inBody((text, pick) => change(text, pick, keyLine, () => '')),
  'a comment added': inBody((text, pick) => change(text, pick, /^(?= *[\w"'])/gm, () => '# added\n')),
  'a comment changed': (text, pick) => change(text, pick, /(?<=# ?ENC\[AES256_GCM,data:)\w/g, () => '='),
  'documents turned round': (text) =>
    text
      .split(/^---\n/m)
      .reverse()
      .join('---\n'),
  'another document': (text, _pick, other) => (/^sops:$/m.test(text) ? `${text}---\n${other}` : text),
  'the metadata of another file': (text, _pick, other) =>
    text.slice(0, blockStart(text)) + other.slice(blockStart(other)),
  'the values of another file': inBody((text, pick, other) =>
    change(text, pick, ciphertext, () => other.match(ciphertext)?.[0] ?? 'x'),
  ),
  'two lines swapped': inBody((text, pick) => {
    const lines = text.split('\n')
    const at = pick(Math.max(lines.length - 1, 1))
    const [a, b] = [lines[at], lines[at + 1]]
    if (a === undefined || b === undefined) return text
    return lines
      .with(at, b)
      .with(at + 1, a)
      .join('\n')
  }),
  'a line twice': inBody((text, pick) => change(text, pick, keyLine, (found) => `${found}\n${found}`)),
  'another time': (text) => text.replace(/(lastmodified"?\s*[=:]\s*"?\d{4}-)\d\d/, '$101'),
  'no time': (text) => text.replace(/^.*lastmodified.*\n/m, ''),
  'no version': (text) => text.replace(/^(.*\bversion.*)3\.13\.\d/m, '$1'),
  'another selector': (text) => text.replace(/(unencrypted_suffix"?\s*[=:]\s*"?)\w+/, '$1_plain'),
  'two selectors': (text) =>
    text.replace(
      /^(\s*"?(?:sops_)?)unencrypted_suffix("?\s*[=:]\s*"?)\w+(.*)$/m,
      '$&\n$1encrypted_suffix$2x$3',
    ),
  'all values of the MAC': (text) =>
    text.replace(/mac_only_encrypted("?\s*[=:]\s*)true/, 'mac_only_encrypted$1false'),
  'another threshold': (text, pick) => text.replace(/(shamir_threshold"?\s*[=:]\s*)\d/, `$1${pick(4)}`),
  'another recipient': (text) => text.replace(/(recipient"?\s*[=:]\s*"?age1)\w\w/, '$1qq'),
  'no recipients': (text) => text.replace(/^( *)age:\n(?:\1 .*\n)+/m, ''),
  'an unfinished merge': (text, pick) =>
    change(text, pick, keyLine, (found) => `<<<<<<< HEAD\n${found}\n=======\n${found}x\n>>>>>>> b`),
  'a text on two lines': inBody((text) => text.replace(/^( *)(\w+: a) (b)$/gm, '$1$2\n$1    $3')),
  'a quoted text on two lines': inBody((text) =>
    text.replace(/(?<=: ['"][^'"\n]*) (?=[^'"\n]+['"]$)/gm, '\n            '),
  ),
  'an empty line': (text, pick) => change(text, pick, /^/gm, () => '\n'),
  CRLF: (text) => text.replaceAll('\n', '\r\n'),
  quotes: (text, pick) => change(text, pick, /(?<=: )ENC\[.*\]$/gm, (found) => `'${found}'`),
  'a character less': (text, pick) => {
    const at = pick(text.length)
    return put(text, at, at + 1, '')
  },
  'another character': (text, pick) => {
    const at = pick(text.length)
    return put(text, at, at + 1, oddities[pick(oddities.length)]!)
  },
  'blanks at the end': (text, pick) => change(text, pick, /(?<=\S)$/gm, () => '  '),
  'further in': inBody((text, pick) => change(text, pick, /^ +(?=\S)/gm, (found) => `${found} `)),
}
