import { type KeyContent, NoIdentity, type ReadOptions, readIdentities } from '../sops/age.ts'
import { BadLine, badLine } from '../sops/identity-line.ts'
import { isUtf16 } from '../sops/key-text.ts'
import type { Secret } from './kube-objects.ts'

/**
 * The data key that we write. The controller reads identities from every one that ends in `.agekey`
 * (docs/decryption.md#where-the-key-is-looked-up).
 */
export const ageDataKey = 'age.agekey'

/** Makes the controller reconcile at once when the Secret changes: exactly this value (docs/decryption.md#when-a-kustomization-reconciles). */
export const watchLabel = { 'reconcile.fluxcd.io/watch': 'Enabled' }

/** Where `kubectl apply` keeps a copy of what it sent, here the private key (docs/decryption.md#the-key-secret-and-kubectl). */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** One entry of a key Secret that the controller reads age identities from; empty where it could not. */
export interface AgeEntry extends KeyContent {
  /** Its data key, which ends in `.agekey`. */
  dataKey: string
  /** The line that the controller cannot read. It then decrypts nothing with the whole Secret. */
  badLine: BadLine | undefined
}

/** What a key Secret holds. */
export interface KeySecret {
  ageEntries: AgeEntry[]
  /** The other data keys; some of them are keys too, of PGP or a cloud (`otherKinds`). */
  otherDataKeys: string[]
}

/**
 * Reads the identities of a key Secret as kustomize-controller would.
 * @param secret none: it holds nothing
 * @throws UserError where age-keygen is missing, or too old for an identity
 */
export async function readKeySecret(secret: Secret | undefined, options: ReadOptions): Promise<KeySecret> {
  const data = Object.entries(secret?.data ?? {})
  const ageEntries = data
    .filter(([dataKey]) => isAgeEntry(dataKey))
    .map(([dataKey, value]) => readEntry(dataKey, Buffer.from(value, 'base64'), options))
  return {
    ageEntries: await Promise.all(ageEntries),
    otherDataKeys: data.map(([dataKey]) => dataKey).filter((dataKey) => !isAgeEntry(dataKey)),
  }
}

async function readEntry(dataKey: string, bytes: Buffer, options: ReadOptions): Promise<AgeEntry> {
  try {
    if (isUtf16(bytes)) throw badLine(dataKey, { number: 1, text: '' }, 'is UTF-16, as PowerShell writes it')
    const key = await readIdentities(bytes.toString(), dataKey, { ...options, exact: true })
    return { dataKey, ...key, badLine: undefined }
  } catch (error) {
    const nothing = { dataKey, identities: [], pluginLines: [] }
    if (error instanceof NoIdentity) return { ...nothing, badLine: undefined }
    if (error instanceof BadLine) return { ...nothing, badLine: error }
    throw error
  }
}

/** Whether the controller reads age identities from a data key (docs/decryption.md#where-the-key-is-looked-up). */
export function isAgeEntry(dataKey: string): boolean {
  return dataKey.endsWith('.agekey')
}

/** The public keys of entries. */
export function recipientsOf(entries: readonly AgeEntry[]): string[] {
  return entries.flatMap(({ identities }) => identities.map(({ recipient }) => recipient))
}

/** Where entries hold identities of plugins: `age.agekey line 2, 3`. */
export function pluginLinesIn(entries: readonly AgeEntry[]): string[] {
  return entries.flatMap(({ dataKey, pluginLines }) =>
    pluginLines.length > 0 ? `${dataKey} line ${pluginLines.join(', ')}` : [],
  )
}

/** What the data keys with other keys hold: the field of the metadata of SOPS that they open. */
const kindsByDataKey = new Map([
  ['sops.vault-token', 'hc_vault'],
  ['sops.aws-kms', 'kms'],
  ['sops.azure-kv', 'azure_kv'],
  ['sops.gcp-kms', 'gcp_kms'],
])

/**
 * The kinds of keys that are not of age, by their data keys (docs/decryption.md#where-the-key-is-looked-up).
 * @returns fields of the metadata of SOPS, as `pgp` and `kms`; nothing for a data key that is no key
 */
export function otherKinds(dataKeys: readonly string[]): string[] {
  return dataKeys.flatMap((dataKey) =>
    dataKey.endsWith('.asc') ? 'pgp' : (kindsByDataKey.get(dataKey) ?? []),
  )
}

/** Whether a Secret has the label that makes the controller use a new key at once. */
export function isWatched({ metadata }: Secret): boolean {
  return Object.entries(watchLabel).every(([key, label]) => metadata.labels?.[key] === label)
}
