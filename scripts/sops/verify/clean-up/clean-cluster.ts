import type { Caller } from '../../../lib/caller.ts'
import { openView } from '../../../lib/cluster/cluster-view.ts'
import { idOf, type Kustomization, ownsSecret, sourceIdOf } from '../../../lib/cluster/flux-objects.ts'
import { get, secrets } from '../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../lib/cluster/kube-objects.ts'
import { openCluster } from '../../../lib/cluster/kubectl.ts'
import { KubectlError } from '../../../lib/cluster/kubectl-error.ts'
import { UserError } from '../../../lib/errors.ts'
import { runAnnotation } from '../../test-secret/secret-manifest.ts'
import type { ClusterSecret } from '../checks/cluster-secret.ts'
import type { Finding, LeftFacts } from '../findings/finding.ts'
import { Verdict } from '../findings/verdict.ts'
import { advance } from '../wait/chain.ts'
import { requestFetch } from '../wait/source.ts'
import { type Watching, watchFlux } from '../wait/watching.ts'

/** How long Flux may take to prune the test Secret, in ms. */
const pruneLimit = 60_000

/** How long is waited once nothing more is to be expected of Flux, in ms: for what is still on its way to us. */
const lagLimit = 3_000

/** Whether a place holds nothing of this run any more. */
export type Clean = boolean | 'unknown'

/** What the cluster is to be freed of. */
export interface Leaving {
  /** The commit that brought the test Secret onto the branch, where it is known. */
  created: string | undefined
  /** A commit of the branch without it. */
  gone: string
}

/**
 * Has Flux take the test Secret of a run out of the cluster, and waits for that, for a bounded time. Says so.
 * @param findings is told of what is left, or is not known
 */
export async function cleanCluster(
  before: Watching,
  leaving: Leaving,
  { context, findings, caller }: { context: string | undefined; findings: Finding[]; caller: Caller },
): Promise<Clean> {
  const { target, secret } = before
  const object = `secret ${secret.namespace}/${secret.name}`
  // the connection of the run may have ended with it
  const cluster = openCluster(context, { env: caller.env })
  const view = openView(cluster)
  const known = [...target.chain].map((link) => before.kustomizations.objects.get(idOf(link)) ?? link)
  const watching: Watching = {
    ...before,
    ...watchFlux(view, { ...target, chain: known }),
    cluster,
    view,
    findings: [],
    deadline: Date.now() + pruneLimit,
  }
  caller.say(`waiting up to ${pruneLimit / 1000} s until Flux has taken ${object} out of the cluster`)
  caller.status(`waiting for ${object} to be pruned`)
  try {
    const left = await waitForPruning(watching, leaving)
    if (left)
      findings.push({ code: left.isThere ? 'left-in-cluster' : 'cluster-unknown', object, facts: left })
    else caller.say(`${object} is gone from the cluster`)
    return left ? (left.isThere ? false : 'unknown') : true
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const facts = { ...factsOf(watching), isThere: false, why: error.message }
    findings.push({ code: 'cluster-unknown', object, facts })
    return 'unknown'
  } finally {
    caller.status(undefined)
    await view.close()
    await cluster.close()
  }
}

/** Looks once whether the test Secret is in a cluster that goes on getting it. @returns never true, for it can still arrive */
export async function lookAtCluster(
  secret: ClusterSecret,
  { context, caller }: { context: string | undefined; caller: Caller },
): Promise<Clean> {
  const cluster = openCluster(context, { env: caller.env })
  try {
    return typeof (await lookForSecret({ cluster, secret })) === 'object' ? false : 'unknown'
  } finally {
    await cluster.close()
  }
}

/** @returns what is left; `undefined` for nothing @throws UserError where the cluster cannot be read */
async function waitForPruning(
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
  const told = new Map<string, string>()
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

function isListed({ kustomizations, secret }: Watching): boolean {
  return [...kustomizations.objects.values()].some((one) => ownsSecret(one, secret.namespace, secret.name))
}

/** The other Kustomizations whose inventory has the test Secret. */
function othersThatList({ kustomizations, secret, target }: Watching): Kustomization[] {
  return [...kustomizations.objects.values()].filter(
    (one) => idOf(one) !== idOf(target.kustomization) && ownsSecret(one, secret.namespace, secret.name),
  )
}

/** The test Secret of this run in the cluster; another run may have put its own there. */
async function findSecret({
  cluster,
  secret,
}: Pick<Watching, 'cluster' | 'secret'>): Promise<Secret | undefined> {
  const what = `cannot read secret ${secret.namespace}/${secret.name}`
  const live = await get<Secret>(cluster, what, secrets, secret)
  return live?.metadata.annotations?.[runAnnotation] === secret.run ? live : undefined
}

/** As `findSecret`. @returns `unseen` where the cluster does not answer */
async function lookForSecret(
  where: Pick<Watching, 'cluster' | 'secret'>,
): Promise<Secret | undefined | 'unseen'> {
  try {
    return await findSecret(where)
  } catch (error) {
    if (error instanceof KubectlError) return 'unseen'
    throw error
  }
}

/** @param kustomization the one that has to take it out; the target where nothing is said */
function factsOf(
  { target, branch, secret, sources }: Watching,
  kustomization = target.kustomization,
): Omit<LeftFacts, 'isThere'> {
  const { metadata, spec } = kustomization
  return {
    secret: { namespace: secret.namespace, name: secret.name },
    kustomization: { namespace: `${metadata.namespace}`, name: metadata.name },
    branch: branch.name,
    intervals: {
      kustomization: spec.interval,
      source: (sources.objects.get(sourceIdOf(kustomization)) ?? target.source).spec.interval,
    },
    isApplied: false,
    finalizers: [],
    why: undefined,
  }
}
