import { type Finding, finding } from '../../findings/finding.ts'
import { flagsFor, secretOf } from '../../findings/key-secret.ts'
import { findKeeper, type Keeper } from '../../lib/applied/keeper.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import { isWatched, lastApplied, pluginLinesIn } from '../../lib/cluster/key-secret.ts'
import { privateKeysIn } from '../../lib/sops/private-keys.ts'
import { recipientsAmong, shortRecipient } from '../../lib/sops/recipients.ts'
import type { Diagnosis } from '../diagnosis.ts'
import type { Evidence } from '../evidence.ts'
import type { HeldKeys, Keys, UsedSecret } from './read-keys.ts'

/** What is to be known of a key Secret though it works. */
export async function notesOn(used: UsedSecret, held: HeldKeys, evidence: Evidence): Promise<Finding[]> {
  const { namespace, name } = used.id
  const place = { object: secretOf(used.id) }
  const { snapshot } = evidence
  const lines = pluginLinesIn(held.ageEntries)
  const copy = held.secret.metadata.annotations?.[lastApplied] ?? ''
  const all = { kustomizations: [...snapshot.kustomizations.values()] }
  const keeper = findKeeper(held.secret, snapshot.namespace === undefined ? all : undefined)
  const idle = await idleIdentities(used, held, evidence)
  return [
    ...(lines.length > 0 ? [finding('plugin-line', place, { lines: lines.join('; ') })] : []),
    ...((await privateKeysIn(copy)).length > 0
      ? [finding('last-applied-copy', place, { namespace, name })]
      : []),
    ...(keeper ? [finding('key-secret-kept', place, { keeper: keeperName(keeper) })] : []),
    ...idle.map((recipient) =>
      finding('identity-idle', place, { recipient: shortRecipient(recipient), flags: flagsFor(used.id) }),
    ),
  ]
}

/** How many of the other Secrets without the label are named. */
const named = 3

/**
 * The Secrets whose change Flux would see by a label, and that have none: only of one that a Kustomization names it does
 * (docs/decryption.md#when-a-kustomization-reconciles).
 */
export function unwatched({ used, secrets, controller }: Keys): Diagnosis[] {
  if (controller?.hasOwnWatchLabel) return []
  const found = [...used].flatMap(([key, { id, users }]) => {
    const held = secrets.get(key)
    const isNamed = users.some(({ spec }) => spec.decryption?.secretRef)
    return held && isNamed && !isWatched(held.secret) ? [{ id, users }] : []
  })
  const [first, ...others] = found
  if (!first) return []
  const names = others.slice(0, named).map(({ id }) => `${id.namespace}/${id.name}`)
  const rest = others.length - names.length
  const list = `${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
  const more = others.length > 0 ? ` (nor have ${list})` : ''
  const { namespace, name } = first.id
  return [
    {
      finding: finding('no-watch-label', { object: secretOf(first.id) }, { namespace, name, more }),
      stops: found.flatMap(({ users }) => users.map(idOf)),
    },
  ]
}

function keeperName(keeper: Keeper): string {
  if (keeper.code === 'kustomization') return `kustomization ${keeper.kustomization}`
  if (keeper.code === 'owner') return `${keeper.kind} ${keeper.name}`
  return keeper.from ? `${keeper.tool} (${keeper.from})` : keeper.tool
}

/** The recipients of a Secret for which no file is that its Kustomizations decrypt, and that no rule names; none where not all of that is seen. */
async function idleIdentities(
  { users }: UsedSecret,
  { recipients }: HeldKeys,
  { decrypted, repository }: Evidence,
): Promise<string[]> {
  const ids = new Set(users.map(idOf))
  const { files, notSeen } = await decrypted()
  const own = files.filter(({ kustomization }) => ids.has(kustomization))
  if (!repository || own.length === 0 || notSeen.some(({ kustomization }) => ids.has(kustomization)))
    return []
  const used = new Set(own.flatMap(({ documents }) => recipientsAmong(documents)))
  const idle = [...recipients].filter((recipient) => !used.has(recipient))
  if (idle.length === 0) return []
  const { recipientsInRules } = await import('../../lib/sops/creation-rules.ts')
  const named = await recipientsInRules(repository)
  return idle.filter((recipient) => !named.has(recipient))
}
