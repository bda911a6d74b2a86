/** What is put in the place of a value: by Flux, a template, or a program that looks it up. */
const reference =
  /\$\{[^}]*\}|\{\{|\{%|<%|^\$\(?\w+\)?$|^<[^<>\n]*>$|^(?:ref\+|op:\/\/|vault:|awssm:|arn:)|^(?:__|%)\w+(?:__|%)$/

/** What people write where a value is to be filled in. */
const placeholder =
  /^(?:(?:change|replace|fill|set)[-_ ]?(?:me|this|it|in)\b.*|(?:todo|tbd|fixme|placeholder|dummy|example|sample|redacted|insert|your)\b.*|dummy\w*|x{3,}|[*.?-]{3,}|null|none|n\/a)$/i

/** Keys of Secrets that say where something is, or who it is for. */
const publicKey =
  /^(?:.*[-_.])?(?:type|url|uri|name|project|server|host|hostname|port|user|username|region|endpoint|bucket|namespace|database|issuer)$/i

/** A password that is written out in a URL, whatever stands beside it. */
const passwordInUrl = /:\/\/[^/\s:@]*:[^/\s:@{}<>$]+@/

/** Whether a value may well be no secret: it is empty, a template, a placeholder, a certificate, a switch, a number, an id, a name. */
export function isInnocent(key: string, text: string): boolean {
  const value = text.trim()
  if (passwordInUrl.test(value)) return false
  if (value === '' || reference.test(value) || placeholder.test(value)) return true
  if (/^-----BEGIN (?:CERTIFICATE|PUBLIC KEY)-/.test(value) && !value.includes('PRIVATE KEY')) return true
  if (/^(?:true|false|yes|no|on|off)$/i.test(value) || /^\d{1,5}(?:ms|[smhd])?$/.test(value)) return true
  if (/id$/i.test(key) && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)) return true
  return publicKey.test(key) && !/[\n?]|:[^/]*@/.test(value)
}
