import { randomBytes } from 'node:crypto'
import { relative } from 'node:path'
import {
  commitOf,
  type GitRepository,
  gitRepositories,
  idOf,
  type Kustomization,
  kustomizations,
} from '../../lib/cluster/flux-objects.ts'
import { get, secrets } from '../../lib/cluster/kube-api.ts'
import type { Secret } from '../../lib/cluster/kube-objects.ts'
import { KubectlError } from '../../lib/cluster/kubectl-error.ts'
import { repositoryRoot } from '../../lib/git.ts'
import { findPath } from '../test-secret/place.ts'
import { runAnnotation } from '../test-secret/secret-manifest.ts'
import { createTestSecret } from '../test-secret/test-secret.ts'
import { openBranch } from './branch/branch.ts'
import { checkRecipients, findTarget, readClusterKey } from './checks/target.ts'
import { leftoverAt, publishRemoval, removeLeftovers } from './clean-up.ts'
import { unknown } from './findings/finding.ts'
import { makeRunId } from './run-id.ts'
import { createMessage, type Trip, testName, whereOf, withoutCredentials } from './session.ts'
import {
  isGone,
  isRight,
  type Watching,
  waitForApplied,
  waitForPruned,
  waitForSource,
  waitForValue,
} from './wait/applied.ts'

/** How long a run may need to clean up behind its deadline, in ms. */
const cleanUpTime = 300_000

/** How long the API server may take until the objects are watched, in ms. */
const openTime = 10_000

/** The stages, in order. @throws Verdict or another UserError where one fails; what was opened is left in `trip` */
export async function makeRoundTrip(trip: Trip): Promise<void> {
  const { stages, options } = trip
  const { watching, edit } = await stages.run('checks', 'checking the cluster and the repository', () =>
    check(trip),
  )
  const { branch, target } = watching
  const where = whereOf(options, target)
  const place = trip.place!
  const id = idOf(target.kustomization)

  const commit = await stages.run('create', `pushing an encrypted Secret to ${where}`, async () => {
    trip.created = (await branch.publish(edit, createMessage))!
    return {
      detail: `pushed ${short(trip.created)} to ${where}: an encrypted Secret in ${relative(place.root, place.path)}/${testName}`,
      value: trip.created,
    }
  })
  await stages.run('source', 'waiting for the source', async () => {
    await waitForSource(watching, commit)
    return { detail: `gitrepository ${idOf(target.source)} has fetched ${short(commit)}`, value: undefined }
  })
  await stages.run('applied', `waiting for kustomization ${id}`, async () => {
    await waitForApplied(watching, commit, () => isRight(watching))
    return { detail: `kustomization ${id} has applied ${short(commit)}`, value: undefined }
  })
  await stages.run('value', 'comparing the value', async () => {
    await waitForValue(watching)
    return {
      detail: `secret ${trip.secret} in the cluster has the value that was encrypted`,
      value: undefined,
    }
  })
  const removal = await stages.run('remove', `pushing the removal to ${where}`, async () => {
    const commit = await publishRemoval(branch, place, trip.run!, options.caller)
    if (!commit)
      throw unknown(
        'removed-by-others',
        `${where}: ${relative(place.root, place.path)}/${testName}`,
        'somebody else took the test Secret off the branch, so its removal could not be followed',
        'run it again',
      )
    trip.removed = commit
    return { detail: `pushed ${short(commit)} to ${where}: the Secret is removed`, value: commit }
  })
  await stages.run('removal-applied', `waiting for kustomization ${id}`, async () => {
    await waitForSource(watching, removal)
    await waitForApplied(watching, removal, () => isGone(watching))
    return { detail: `kustomization ${id} has applied ${short(removal)}`, value: undefined }
  })
  await stages.run('pruned', 'waiting for the Secret to be pruned', async () => {
    await waitForPruned(watching)
    return {
      detail: `secret ${trip.secret} is gone from the cluster and from the inventory`,
      value: undefined,
    }
  })
}

interface Prepared {
  watching: Watching
  /** Writes the test Secret into the worktree. @returns its files */
  edit: () => Promise<string[]>
}

/** Everything that can be known before something is pushed. */
async function check(trip: Trip): Promise<{ detail: string; value: Prepared }> {
  const { cluster, view, options, findings, deadline } = trip
  const { cwd, env, signal } = options.caller
  const [root, context, target] = await Promise.all([
    repositoryRoot(cwd, env),
    cluster.context,
    findTarget(cluster, options.kustomization),
  ])
  Object.assign(trip, { context, target })
  // opened at once, so that they run when they are needed
  const namespaces = new Set([...target.chain, target.source].map(({ metadata }) => metadata.namespace))
  const scope = namespaces.size > 1 ? {} : { namespace: target.kustomization.metadata.namespace }
  const watched = {
    kustomizations: view.watch<Kustomization>(
      'cannot watch Kustomizations',
      kustomizations,
      scope,
      target.chain,
    ),
    sources: view.watch<GitRepository>('cannot watch GitRepositories', gitRepositories, scope, [
      target.source,
    ]),
  }
  const reading = readClusterKey(cluster, target)
  // thrown below, when the worktree that is being made can be removed again
  reading.catch(() => {})
  const branch = await openBranch({ root, env, signal }, { remote: options.remote, branch: target.branch })
  trip.branch = branch
  const key = await reading
  findings.push(...key.findings)
  await checkSameRepository(trip, `${commitOf(target.source.status?.artifact?.revision)}`)
  const path = findPath(branch.root, idOf(target.kustomization), target.kustomization.spec.path)
  const place = { root: branch.root, path, name: testName }
  trip.place = place
  await removeLeftovers(trip, branch, place)

  trip.run = makeRunId(deadline + cleanUpTime)
  const message = `SOPS decryption works: ${randomBytes(16).toString('hex')}`
  const content = { namespace: options.namespace, message, run: trip.run }
  const write = () => createTestSecret(place, content, { ...options.caller, cwd: branch.root })
  const first = await write()
  checkRecipients(target, key.recipients, first.recipients)
  const secret = placeInCluster(first.built, target.kustomization)
  trip.secret = `${secret.namespace}/${secret.name}`
  const live = await readLive(trip, secret)
  const watchedSecrets = view.watch<Secret>(
    `cannot watch secret ${trip.secret}`,
    secrets,
    secret,
    live ? [live] : [],
  )
  let files: string[] | undefined = first.files
  const edit = async () => {
    const written = files
    files = undefined
    if (written) return written
    // on a new tip, another run may have been first
    leftoverAt(place)
    return (await write()).files
  }
  // a right that is missing shows before anything is pushed
  const areOpen = () => [watchedSecrets, ...Object.values(watched)].every(({ isOpen }) => isOpen)
  if (!(await view.until(() => areOpen() || undefined, Date.now() + openTime)))
    throw unknown(
      'timeout',
      `context ${context}`,
      'its API server did not let the objects be watched in time',
      'is it overloaded? try again',
    )
  const expected = Buffer.from(message).toString('base64')
  const watching = {
    cluster,
    view,
    branch,
    target,
    ...watched,
    secrets: watchedSecrets,
    secret,
    run: trip.run,
    expected,
    deadline,
    findings,
  }
  return {
    detail: `context ${context}, kustomization ${idOf(target.kustomization)}, branch ${target.branch}${key.recipients ? ', the key in the cluster fits' : ''}`,
    value: { watching, edit },
  }
}

/** Where Flux puts the Secret: the Flux Kustomization can change its namespace and its name once more (flux-sops.md 5.29). */
function placeInCluster(
  built: { namespace: string; name: string },
  { spec }: Kustomization,
): { namespace: string; name: string } {
  const name = `${spec.namePrefix ?? ''}${built.name}${spec.nameSuffix ?? ''}`
  return { namespace: spec.targetNamespace ?? built.namespace, name }
}

/** A commit pushed to another repository than the cluster's would never arrive. @throws Verdict */
async function checkSameRepository({ branch, target, options }: Trip, commit: string): Promise<void> {
  if (await branch!.has(commit)) return
  const { source } = target!
  throw unknown(
    'other-repository',
    `gitrepository ${idOf(source)}`,
    `has fetched the commit ${short(commit)}, which is not in this repository`,
    `it follows ${withoutCredentials(source.spec.url)}: go to a clone of that, or name its remote with --remote (now ${withoutCredentials(options.remote)})`,
  )
}

/** @throws Verdict where a Secret of this name is there that no run has made, or it cannot be read: then nothing could be proved */
async function readLive(
  { cluster, target, secret: object }: Trip,
  { namespace, name }: { namespace: string; name: string },
): Promise<Secret | undefined> {
  try {
    const live = await get<Secret>(cluster, `cannot read secret ${object}`, secrets, { namespace, name })
    const ours = live?.metadata.annotations?.[runAnnotation] !== undefined
    if (live && !ours) {
      throw unknown(
        'secret-taken',
        `secret ${object}`,
        'is in the cluster already, and is not made by sops:verify',
        'remove it, or choose another --namespace',
      )
    }
    return live
  } catch (error) {
    if (!(error instanceof KubectlError && error.problem === 'forbidden')) throw error
    throw unknown(
      'secret-unreadable',
      `secret ${object}`,
      'you may not read it, so nothing could be proved',
      `ask for the right to get and watch Secrets in ${namespace}, or choose another --namespace than ${target?.kustomization.metadata.namespace}`,
    )
  }
}

function short(commit: string): string {
  return commit.slice(0, 7)
}
