import { join } from 'node:path'
import type { Caller, Report } from '../lib/caller.ts'
import { readKeySecret } from '../lib/cluster/key-secret.ts'
import { get, secrets } from '../lib/cluster/kube-api.ts'
import type { Secret } from '../lib/cluster/kube-objects.ts'
import { type Cluster, openCluster } from '../lib/cluster/kubectl.ts'
import { findRepositoryRoot, type Repository } from '../lib/git.ts'
import { namesFrom } from '../lib/paths.ts'
import { type Identity, readIdentities, renderIdentities } from '../lib/sops/age.ts'
import { requireKey } from '../lib/sops/key.ts'
import { findOutage, findUnusedIdentities } from './sops-key/outage.ts'
import { planSecret, type SecretPlan } from './sops-key/plan.ts'
import { reportOf } from './sops-key/report.ts'
import { obstacleError, refusalOf, unreadableEntries, unusedIdentity } from './sops-key/words.ts'
import { writeSecret } from './sops-key/write.ts'

/** What the user wants of `flux:sops-key`. */
export interface SopsKeyOptions {
  keyFile: string | undefined
  namespaces: string[]
  /** The name of the Secret. */
  name: string
  context: string | undefined
  dryRun: boolean
  force: boolean
  caller: Caller
}

/**
 * Creates or rotates the Secret that Flux decrypts with, by one server-side apply in each namespace.
 * Nothing is written before every namespace has been checked.
 *
 * @throws UserError where the key is unusable, the cluster cannot be reached or written to (exit 2), or files of the
 *   repository could no longer be decrypted (exit 1). No message and no output holds the key.
 */
export async function sopsKey(options: SopsKeyOptions): Promise<Report> {
  const cluster = openCluster(options.context, options.caller)
  try {
    return await putKey(cluster, options)
  } finally {
    await cluster.close()
  }
}

async function putKey(cluster: Cluster, options: SopsKeyOptions): Promise<Report> {
  const { name, dryRun, caller } = options
  const { cwd, env, signal } = caller
  const root = await findRepositoryRoot(cwd, env)
  // before the cluster is called: where it fails, nobody may still be asked for the key
  const { text, source } = await requireKey({ keyFile: options.keyFile, cwd, root, env, signal })
  const namespaces = [...new Set(options.namespaces)]
  const [identities, ...lives] = await Promise.all([
    readIdentities(text, source, { env, signal }).then(unique),
    ...namespaces.map((namespace) =>
      get<Secret>(cluster, `cannot read secret ${namespace}/${name}`, secrets, { namespace, name }),
    ),
  ])
  const key = renderIdentities(identities)
  const plans = namespaces.map((namespace, index) => planSecret(lives[index], { namespace, name }, key))
  for (const plan of plans) if (plan.obstacle) throw obstacleError(plan, name)
  const repository = root === undefined ? undefined : { root, env, signal }
  const warnings = await check(plans, identities, repository, options)
  for (const warning of warnings) caller.note(`warning: ${warning}`)
  // known before anything is written: without one, kubectl would take whatever is at localhost:8080 for the cluster
  const context = await cluster.context
  // a namespace that is missing or forbidden shows only when it is written to
  if (plans.length > 1 && !dryRun) for (const plan of plans) await writeSecret(cluster, plan, true)
  for (const plan of plans) await writeSecret(cluster, plan, dryRun)
  const recipients = identities.map(({ recipient }) => recipient)
  return reportOf({ name, context, source, recipients, plans, warnings, dryRun })
}

/** @returns the warnings @throws UserError (exit 1) where a file could no longer be decrypted, unless `force` */
async function check(
  plans: readonly SecretPlan[],
  identities: readonly Identity[],
  repository: Repository | undefined,
  { name, force, caller: { cwd, env, signal } }: SopsKeyOptions,
): Promise<string[]> {
  const held = await Promise.all(
    plans.map(async (plan) => ({
      plan,
      live: await readKeySecret(plan.live, { env, signal, known: identities }),
    })),
  )
  const changing = held.filter(({ plan }) => plan.changesKey)
  if (!force) {
    for (const { plan, live } of changing) {
      const outage = await findOutage(live, identities, repository)
      const nameOf = (file: string) => namesFrom(cwd)(join(repository?.root ?? cwd, file))
      if (outage) throw refusalOf(outage, `${plan.namespace}/${name}`, nameOf)
    }
  }
  const lives = changing.map(({ live }) => live)
  const unused = await findUnusedIdentities(lives, identities, repository)
  return [
    ...unused.map(unusedIdentity),
    ...held.flatMap(({ plan: { namespace }, live }) =>
      unreadableEntries(live.ageEntries, { namespace, name }),
    ),
  ]
}

function unique(identities: Identity[]): Identity[] {
  return [...new Map(identities.map((identity) => [identity.recipient, identity])).values()]
}
