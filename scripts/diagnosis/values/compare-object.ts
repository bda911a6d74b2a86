import type { InventoryEntry } from '../../lib/cluster/flux-objects.ts'
import type { ConfigMap, Secret } from '../../lib/cluster/kube-objects.ts'
import { keepingMark } from '../../lib/repository/marks.ts'
import { ciphertextStart, isCiphertext } from '../../lib/sops/format.ts'
import type { ComparedObject, ComparedValue, Unreadable } from './compared.ts'
import type { Digest } from './digest.ts'
import type { Expected } from './expected.ts'
import { contentOfText, type ExpectedValue } from './file-value.ts'

/** An object as the cluster has it, `missing`, or why it is not seen. */
type Live = Secret | ConfigMap | 'missing' | Unreadable

/** What is compared. */
interface Sides {
  /** `undefined` where it is not known which object it is. */
  entry: InventoryEntry | undefined
  /** The encrypted files that make it; the last one counts where several have a key. */
  parts: readonly Expected[]
  live: Live
  digest: Digest
}

/** @returns how an object compares, without any value */
export function compareObject({
  entry,
  parts,
  live,
  digest,
}: Sides): Omit<ComparedObject, 'kustomization' | 'commit'> {
  const place = {
    files: [...new Set(parts.map(({ file }) => file))],
    ...(entry ? { kind: entry.kind, namespace: entry.namespace, name: entry.name } : writtenPlace(parts)),
  }
  const nothing = { keys: [], why: undefined, uid: undefined, resourceVersion: undefined, values: [] }
  if (live === 'missing') return { ...place, ...nothing, status: 'missing' }
  if ('code' in live) return { ...place, ...nothing, status: 'not readable', why: live }
  const { uid, resourceVersion } = live.metadata
  const data = dataOf(live, place.kind)
  const expected = new Map(parts.flatMap(({ values }) => [...values]))
  const values = [...expected].map(([key, value]) => ({
    ...compareValue(value, data.get(key), (bytes) =>
      digest(`${place.kind} ${place.namespace}/${place.name} ${key}`, bytes),
    ),
    key,
    isCiphertext: data.get(key)?.includes(ciphertextStart) ?? false,
  }))
  const shown = values.map(({ key, expected, live }): ComparedValue => ({ key, expected, live }))
  const seen = { ...place, uid, resourceVersion, values: shown }
  const keysOf = (some: typeof values) => some.map(({ key }) => key)
  const encrypted = values.filter(({ isCiphertext }) => isCiphertext)
  if (encrypted.length > 0) return { ...seen, status: 'ciphertext', keys: keysOf(encrypted), why: undefined }
  const different = values.filter(({ why, expected, live }) => !why && expected !== live)
  const mayChange = keepingMark(live) ?? parts.find((part) => part.mayChange !== undefined)?.mayChange
  if (different.length > 0)
    return mayChange === undefined
      ? { ...seen, status: 'different', keys: keysOf(different), why: undefined }
      : { ...seen, status: 'not readable', keys: [], why: { code: 'not-followed', what: mayChange } }
  const why = [...parts, ...values].find((one) => one.why)?.why ?? (values.length === 0 ? noData : undefined)
  return { ...seen, status: why ? 'not readable' : 'same', keys: [], why }
}

/** An object as its file calls it: what was decrypted or replaced in its name is in no inventory, and may be a secret. */
function writtenPlace([first]: readonly Expected[]): Pick<ComparedObject, 'kind' | 'namespace' | 'name'> {
  const { kind = 'object', namespace, writtenName = '', file = '' } = first ?? {}
  return isCiphertext(writtenName)
    ? { kind, namespace: undefined, name: file }
    : { kind, namespace, name: writtenName }
}

/** Of an object with nothing to compare, which proves nothing. */
const noData: Unreadable = { code: 'not-followed', what: 'its file has no data' }

/** The digests of both sides; of a file with a format, those of what it says. */
function compareValue(
  value: ExpectedValue,
  live: Buffer | undefined,
  digest: (bytes: Buffer) => string,
): Pick<ComparedValue, 'expected' | 'live'> & { why: Unreadable | undefined } {
  if ('why' in value) return { expected: undefined, live: live && digest(live), why: value.why }
  if ('bytes' in value) return { expected: digest(value.bytes), live: live && digest(live), why: undefined }
  const said = live && contentOfText(live.toString(), value.format)
  const what = `a value in the cluster is not read as ${value.format}`
  return {
    expected: digest(value.content),
    live: said && digest(said),
    why: live && !said ? { code: 'not-followed', what } : undefined,
  }
}

/** @param kind which the items of a list do not say */
function dataOf(live: Secret | ConfigMap, kind: string): Map<string, Buffer> {
  const isSecret = kind === 'Secret'
  const binary = 'binaryData' in live ? live.binaryData : undefined
  const entries = (values: Record<string, string> | undefined, encoding: BufferEncoding) =>
    Object.entries(values ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)] as const)
  return new Map([...entries(live.data, isSecret ? 'base64' : 'utf8'), ...entries(binary, 'base64')])
}
