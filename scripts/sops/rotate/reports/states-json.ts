import type { Departure, Rotation } from '../rotation.ts'
import { listedInRules } from '../rules/listed-in-rules.ts'
import type { Stand } from '../run.ts'
import { rulesOf } from '../stages/plan-edits.ts'

/** Both recipients, for programs. */
export function recipientsAsJson({ old, next }: Rotation) {
  return { old, new: next }
}

/** How files, rules, key Secrets and Kustomizations stand, for programs: public keys, names and paths only. */
export function statesAsJson({ states, judgements, survey }: Stand, rotation: Departure) {
  return {
    files: states
      .filter(({ workingTree, head, branch }) =>
        [workingTree, head, branch].some((one) => one && one !== 'neither'),
      )
      .map(({ file, workingTree, head, branch }) => ({ file, workingTree, head, branch })),
    rules: listedInRules(rulesOf(survey.places), rotation),
    clusters: judgements.map(
      ({ context, secrets, kustomizations, secretsProof, sharedProof, cutOverProof }) => ({
        context,
        secrets,
        kustomizations,
        proofs: [secretsProof, sharedProof, cutOverProof].map(({ proof, holds }) => ({ proof, holds })),
      }),
    ),
  }
}
