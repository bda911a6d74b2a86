import { join } from 'node:path'
import type { FluxUse } from '../../lib/applied/flux-use.ts'
import type { Caller } from '../../lib/caller.ts'
import { readKeySecret } from '../../lib/cluster/key-secret.ts'
import type { Repository } from '../../lib/git.ts'
import { namesFrom } from '../../lib/paths.ts'
import type { KeyContent } from '../../lib/sops/age.ts'
import { findKeyFileProblems } from '../../lib/sops/key-file.ts'
import { findOutage, findUnusedIdentities } from './outage.ts'
import type { SecretPlan } from './plan.ts'
import { keyFileWarning, pluginLeftOut, refusalOf, unreadableEntries, unusedIdentity } from './words.ts'

/** The key that is to be put into the cluster. */
export interface NewKey extends KeyContent {
  /** Where it was found, for people. */
  source: string
  /** The file that it was found in. */
  file: string | undefined
}

/**
 * Checks what would come of the plans for all namespaces.
 * @returns warnings, none of which holds the key
 * @throws UserError (exit 1) where Flux could no longer decrypt a file, or it cannot be seen whether, unless `force`
 */
export async function checkPlans(
  plans: readonly SecretPlan[],
  { identities, pluginLines, source, file }: NewKey,
  { use, repository }: { use: FluxUse | undefined; repository: Repository | undefined },
  { name, force, caller: { cwd, env, signal } }: { name: string; force: boolean; caller: Caller },
): Promise<string[]> {
  const held = await Promise.all(
    plans.map(async (plan) => ({
      plan,
      live: await readKeySecret(plan.live, { env, signal, known: identities }),
    })),
  )
  const changing = held.filter(({ plan }) => plan.changesKey)
  const nameOf = (path: string) => namesFrom(cwd)(join(repository?.root ?? cwd, path))
  if (!force) {
    for (const { plan, live } of changing) {
      const secret = { namespace: plan.namespace, name }
      const outage = await findOutage(live, identities, { secret, use, repository })
      if (outage) throw refusalOf(outage, { secret: `${plan.namespace}/${name}`, source, nameOf })
    }
  }
  const lives = changing.map(({ live }) => live)
  const [unused, problems] = await Promise.all([
    findUnusedIdentities(lives, identities, repository),
    file === undefined ? [] : findKeyFileProblems(file, repository),
  ])
  return [
    ...(pluginLines.length > 0 ? [pluginLeftOut(source, pluginLines)] : []),
    ...problems.map((problem) => keyFileWarning(source, problem)),
    ...unused.map(unusedIdentity),
    ...held.flatMap(({ plan: { namespace }, live }) =>
      unreadableEntries(live.ageEntries, { namespace, name }),
    ),
  ]
}
