/** Whether Go takes a text for base64 (encoding/base64 StdEncoding, which skips line ends). */
export function isBase64Text(text: string): boolean {
  const written = text.replace(/[\r\n]/g, '')
  return written.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(written)
}
