import { readFluxUse } from '../lib/applied/flux-use.ts'
import type { Caller, Report } from '../lib/caller.ts'
import { get, secrets } from '../lib/cluster/kube-api.ts'
import type { Secret } from '../lib/cluster/kube-objects.ts'
import { type Cluster, openCluster } from '../lib/cluster/kubectl.ts'
import { findRepositoryRoot } from '../lib/git.ts'
import { type Identity, readIdentities, renderIdentities } from '../lib/sops/age.ts'
import { requireKey } from '../lib/sops/key.ts'
import { findKeyFileProblems } from '../lib/sops/key-file.ts'
import { checkPlans } from './sops-key/check.ts'
import { findNamespaces, fluxNamespace } from './sops-key/namespaces.ts'
import { planSecret } from './sops-key/plan.ts'
import { reportOf } from './sops-key/report.ts'
import { obstacleError } from './sops-key/words.ts'
import { openWorkingTree } from './sops-key/working-tree.ts'
import { writeSecrets } from './sops-key/write.ts'

/** What the user wants of `flux:sops-key`. */
export interface SopsKeyOptions {
  keyFile: string | undefined
  /** Where the Secret is to be; none: where the cluster looks for it. */
  namespaces: string[]
  /** The name of the Secret. */
  name: string
  context: string | undefined
  /** Its other age identities go. */
  only: boolean
  dryRun: boolean
  force: boolean
  caller: Caller
}

/**
 * Creates or rotates the Secret that Flux decrypts with, by one server-side apply in each namespace.
 * Nothing is written before every namespace has been checked, and all are written or none.
 *
 * @throws UserError where the key is unusable, the cluster cannot be reached or written to (exit 2), or it is refused to
 *   protect what Flux decrypts (exit 1). No message and no output holds the key.
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
  const { name, only, dryRun, caller } = options
  const { cwd, env, signal } = caller
  const root = await findRepositoryRoot(cwd, env)
  const places = { keyFile: options.keyFile, cwd, root, env, signal }
  // before the cluster is called: where it fails, nobody may still be asked for the key
  const { text, source, file } = await requireKey(places)
  const repository = root === undefined ? undefined : { root, env, signal }
  const tree = repository && openWorkingTree(repository)
  const read = (namespace: string) =>
    get<Secret>(cluster, `cannot read secret ${namespace}/${name}`, secrets, { namespace, name })
  const [first = fluxNamespace] = options.namespaces
  // mostly there is one namespace, and this is it
  const firstRead = read(first)
  firstRead.catch(() => {})
  const [content, use, context, fileProblems] = await Promise.all([
    readIdentities(text, source, { env, signal }),
    readFluxUse(cluster),
    // without one, kubectl would take whatever is at localhost:8080 for the cluster
    cluster.context,
    file === undefined ? [] : findKeyFileProblems(file, repository),
  ])
  const namespaces =
    options.namespaces.length > 0
      ? [...new Set(options.namespaces)]
      : await findNamespaces(name, use, repository)
  const lives = await Promise.all(
    namespaces.map((namespace) => (namespace === first ? firstRead : read(namespace))),
  )
  caller.say(`context ${context}`)
  const identities = unique(content.identities)
  const value = renderIdentities(identities)
  const plans = namespaces.map((namespace, index) =>
    planSecret(lives[index], { namespace, name }, value, only),
  )
  for (const plan of plans) if (plan.obstacle) throw obstacleError(plan, name)
  const key = { source, fileProblems, identities, pluginLines: content.pluginLines }
  const checked = await checkPlans(plans, key, { ...options, context, use, tree, places })
  for (const warning of checked.warnings) caller.note(`warning: ${warning}`)
  await writeSecrets(cluster, plans, dryRun)
  const recipients = identities.map(({ recipient }) => recipient)
  return reportOf({ name, context, source, recipients, plans, dryRun, ...checked })
}

function unique(identities: Identity[]): Identity[] {
  return [...new Map(identities.map((identity) => [identity.recipient, identity])).values()]
}
