import { delimiter } from 'node:path'
import { openCluster } from '../../lib/cluster/kubectl.ts'
import { UserError } from '../../lib/errors.ts'
import { callGit, type Repository } from '../../lib/git/git.ts'
import { remotesOf } from '../../lib/git/git-objects.ts'
import type { SandboxAccess } from '../access.ts'
import { applyObjects } from '../flux-system.ts'
import { type Mirror, mirror } from '../mirror.ts'
import type { Sandbox } from '../sandbox.ts'
import { policiesFor, type Served, waitForPolicies } from './admission.ts'
import { type Attendance, attend } from './attend.ts'
import { syncObjects } from './sync-objects.ts'
import type { Sync } from './syncs.ts'

/** What the Flux of a sandbox is to follow. */
export interface Followed {
  repository: Repository
  branch: string
  /** The tip of the branch. */
  commit: string
  /** The cluster that the sandbox is, and all that the repository names. */
  sync: Sync
  syncs: readonly Sync[]
}

/** A sandbox whose Flux follows a repository. */
export interface Following extends Attendance {
  /** The sandbox's own URL of the repository. */
  url: string
  /** How its commits come there. */
  source: Mirror
}

/** The policies with which the Flux of a sandbox can follow a repository. @returns what to create before it starts */
export async function policiesToFollow({
  repository,
  branch,
  sync,
  syncs,
}: Followed): Promise<(access: SandboxAccess) => object[]> {
  const meaning = await meaningOf(repository, sync, syncs)
  return ({ gitUrl }) => policiesFor({ url: gitUrl(name), branch, ...meaning })
}

/** The name of the repository in the sandbox. */
const name = 'flux-system'

/**
 * Has the Flux of a sandbox follow a repository, whatever its manifests say of where it is: the sandbox serves its commits in
 * place of every source that means it.
 * @param running was started with the objects of `policiesToFollow`
 * @param bin the directory of the programs
 * @throws UserError where the repository cannot be served; CommandError where the API server refuses what makes the cluster
 */
export async function followRepository(
  running: Sandbox,
  followed: Followed,
  bin: string,
): Promise<Following> {
  const { repository, branch, commit, sync } = followed
  const { env } = repository
  const url = running.gitUrl(name)
  const own = {
    ...env,
    KUBECONFIG: running.kubeconfig,
    PATH: [bin, env.PATH].filter(Boolean).join(delimiter),
  }
  const closing = new AbortController()
  const end = () => closing.abort(new UserError('the sandbox is closed'))
  const signals = [running.broken, closing.signal, ...(repository.signal ? [repository.signal] : [])]
  const signal = AbortSignal.any(signals)
  const cluster = openCluster('sandbox', { env: own, signal })
  try {
    const [bare, attendance] = await Promise.all([
      running.createRepository(name, branch),
      attend(cluster, url, () => running.restartController('kustomize-controller')),
      waitForPolicies(running, { url, branch }, signal),
    ])
    const source = { root: repository.root, branch, bare, env }
    await mirror(source)
    const objects = await syncObjects(sync, { bare, commit, directory: running.directory, bin, env })
    const namespaces = new Set(objects.map(({ metadata }) => metadata.namespace))
    const missing = [...namespaces].filter((namespace) => namespace && namespace !== 'flux-system')
    await applyObjects(running, [...missing.map(namespaceOf), ...objects])
    const close = async () => {
      end()
      await attendance.close()
      await cluster.close()
    }
    return { ...attendance, url, source, close }
  } catch (error) {
    // the watches that may run already would go on without an end
    end()
    await cluster.close()
    throw error
  }
}

/** What means this repository: where git gets it from and takes it to, and what its manifests say. */
async function meaningOf(
  repository: Repository,
  sync: Sync,
  syncs: readonly Sync[],
): Promise<Pick<Served, 'urls' | 'sources'>> {
  const [written, shown] = await Promise.all([
    remotesOf(repository),
    callGit(repository, ['remote', '--verbose']),
  ])
  // git shows what insteadOf makes of them
  const used = shown.split('\n').flatMap((line) => /^[^\t]*\t(.*) \((?:fetch|push)\)/.exec(line)?.[1] ?? [])
  const { sourceKind, source } = sync
  return {
    urls: [...written.values(), ...used, ...syncs.flatMap(({ url }) => url ?? [])],
    sources: [{ kind: sourceKind, namespace: source.metadata.namespace ?? '', name: source.metadata.name }],
  }
}

function namespaceOf(name: string | undefined): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
}
