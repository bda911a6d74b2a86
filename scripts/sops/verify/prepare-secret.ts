import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import { secrets } from '../../lib/cluster/kube-api.ts'
import type { Secret } from '../../lib/cluster/kube-objects.ts'
import { describeRule, ruleFileInWorktree } from '../../lib/sops/creation-rules.ts'
import { ciphertextStart } from '../../lib/sops/format.ts'
import { findPath } from '../test-secret/place.ts'
import { createTestSecret } from '../test-secret/test-secret.ts'
import type { Branch } from './branch/branch.ts'
import { type BranchSecret, findLeftover, removeLeftover, testName } from './branch/branch-secret.ts'
import { type ClusterKey, checkKey } from './checks/cluster-key.ts'
import { readEarlierSecret } from './checks/cluster-secret.ts'
import { refuseLeftOut } from './checks/left-out.ts'
import { placeInCluster, requireNamespace } from './checks/placement.ts'
import type { Target } from './checks/target.ts'
import { makeRunId } from './run-id.ts'
import type { Progress, Session } from './session.ts'
import type { WatchedFlux, Watching } from './wait/watching.ts'

/** How long a run may take to clean up behind its deadline, in ms. */
const cleanUpLimit = 300_000

/** What the checks have found and opened before. */
interface Opened {
  /** Of the repository that the user stands in, absolute. */
  repositoryRoot: string
  target: Target
  flux: WatchedFlux
  branch: Branch
  key: ClusterKey
}

/** The test Secret of a run, ready to be pushed and to be waited for: all that the stages behind the checks need. */
export interface Prepared {
  /** Whether the key in the cluster is known to open it. */
  keyFits: boolean
  onBranch: BranchSecret
  /** Writes it into the worktree. @returns its files, relative to the worktree */
  write(): Promise<string[]>
  watching: Watching
}

/**
 * Makes the test Secret of this run in the worktree, and sees to it that its value can be seen in the cluster. Before that, what a
 * killed run has left is removed from the branch.
 * @throws Verdict or another UserError where it cannot be made, or could not be proved
 */
export async function prepareSecret(
  session: Session,
  { repositoryRoot, target, flux, branch, key }: Opened,
  progress: Progress,
): Promise<Prepared> {
  const { cluster, view, deadline, findings, options } = session
  const { caller, namespace, fileName, recipients } = options
  const { kustomization } = target
  const { root } = branch
  const place = { root, path: findPath(root, idOf(kustomization), kustomization.spec.path), name: testName }
  await removeLeftover(branch, place, { caller, takeOver: options.takeOver, until: deadline })

  const run = makeRunId(deadline + cleanUpLimit)
  const message = `SOPS decryption works: ${randomBytes(16).toString('hex')}`
  const create = () =>
    createTestSecret(
      place,
      { namespace, message, run },
      {
        ...caller,
        cwd: root,
        env: ruleFileInWorktree(caller.env, repositoryRoot, root),
        fileName,
        recipients: 'recipients' in key ? key.recipients : [],
        encryptTo: recipients,
      },
    )
  const { files, built, by } = await create()
  refuseLeftOut(root, files, target.source)
  const unsure = await checkKey(key, encryptedText(root, files), {
    rule: by ? describeRule(by) : 'the creation rule',
    isOverruled: recipients !== undefined,
  })
  if (unsure) findings.push(unsure)
  const expected = Buffer.from(message).toString('base64')
  const inWorktree = { ...caller, cwd: root }
  const secret = { ...(await placeInCluster(target, place, { run, built }, inWorktree)), run, expected }
  progress.secret = secret
  const [earlier] = await Promise.all([
    readEarlierSecret(cluster, secret, kustomization),
    requireNamespace(cluster, target, secret.namespace, { place, caller: inWorktree }),
  ])
  const what = `cannot watch secret ${secret.namespace}/${secret.name}`
  flux.witness.expect(secret)
  const watchedSecrets = view.watch<Secret>(what, secrets, secret, {
    known: earlier ? [earlier] : [],
    seen: flux.witness.seeSecret,
  })

  let written: string[] | undefined = files
  return {
    keyFits: !unsure,
    onBranch: { branch, place, run },
    async write() {
      const first = written
      written = undefined
      if (first) return first
      // on a new tip, another run may have been first
      findLeftover(place)
      return (await create()).files
    },
    watching: {
      cluster,
      view,
      deadline,
      findings,
      branch,
      target,
      ...flux,
      secrets: watchedSecrets,
      secret,
    },
  }
}

/** The text of the one of these files that is encrypted. */
function encryptedText(root: string, files: readonly string[]): string {
  const texts = files.map((file) => readFileSync(join(root, file), 'utf8'))
  return texts.find((text) => text.includes(ciphertextStart)) ?? ''
}
