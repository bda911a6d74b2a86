/**
 * What the messages of sops, age, kustomize and the Flux controllers can hold: a private key (age-keygen quotes the line it
 * could not read) or a decrypted value (the API server quotes the value of a wrong type): docs/decryption.md#what-messages-can-hold.
 */
const secretShapes: readonly [RegExp, string][] = [
  // a URL with credentials; in a password there can be every character
  [/\/\/(?:[^\s'"/@]+:[^\s'"]*|[^\s'"/@]+)@(?=[\w[])/g, '//'],
  [/((["'])\w+:\/\/)[^\s'"/@]+:(?:(?!\2).)*@(?=[\w[])/g, '$1'],
  // the part of such a password that Go takes for a port
  [/(invalid port )".*?"( after host)/g, '$1<redacted>$2'],
  [/line \S.*? has invalid utf8 bytes ?:[\s\S]*/g, 'line <redacted> has invalid utf8 bytes'],
  [/AGE-(SECRET-KEY|PLUGIN)-[^\s"'`\\]*/gi, '<redacted>'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '<redacted>'],
  [/(unknown identity type: ).*/g, '$1<redacted>'],
  [/(Input string ).*?( does not match)/gs, '$1<redacted>$2'],
  [/(expected [^,\n]*, got )&.*/g, '$1<redacted>'],
  [/(Object '\w+' is missing in ').*/g, '$1<redacted>'],
  [/(cannot unmarshal number )\S+/g, '$1<redacted>'],
  [/(cannot (?:decode|unmarshal) !!\w+ )`[\s\S]*`(?= (?:as a|into) )/g, '$1<redacted>'],
  [/((?:invalid dotenv input line|key-value delimiter not found|unclosed section): ).*/g, '$1<redacted>'],
  // a whole value or object, of which nobody can see where it ends
  [
    /((?:node contents|cannot use complex value in dotenv file|apiVersion, kind and name from):\s)[\s\S]*/g,
    '$1<redacted>',
  ],
  [/((?:string)?data\[).*?(\]: (?:Invalid value|Required|Forbidden|Too long))/gis, '$1<redacted>$2'],
  // an object as JSON or as Go prints it, up to the reason behind it; where there is none, to the end of a line or of all
  [
    /((?:Invalid|Unsupported|Duplicate) value: )[^\s":]*[[{(](?:[\s\S]*[\]})](?=: )|.*[\]})](?=[\]},]*$)|[\s\S]*)/gm,
    '$1<redacted>',
  ],
  [/((?:Invalid|Unsupported|Duplicate) value: )(?:"(?:[^"\\]|\\.)*"|[^":\s]+)/g, '$1<redacted>'],
  [/"(?:[^"\\]|\\.)*"( is not a valid key name)/g, '<redacted>$1'],
  [/((?:parsing time|strconv\.\w+: parsing) )".*/g, '$1<redacted>'],
]

/**
 * Takes private keys and decrypted values out of text that another program wrote.
 * @param known values that must not be shown either, where the caller knows them
 */
export function redact(text: string, known: readonly string[] = []): string {
  let clean = text
  for (const value of known) if (value) clean = clean.replaceAll(value, '<redacted>')
  for (const [shape, replacement] of secretShapes) clean = clean.replace(shape, replacement)
  return clean
}

/** A controller's message on one line: the frame that sops draws around its key errors is taken away. */
export function oneLine(message: string): string {
  return message
    .replace(/\n\s*(- )?\| /g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}
