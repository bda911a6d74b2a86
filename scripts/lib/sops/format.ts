import { isMapping, valueAt } from '../yaml/values.ts'
import type { SopsFormat } from './reader/reading.ts'

/** How each value starts that sops has encrypted, and the MAC of every SOPS file (sops v3.13.3 aes/cipher.go). */
export const ciphertextStart = 'ENC[AES256_GCM,'

/** A whole ciphertext of sops: documentation and templates have shortened ones. */
export const wholeCiphertext = /ENC\[AES256_GCM,data:[\w+/]+=*,iv:[\w+/]{43}=,tag:[\w+/]{22}==,type:\w+\]/

/** What authenticates a ciphertext: no two have the same. */
const tag = /ENC\[AES256_GCM,data:[^\]\s]*?,tag:([^\],\s]*)/g

/** The ciphertexts of a text, the MAC among them, each by its tag. */
export function ciphertextsIn(text: string): Set<string> {
  // a part of a text would keep the whole of it in memory
  return new Set(Array.from(text.matchAll(tag), ([, found = '']) => Buffer.from(found).toString()))
}

/** The first line of a stanza of age, in any format: it has what is random in it (https://c2sp.org/age#x25519-recipient-stanza). */
const stanza = /-----BEGIN AGE ENCRYPTED FILE-----(?:\\n|\s)+([A-Za-z0-9+/]{64})/g

/**
 * What tells the data key of a SOPS file without opening it: its ciphertexts, and the stanzas of age in which it stands. Two texts
 * that have one of these in common have the same data key. sops keeps the ones when it changes recipients, and the others when it
 * changes values; with a new data key it keeps none.
 */
export function dataKeyMarks(text: string): Set<string> {
  const stanzas = Array.from(text.matchAll(stanza), ([, line = '']) => Buffer.from(line).toString())
  return ciphertextsIn(text).union(new Set(stanzas))
}

/** What is in every file with ciphertext of SOPS, also where it is a value of a Secret and so base64. */
export const ciphertextMarks: readonly string[] = [ciphertextStart, ...base64Forms(ciphertextStart)]

/** A text in base64 at each of the three byte offsets, without the characters that its neighbours change. */
export function base64Forms(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.from(' '.repeat(before) + text).toString('base64')
    return encoded.slice(Math.ceil((before * 4) / 3), Math.floor(((before + text.length) * 4) / 3))
  })
}

/** Whether a plain value is one that sops has encrypted. */
export function isCiphertext(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith(ciphertextStart)
}

/** Whether a document, as a plain value, is encrypted with SOPS: to change anything in it would break its MAC. */
export function hasSopsBlock(document: unknown): boolean {
  return isMapping(valueAt(document, 'sops'))
}

/** What kustomize-controller looks for in a file before it takes it for one of SOPS, by format (docs/decryption.md#what-is-decrypted). */
const controllerMarks: Readonly<Record<SopsFormat, string>> = {
  yaml: 'mac: ENC[',
  json: '"mac": "ENC[',
  binary: '"mac": "ENC[',
  dotenv: 'sops_mac=ENC[',
  ini: '[sops]',
}

/** The format of a SOPS file in a value of a Secret, by the marks of the controller; `undefined` where it is none. */
export function formatInValue(text: string): SopsFormat | undefined {
  const formats = ['yaml', 'json', 'dotenv', 'ini'] as const
  return formats.find((format) => text.includes(controllerMarks[format]))
}

/**
 * Whether Flux decrypts a manifest after `kustomize build`: an object with a `sops` block, or a Secret with a value under
 * `data` that is a SOPS file itself (docs/decryption.md#what-is-decrypted).
 * @param text of a YAML or JSON file of resources
 */
export function isEncryptedManifest(text: string): boolean {
  const block = /^\s*\{/.test(text) ? /"sops"\s*:\s*\{/ : /^(sops|"sops"|'sops')\s*:/m
  if (/\bmac["']?\s*:\s*["']?ENC\[AES256_GCM,/.test(text) && block.test(text)) return true
  if (!/\bkind["']?\s*:\s*["']?Secret\b/.test(text)) return false
  return sopsFilesInValues(text).length > 0
}

/** The SOPS files that are values of a manifest in base64, decoded. */
export function sopsFilesInValues(text: string): string[] {
  // a value may be written over several lines
  const values = text.replace(/\r?\n[ \t]+/g, '').match(/[A-Za-z0-9+/]{200,}={0,2}/g) ?? []
  const decoded = values.map((value) => Buffer.from(value, 'base64').toString('latin1'))
  return decoded.filter((one) => formatInValue(one) !== undefined)
}

/**
 * Whether the controller leaves an object encrypted for its annotation, which counts in any letters (kustomize-controller v1.9.4
 * internal/decryptor/decryptor.go IsDecryptionDisabled).
 */
export function isDecryptionDisabled(object: unknown): boolean {
  const value = valueAt(object, 'metadata', 'annotations', 'kustomize.toolkit.fluxcd.io/decrypt')
  return `${value}`.toLowerCase() === 'disabled'
}

/** Whether a text of manifests holds an object; kinds and names are not encrypted where Flux can apply it. */
export function holdsObject(text: string, kind: string, name: string): boolean {
  const has = (key: string, value: string) =>
    new RegExp(`\\b${key}["']?\\s*:\\s*["']?${RegExp.escape(value)}["']?\\s*(?:[,}]|$)`, 'm').test(text)
  return has('kind', kind) && has('name', name)
}

/**
 * Whether Flux decrypts a file of a generator or a patch before the build (docs/decryption.md#what-is-decrypted).
 * @param name tells the format: the key of a generator's entry, or a path
 * @param env whether it is one of a generator's `envs`
 */
export function isEncryptedSource(text: string, name: string, env = false): boolean {
  return text.includes(controllerMarks[controllerFormatOf(name, env)])
}

/** Whether a file of a generator or a patch has the MAC of a JSON file in a form that Flux does not find: without the blank. */
export function isMinifiedSource(text: string): boolean {
  return /"mac":\s*"ENC\[/.test(text) && !text.includes(controllerMarks.json)
}

/**
 * The format that Flux takes a file of a generator or a patch for, by its name (docs/decryption.md#what-is-decrypted).
 * @param env whether it is one of a generator's `envs`
 */
export function controllerFormatOf(name: string, env = false): SopsFormat {
  if (/\.ya?ml$/.test(name)) return 'yaml'
  if (/\.(json|dockerconfigjson)$/.test(name)) return 'json'
  if (/\.ini$/.test(name)) return 'ini'
  return env || /\.env$/.test(name) ? 'dotenv' : 'binary'
}
