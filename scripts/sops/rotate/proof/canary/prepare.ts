import { randomBytes } from 'node:crypto'
import { finding } from '../../../../findings/finding.ts'
import {
  branchOf,
  type GitRepository,
  gitRepositories,
  idOf,
  type Kustomization,
  kustomizations,
} from '../../../../lib/cluster/flux-objects.ts'
import { secrets } from '../../../../lib/cluster/kube-api.ts'
import type { Secret } from '../../../../lib/cluster/kube-objects.ts'
import { encryptTo } from '../../../../lib/sops/sops.ts'
import { makeSecret } from '../../../test-secret/secret-manifest.ts'
import { checkKey, readClusterKey } from '../../../verify/checks/cluster-key.ts'
import { requireSameRepository } from '../../../verify/checks/repository.ts'
import { failed, notChecked } from '../../../verify/findings/verdict.ts'
import { makeRunId } from '../../../verify/run-id.ts'
import type { Watching } from '../../../verify/wait/watching.ts'
import { makeWitness } from '../../../verify/wait/witness.ts'
import { makeOrphan, readFollowed } from './branch.ts'
import { type CanaryPlace, type CanaryRemote, type CanarySession, canaryPlace } from './canary.ts'
import { canaryKustomization, canaryNamespace, canarySource } from './objects.ts'
import { lackingRights } from './rights.ts'
import { sweepCanaries } from './sweep.ts'

/** How long a run may take to clean up behind its deadline, in ms. */
const cleanUpLimit = 300_000

/** How long the API server may take until it lets the objects be watched, in ms. */
const watchLimit = 10_000

/** A canary that is ready to be pushed and to be waited for. */
export interface Canary {
  place: CanaryPlace
  to: CanaryRemote
  commit: string
  source: GitRepository
  kustomization: Kustomization
  watching: Watching
}

/**
 * Checks what can be known, removes what killed canaries have left, and makes the commit of this one. Nothing is pushed, and
 * nothing is in the cluster.
 * @throws Verdict or another UserError where the proof could not work
 */
export async function prepareCanary(session: CanarySession): Promise<Canary> {
  const { cluster, deadline, findings, options } = session
  const { recipients, repository, remote: given } = options
  const object = `kustomization ${idOf(options.kustomization)}`
  if (options.kustomization.spec.decryption?.provider !== 'sops')
    throw failed(finding('no-decryption', { object }, { where: ' in the cluster', root: '' }))
  const lacking = await lackingRights(cluster, options)
  if (lacking) throw notChecked(lacking)
  const [key, followed] = await Promise.all([
    readClusterKey(cluster, options),
    readFollowed(repository, given, branchOf(options.source)),
  ])
  await requireSameRepository(followed, options, given)
  const to = { given, remote: followed.remote, repository }
  await sweepCanaries(session, to)

  const run = makeRunId(deadline + cleanUpLimit)
  const place = canaryPlace(run, options, canaryNamespace(options))
  const message = `SOPS decryption works: ${randomBytes(16).toString('hex')}`
  const { namespace, name } = place.secret
  const secret = await encryptTo(makeSecret(name, { namespace, message, run }), recipients, repository)
  const unsure = await checkKey(key, secret, { rule: '--recipient', isOverruled: true })
  if (unsure) findings.push(unsure)
  if (options.kustomization.spec.kubeConfig) findings.push(finding('canary-here', { object }, {}))
  const files = { 'kustomization.yaml': 'resources:\n  - secret.yaml\n', 'secret.yaml': secret }
  const commit = await makeOrphan(files, 'chore(sops): canary of a key rotation', repository)
  const source = canarySource(place, options.source)
  const kustomization = canaryKustomization(place, options.kustomization)
  const expected = Buffer.from(message).toString('base64')
  const watching = watchCanary(session, { place, source, kustomization, expected })
  const areOpen = () =>
    [watching.kustomizations, watching.sources, watching.secrets].every(({ isOpen }) => isOpen)
  if (!(await session.view.until(() => areOpen() || undefined, Date.now() + watchLimit)))
    throw notChecked(finding('not-watched', { object: `context ${await cluster.context}` }, {}))
  return { place, to, commit, source, kustomization, watching }
}

/** Watches the objects of a canary alone, before any of them is there. */
function watchCanary(
  { cluster, view, deadline, findings }: CanarySession,
  made: { place: CanaryPlace; source: GitRepository; kustomization: Kustomization; expected: string },
): Watching {
  const { place, source, kustomization, expected } = made
  const secret = { ...place.secret, run: place.run, expected }
  const witness = makeWitness(idOf(kustomization), [])
  witness.expect(secret)
  return {
    cluster,
    view,
    deadline,
    findings,
    witness,
    secret,
    branch: {
      name: place.branch,
      // it has one commit
      contains: async (revision, commit) => revision?.endsWith(`:${commit}`) ?? false,
    },
    target: {
      kustomization,
      chain: [kustomization],
      source,
      neighbours: [],
      seesAll: true,
      branch: place.branch,
    },
    kustomizations: view.watch<Kustomization>(
      'cannot watch Kustomizations',
      kustomizations,
      place.kustomization,
      {
        seen: witness.seeKustomization,
      },
    ),
    sources: view.watch<GitRepository>('cannot watch GitRepositories', gitRepositories, place.source),
    secrets: view.watch<Secret>('cannot watch Secrets', secrets, place.secret, { seen: witness.seeSecret }),
  }
}
