import { keyProgram, readsPostQuantum } from '../../../diagnosis/keys/key-controller.ts'
import { finding } from '../../../findings/finding.ts'
import { secretOf } from '../../../findings/key-secret.ts'
import { exit } from '../../../lib/errors.ts'
import { isPostQuantum } from '../../../lib/sops/recipients.ts'
import { heldStatus } from '../clusters/judge.ts'
import { refuseFor } from '../refusal.ts'
import type { RotationRun } from '../run.ts'
import { isFromGit, lackingNew } from './git-keys.ts'

/**
 * Sees to it that no controller gets a new identity that it cannot read, before anything is written. What the task writes into a
 * cluster it can put back at once, so there a version that is not seen is no obstacle; what Flux applies from git it cannot.
 * @throws UserError where a controller is too old (exit 1), or its version is not seen and nobody has looked (exit 2)
 */
export function requireReadableKey(run: RotationRun): void {
  const { stand, rotation, options } = run
  const { survey, gitKeys, standing } = stand
  if (!isPostQuantum(rotation.next)) return
  const lacking = lackingNew(gitKeys, rotation)
  const all = survey.clusters.flatMap(({ context, controller, secrets }) =>
    [...secrets.values()].map((secret) => ({
      context,
      controller,
      secret,
      isApplied: isFromGit(secret, { keys: lacking }),
    })),
  )
  const tooOld = all.filter(
    ({ controller, secret, isApplied }) =>
      readsPostQuantum(controller) === false && (isApplied || heldStatus(secret, rotation) === 'old'),
  )
  refuseFor(
    tooOld.map(({ context, controller, secret }) => {
      const facts = { version: `${controller?.version}`, context }
      return finding('rotate-controller-too-old', { object: secretOf(secret.id) }, facts)
    }),
    run,
  )
  if (options.checked.includes(keyProgram)) return
  const unseen = all.filter(
    ({ controller, isApplied }) => isApplied && readsPostQuantum(controller) === undefined,
  )
  const notAsked = standing.clusters ? [] : lacking
  refuseFor(
    [
      ...unseen.map(({ context, secret }) => {
        const place = { object: secretOf(secret.id) }
        return finding('rotate-controller-unseen', place, { where: ` in context ${context}` })
      }),
      ...notAsked.map(({ secret: { file, line } }) =>
        finding('rotate-controller-unseen', { file, line }, { where: ': no cluster was asked' }),
      ),
    ],
    run,
    exit.notDone,
  )
}
