import { type Finding, finding } from '../../../findings/finding.ts'
import { listRecipients } from '../../../lib/sops/recipients.ts'
import type { Known } from './known.ts'
import { ageOfRecipient, areBeside, comesBeside, hasTakenOver, isUncommitted, neverNamed } from './named.ts'

/** The recipient that takes the place of the old one. */
export interface Next {
  /** `undefined`: it is still to be found or made. */
  next: string | undefined
  /** Why it may be there all the same; then nothing is to be changed until the user has said it. */
  unsure: Finding[]
}

/** Looks for the recipient that takes the place of the old one. What is only beside it may belong to somebody who stays. */
export async function findNext(known: Known, old: string): Promise<Next> {
  const sure =
    known.next ??
    byTrailer(known, old) ??
    (await byCluster(known, old)) ??
    byTree(known, old) ??
    (await byKeyFile(known, old))
  if (sure !== undefined) return { next: sure, unsure: [] }
  const perhaps = [...new Set([...(await possible(known, old)), ...uncommitted(known, old)])]
  const facts = { recipients: listRecipients(perhaps) }
  const unsure = perhaps.length === 0 ? [] : [finding('next-unclear', { object: 'the repository' }, facts)]
  return { next: undefined, unsure }
}

function byTrailer({ trailers, inUse, atHand }: Known, old: string): string | undefined {
  const there = inUse.union(new Set(atHand))
  return trailers.find((one) => one.old === old && there.has(one.next))?.next
}

/** The other one in a key Secret with the old one: where files list both, or have it instead; or where it is only there yet. */
async function byCluster(
  { keySecrets = [], named, places, atHand }: Known,
  old: string,
): Promise<string | undefined> {
  const together = keySecrets.filter((all) => all.includes(old)).flat()
  const others = [...new Set(together)].filter((recipient) => recipient !== old)
  if (others.length === 0) return undefined
  const past = await places.past()
  const listed = others.filter(
    (one) => named.has(one) && (areBeside(places, old, one) || hasTakenOver(places, past, old, one)),
  )
  const fresh = await neverNamed(
    places,
    others.filter((one) => atHand.includes(one)),
  )
  const all = listed.length > 0 ? listed : fresh
  return all.length === 1 ? all[0] : undefined
}

/** The one at hand that was put beside the old one and is not committed yet. */
function byTree({ places, atHand }: Known, old: string): string | undefined {
  const fresh = atHand.filter(
    (one) => one !== old && isUncommitted(places, one) && areBeside(places, old, one),
  )
  return fresh.length === 1 ? fresh[0] : undefined
}

/** Those that were put beside the old one and are not committed yet, whoever has their identities. */
function uncommitted({ places, named }: Known, old: string): string[] {
  return [...named].filter((one) => one !== old && isUncommitted(places, one) && areBeside(places, old, one))
}

/** The one that its key file says is to take the place of the old one. */
async function byKeyFile(known: Known, old: string): Promise<string | undefined> {
  if (!known.successors?.size) return undefined
  const past = await known.places.past()
  const found = known.atHand.filter((one) => comesBeside(known, past, old, one))
  return found.length === 1 ? found[0] : undefined
}

/** Those at hand that came beside the old one later than that, and are in no cluster. */
async function possible({ places, atHand, named, keySecrets = [] }: Known, old: string): Promise<string[]> {
  const inClusters = new Set(keySecrets.flat())
  const beside = atHand.filter(
    (one) => one !== old && named.has(one) && !inClusters.has(one) && areBeside(places, old, one),
  )
  if (beside.length === 0) return []
  const past = await places.past()
  return beside.filter((one) => ageOfRecipient(past, one) < ageOfRecipient(past, old))
}
