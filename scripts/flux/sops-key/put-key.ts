import type { Report } from '../../lib/caller.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import { type Identity, readIdentities, renderIdentities } from '../../lib/sops/age.ts'
import { findKeyFileProblems } from '../../lib/sops/key-file.ts'
import { type Asked, readLive } from './ask.ts'
import { checkPlans } from './check.ts'
import { findNamespaces } from './namespaces.ts'
import type { SopsKeyOptions } from './options.ts'
import { planSecret } from './plan.ts'
import { reportOf } from './report.ts'
import { obstacleError } from './words.ts'
import { openWorkingTree } from './working-tree.ts'
import { writeSecrets } from './write.ts'

/**
 * Does what `sopsKey` says, with an open connection.
 * @throws as `sopsKey`
 */
export async function putKey(
  cluster: Cluster,
  { key: { text, source, file }, places, use: asked, first }: Asked,
  options: SopsKeyOptions,
): Promise<Report> {
  const { name, only, dryRun, caller } = options
  const { root, env, signal } = places
  const repository = root === undefined ? undefined : { root, env, signal }
  const tree = repository && openWorkingTree(repository)
  const [content, use, context, fileProblems] = await Promise.all([
    readIdentities(text, source, { env, signal }),
    asked,
    // without one, kubectl would take whatever is at localhost:8080 for the cluster
    cluster.context,
    file === undefined ? [] : findKeyFileProblems(file, repository),
  ])
  const namespaces =
    options.namespaces.length > 0
      ? [...new Set(options.namespaces)]
      : await findNamespaces(name, use, repository)
  const lives = await Promise.all(
    namespaces.map((namespace) =>
      namespace === first.namespace ? first.live : readLive(cluster, namespace, name),
    ),
  )
  caller.say(`context ${context}`)
  const identities = unique(content.identities)
  const value = renderIdentities(identities)
  const plans = namespaces.map((namespace, index) =>
    planSecret(lives[index], { namespace, name }, value, only),
  )
  for (const plan of plans) if (plan.obstacle) throw obstacleError(plan, name)
  const key = { source, file, fileProblems, identities, pluginLines: content.pluginLines }
  const checked = await checkPlans(plans, key, { ...options, context, use, tree, places })
  for (const warning of checked.warnings) caller.note(`warning: ${warning}`)
  await writeSecrets(cluster, plans, dryRun)
  const recipients = identities.map(({ recipient }) => recipient)
  return reportOf({ name, context, source, recipients, plans, dryRun, ...checked })
}

function unique(identities: Identity[]): Identity[] {
  return [...new Map(identities.map((identity) => [identity.recipient, identity])).values()]
}
