import { type FluxUse, readFluxUse } from '../../lib/applied/flux-use.ts'
import { get, secrets } from '../../lib/cluster/kube-api.ts'
import type { Secret } from '../../lib/cluster/kube-objects.ts'
import type { Cluster } from '../../lib/cluster/kubectl.ts'
import { type FoundKey, requireKey } from '../../lib/sops/key.ts'
import type { KeyOptions } from '../../lib/sops/key-places.ts'
import { fluxNamespace } from './namespaces.ts'
import type { SopsKeyOptions } from './options.ts'

/** The key, and what the cluster was asked for first: the answers come while the rest of the task is loaded. */
export interface Asked {
  key: FoundKey
  /** Where the key was looked for. */
  places: KeyOptions
  use: Promise<FluxUse | undefined>
  /** The Secret of one namespace: mostly there is one, and this is it. */
  first: { namespace: string; live: Promise<Secret | undefined> }
}

/**
 * Finds the key, and then asks the cluster: where that fails, nobody may still be asked for the key.
 * @param root of the git repository that the user is in; `undefined` where there is none
 * @throws UserError without a key; what the cluster answers is in the promises
 */
export async function ask(
  cluster: Cluster,
  root: string | undefined,
  { keyFile, namespaces, name, caller }: SopsKeyOptions,
): Promise<Asked> {
  const { cwd, env, signal } = caller
  const places = { keyFile, cwd, root, env, signal }
  const key = await requireKey(places)
  const [namespace = fluxNamespace] = namespaces
  const asked = {
    key,
    places,
    use: readFluxUse(cluster),
    first: { namespace, live: readLive(cluster, namespace, name) },
  }
  // the task may end before it uses them
  for (const answer of [asked.use, asked.first.live]) answer.catch(() => {})
  return asked
}

/** Reads the Secret of a namespace. @throws KubectlError */
export async function readLive(
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<Secret | undefined> {
  return get<Secret>(cluster, `cannot read secret ${namespace}/${name}`, secrets, { namespace, name })
}
