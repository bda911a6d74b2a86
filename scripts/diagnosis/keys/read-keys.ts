import type { KeySecretId } from '../../findings/key-secret.ts'
import { idOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { isAgeEntry, type KeySecret, otherKinds, readKeySecret } from '../../lib/cluster/key-secret.ts'
import type { Secret } from '../../lib/cluster/kube-objects.ts'
import type { Identity, ReadOptions } from '../../lib/sops/age.ts'
import { privateKeysIn, recipientOf } from '../../lib/sops/private-keys.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { type KeyController, keyControllerOf } from './key-controller.ts'

/** A key Secret, with what it holds. */
export interface HeldKeys extends KeySecret {
  id: KeySecretId
  secret: Secret
  /** The identities that the controller decrypts with, secret. */
  identities: readonly Identity[]
  /** Their recipients; none where one line keeps the controller from reading any. */
  recipients: ReadonlySet<string>
  /** The kinds of its keys that are not of age (`otherKinds`). */
  kinds: readonly string[]
  /** The recipients of the identities in each data key, also in those that the controller does not read. */
  byDataKey: ReadonlyMap<string, readonly string[]>
}

/** The keys of a cluster. */
export interface Keys {
  /** `undefined` where no Deployment of it was seen. */
  controller: KeyController | undefined
  /** All Secrets that have the name of one that is decrypted with, in every namespace, by `namespace/name`. */
  secrets: ReadonlyMap<string, HeldKeys>
  /** The Secrets that are decrypted with, whether they are there or not, by `namespace/name`. */
  used: ReadonlyMap<string, UsedSecret>
}

/** A Secret that Kustomizations decrypt with. */
export interface UsedSecret {
  id: KeySecretId
  users: readonly Kustomization[]
}

/** The Secret that a Kustomization decrypts with; `undefined` where it decrypts nothing, or with what cannot be seen. */
export function keySecretFor(
  { metadata, spec }: Kustomization,
  controller: KeyController | undefined,
): KeySecretId | undefined {
  if (!spec.decryption) return undefined
  const name = spec.decryption.secretRef?.name
  return name === undefined ? controller?.ageSecret : { namespace: `${metadata.namespace}`, name }
}

/**
 * Reads the keys of a cluster, in this process as far as they are good.
 * @param controller what is known of it; `undefined` where nothing is
 * @throws UserError where age-keygen is missing, which judges what is none
 */
export async function readKeys(
  snapshot: Pick<Snapshot, 'controllers' | 'kustomizations' | 'secrets'>,
  options: ReadOptions,
  controller: KeyController | undefined = keyControllerOf(snapshot),
): Promise<Keys> {
  const all = [...snapshot.kustomizations.values()].flatMap((user) => {
    const id = keySecretFor(user, controller)
    return id ? [{ id, user }] : []
  })
  const used = new Map(
    [...Map.groupBy(all, ({ id }) => `${id.namespace}/${id.name}`)].flatMap(([key, [first, ...others]]) =>
      first ? [[key, { id: first.id, users: [first, ...others].map(({ user }) => user) }]] : [],
    ),
  )
  const names = new Set(all.map(({ id }) => id.name))
  const found = [...snapshot.secrets.values()].filter(({ metadata }) => names.has(metadata.name))
  return { controller, used, secrets: await readHeldKeys(found, options) }
}

/**
 * Reads what Secrets hold, each text once.
 * @returns by `namespace/name`
 * @throws as `readKeys`
 */
export async function readHeldKeys(
  found: readonly Secret[],
  options: ReadOptions,
): Promise<Map<string, HeldKeys>> {
  const texts = new Set(found.flatMap(({ data }) => Object.values(data ?? {}).map(textOf)))
  const keysOf = new Map(
    await Promise.all([...texts].map(async (text) => [text, await identitiesIn(text)] as const)),
  )
  const known = [...(options.known ?? []), ...[...keysOf.values()].flat()]
  // the same key in many namespaces is read once
  const contents = new Map<string, Promise<KeySecret>>()
  const read = (secret: Secret) => {
    const data = JSON.stringify(secret.data ?? {})
    const content = contents.get(data) ?? readKeySecret(secret, { ...options, known })
    contents.set(data, content)
    return content
  }
  const held = found.map(async (secret): Promise<[string, HeldKeys]> => {
    const content = await read(secret)
    const entries = Object.entries(secret.data ?? {})
    const isRead = content.ageEntries.every(({ badLine }) => !badLine)
    const identities = isRead ? content.ageEntries.flatMap((entry) => entry.identities) : []
    const byDataKey = entries.map(([dataKey, value]) => {
      const inEntry = isAgeEntry(dataKey)
        ? content.ageEntries.find((entry) => entry.dataKey === dataKey)?.identities
        : keysOf.get(textOf(value))
      return [dataKey, (inEntry ?? []).map(({ recipient }) => recipient)] as const
    })
    const { namespace, name } = secret.metadata
    return [
      idOf(secret),
      {
        ...content,
        id: { namespace: `${namespace}`, name },
        secret,
        identities,
        recipients: new Set(identities.map(({ recipient }) => recipient)),
        kinds: otherKinds(content.otherDataKeys),
        byDataKey: new Map(byDataKey),
      },
    ]
  })
  return new Map(await Promise.all(held))
}

function textOf(value: string): string {
  return Buffer.from(value, 'base64').toString()
}

async function identitiesIn(text: string): Promise<Identity[]> {
  const keys = await privateKeysIn(text)
  const read = keys.map(async ({ secret }) => ({ secret, recipient: await recipientOf(secret) }))
  return (await Promise.all(read)).flatMap(({ secret, recipient }) =>
    recipient === undefined ? [] : [{ secret, recipient }],
  )
}
