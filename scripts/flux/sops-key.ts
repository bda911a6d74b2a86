import { readFluxUse } from '../lib/applied/flux-use.ts'
import type { Caller, Report } from '../lib/caller.ts'
import { get, secrets } from '../lib/cluster/kube-api.ts'
import type { Secret } from '../lib/cluster/kube-objects.ts'
import { type Cluster, openCluster } from '../lib/cluster/kubectl.ts'
import { findRepositoryRoot } from '../lib/git.ts'
import { type Identity, readIdentities, renderIdentities } from '../lib/sops/age.ts'
import { requireKey } from '../lib/sops/key.ts'
import { checkPlans } from './sops-key/check.ts'
import { planSecret } from './sops-key/plan.ts'
import { reportOf } from './sops-key/report.ts'
import { obstacleError } from './sops-key/words.ts'
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
  const { text, source, file } = await requireKey({ keyFile: options.keyFile, cwd, root, env, signal })
  const namespaces = [...new Set(options.namespaces)]
  const [read, use, ...lives] = await Promise.all([
    readIdentities(text, source, { env, signal }),
    readFluxUse(cluster),
    ...namespaces.map((namespace) =>
      get<Secret>(cluster, `cannot read secret ${namespace}/${name}`, secrets, { namespace, name }),
    ),
  ])
  const { pluginLines } = read
  const identities = unique(read.identities)
  const value = renderIdentities(identities)
  const plans = namespaces.map((namespace, index) => planSecret(lives[index], { namespace, name }, value))
  for (const plan of plans) if (plan.obstacle) throw obstacleError(plan, name)
  const repository = root === undefined ? undefined : { root, env, signal }
  const key = { source, file, identities, pluginLines }
  const warnings = await checkPlans(plans, key, { use, repository }, options)
  for (const warning of warnings) caller.note(`warning: ${warning}`)
  // known before anything is written: without one, kubectl would take whatever is at localhost:8080 for the cluster
  const context = await cluster.context
  // a namespace that is missing or forbidden shows only when it is written to
  if (plans.length > 1 && !dryRun) for (const plan of plans) await writeSecret(cluster, plan, true)
  for (const plan of plans) await writeSecret(cluster, plan, dryRun)
  const recipients = identities.map(({ recipient }) => recipient)
  return reportOf({ name, context, source, recipients, plans, warnings, dryRun })
}

function unique(identities: Identity[]): Identity[] {
  return [...new Map(identities.map((identity) => [identity.recipient, identity])).values()]
}
