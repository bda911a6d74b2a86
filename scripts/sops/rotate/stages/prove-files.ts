import type { Identity } from '../../../lib/sops/age.ts'
import { canDecrypt } from '../../../lib/sops/recipients.ts'
import { opensWithOnly } from '../proof/opens-with-only.ts'
import { refuseFor } from '../refusal.ts'
import type { FileText, FileTrouble } from '../rotation.ts'
import { identitiesLeft, type RotationRun, requireNext } from '../run.ts'
import { countedFiles } from './write-edits.ts'

/**
 * Proves that each file which lists both recipients opens without the old identity: by the new one alone. What needs several key groups
 * opens by what each key Secret has that it is decrypted with; where no cluster decrypts it, by the identities at hand.
 * @returns what was proved, in words
 * @throws UserError (exit 1) where one does not open
 */
export async function proveFiles(run: RotationRun): Promise<string> {
  const { survey, states } = run.stand
  const { places, repository } = survey
  const place = places.branch ?? places.head ?? places.workingTree
  const texts = states.flatMap(({ file, branch, head }) =>
    [branch, head].some((status) => status === 'both') ? (place.files.get(file) ?? []) : [],
  )
  const { identity } = requireNext(run)
  const alone = new Set([identity.recipient])
  const several = texts.filter(
    ({ documents }) => documents.some(({ threshold }) => threshold > 1) && !canDecrypt(documents, alone),
  )
  const single = texts.filter((one) => !several.includes(one))
  const { status } = run.options.caller
  const proved: { troubles: FileTrouble[] }[] = []
  status(`opening ${countedFiles(texts.length)} with the new identity alone`)
  try {
    proved.push(await opensWithOnly(single, [identity], repository))
    for (const one of several)
      for (const identities of identitiesFor(one, run))
        proved.push(await opensWithOnly([one], identities, repository))
  } finally {
    status(undefined)
  }
  refuseFor(
    proved.flatMap(({ troubles }) => troubles.map((trouble) => trouble.finding)),
    run,
  )
  const more = several.length > 0 ? `, and together with others ${several.length} of several key groups` : ''
  return `the new identity alone opens ${countedFiles(single.length)}${more}`
}

/** Those of each key Secret with the new identity that a file is decrypted with, without the old one. Secret. */
function identitiesFor({ file }: FileText, run: RotationRun): readonly Identity[][] {
  const { rotation, stand } = run
  const held = stand.survey.clusters.flatMap(({ users, secrets }) =>
    users
      .filter(({ files }) => files.some((one) => one.file === file))
      .flatMap(({ secret }) => secrets.get(secret ?? '')?.held ?? [])
      .filter(({ recipients }) => recipients.has(rotation.next)),
  )
  if (held.length === 0) return [identitiesLeft(run)]
  return [...new Set(held)].map(({ identities }) =>
    identities.filter(({ recipient }) => recipient !== rotation.old),
  )
}
