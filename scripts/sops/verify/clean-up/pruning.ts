import { idOf, sourceIdOf } from '../../../lib/cluster/flux-objects.ts'
import type { LeftFacts } from '../findings/secret.ts'
import { Verdict } from '../findings/verdict.ts'
import { advance, startTelling } from '../wait/chain.ts'
import { requestFetch } from '../wait/source.ts'
import type { Watching } from '../wait/watching.ts'
import { factsOf, findSecret, isListed, lookForSecret, othersThatList } from './left.ts'

/** How long is waited once nothing more is to be expected of Flux, in ms: for what is still on its way to us. */
const lagLimit = 3_000

/** What the cluster is to be freed of. */
export interface Leaving {
  /** The commit that brought the test Secret onto the branch, where it is known. */
  created: string | undefined
  /** A commit of the branch without it. */
  gone: string
}

/** Tells Flux of the removal, and waits until the test Secret is gone. @returns what is left; `undefined` for nothing @throws UserError where the cluster cannot be read */
export async function waitUntilGone(
  watching: Watching,
  { created, gone }: Leaving,
): Promise<LeftFacts | undefined> {
  const { branch, target, view, deadline } = watching
  const id = idOf(target.kustomization)
  const now = () => watching.kustomizations.objects.get(id)
  const tell = makeTeller(watching, gone)
  const tellOthers = makeOthersTeller(watching)
  let problem: string | undefined
  let doneAt: number | undefined
  const isGone = await view.until(async () => {
    problem = await tell()
    await tellOthers()
    const { status } = now() ?? {}
    const isApplied = await branch.contains(status?.lastAppliedRevision, gone)
    const isTried = await branch.contains(status?.lastAttemptedRevision, gone)
    if ((isApplied || isTried) && !isListed(watching) && (await lookForSecret(watching)) === undefined)
      return true
    if ((!isApplied && !problem) || othersThatList(watching).length > 0) doneAt = undefined
    else doneAt ??= Date.now()
    return doneAt !== undefined && Date.now() - doneAt > lagLimit ? false : undefined
  }, deadline)
  if (isGone) return undefined
  const found = await findSecret(watching)
  const wasNeverTried = !created || !(await branch.contains(now()?.status?.lastAttemptedRevision, created))
  if (!found && wasNeverTried && problem) return undefined
  const isApplied = await branch.contains(now()?.status?.lastAppliedRevision, gone)
  const finalizers = found?.metadata.finalizers ?? []
  const [other] = othersThatList(watching)
  return {
    ...factsOf(watching, other),
    isThere: found !== undefined,
    isApplied: isApplied && !other,
    finalizers,
    why: problem,
  }
}

/** @returns tells the sources of other Kustomizations that have the test Secret too, each once: those then go by themselves */
function makeOthersTeller(watching: Watching): () => Promise<void> {
  const requests = new Map<string, () => Promise<unknown>>()
  return async () => {
    for (const id of othersThatList(watching).map(sourceIdOf)) {
      const source = watching.sources.objects.get(id)
      if (!source) continue
      const request = requests.get(id) ?? requestFetch(watching, source)
      requests.set(id, request)
      await request()
    }
  }
}

/** @returns tells Flux of a commit, as far as it is, and returns what keeps the chain from applying it */
function makeTeller(watching: Watching, commit: string): () => Promise<string | undefined> {
  const told = startTelling()
  const request = requestFetch(watching, watching.target.source)
  return async () => {
    await request()
    const source = watching.sources.objects.get(idOf(watching.target.source))
    if (!(await watching.branch.contains(source?.status?.artifact?.revision, commit))) return undefined
    try {
      for (const link of watching.target.chain) await advance(watching, link, commit, told)
      return undefined
    } catch (error) {
      if (error instanceof Verdict) return error.message
      throw error
    }
  }
}
