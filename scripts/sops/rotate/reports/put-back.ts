import { join } from 'node:path'
import type { Hint } from '../../../lib/caller.ts'
import { namesFrom, shellWord } from '../../../lib/paths.ts'
import type { RotationRun } from '../run.ts'

/**
 * What takes a cut-over out of the working tree. Of what else is changed there nothing is named, and what git does not have yet has
 * no other text to go back to: sops encrypts it to the old recipient.
 */
export function putBackHint({ rotation: { old, next }, stand, options }: RotationRun): Hint {
  const { states, survey } = stand
  const { workingTree, head, dirty } = survey.places
  const cut = new Set(
    states.flatMap(({ file, workingTree: status }) =>
      status === 'new-only' || status === 're-wrapped' ? file : [],
    ),
  )
  const names = (text: string | undefined) => text?.includes(old) === true
  const isCut = (file: string) =>
    cut.has(file) || (names(head?.rules.get(file)) && !names(workingTree.rules.get(file)))
  const isInGit = (file: string) => head?.files.has(file) || head?.rules.has(file)
  const nameOf = namesFrom(options.caller.cwd)
  const changed = dirty.filter(isCut)
  const known = changed.filter(isInGit).map((file) => shellWord(`:/${file}`))
  const fresh = changed
    .filter((file) => !isInGit(file))
    .map((file) => shellWord(nameOf(join(survey.repository.root, file))))
  return {
    text: 'put the files back as they were, with all that is not committed in them, and run it again:',
    lines: [
      ...(known.length > 0 ? [`git restore -- ${known.join(' ')}`] : []),
      ...fresh.map((name) => `sops rotate --in-place --add-age ${old} --rm-age ${next} ${name}`),
    ],
  }
}
