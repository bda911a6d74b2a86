import type { Hint } from '../../../lib/caller.ts'
import { shellWord } from '../../../lib/paths.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import type { RotateOptions } from '../options.ts'
import type { RotationRun } from '../run.ts'
import type { RunEnd } from '../stages/advance.ts'

/** What people have to do next, with the commands. */
export function nextHints(run: RotationRun, { step, of }: RunEnd): Hint[] {
  const { options, stand } = run
  const again = againCommand(options)
  if (options.dryRun)
    return [
      { text: 'nothing was written, and a new public key in it is made up for this; do it:', lines: [again] },
    ]
  if (step === 'commit')
    return [
      { text: 'commit what was written, push it or open a pull request, and run it again:', lines: [again] },
    ]
  if (step === 'push') {
    const pull = stand.behind.isBehind ? ['git pull --rebase'] : []
    const text = 'push it, or have the pull request merged, then run it again:'
    return [{ text, lines: [...pull, 'git push', again] }]
  }
  if (step === 'rest')
    return [{ text: 'the files below these paths are done; the others are next:', lines: [again] }]
  return [{ text: `it has gone as far as ${options.to}; ${of} is next:`, lines: [again] }]
}

/** The command of the next run: the same, but for what was for this one alone. */
export function againCommand({
  contexts,
  noCluster,
  commit,
  proof,
  rewrap,
  checked,
  compromised,
  old,
  next,
  abort,
  caller,
}: RotateOptions): string {
  const flags = [
    ...(old === undefined ? [] : ['--old', old]),
    ...(next === undefined ? [] : ['--next', next]),
    ...(caller.env.FLUX_SOPS_CONTEXT === contexts[0]
      ? []
      : contexts.flatMap((context) => ['--context', context])),
    ...(noCluster ? ['--no-cluster'] : []),
    ...(proof === 'verify' ? [] : ['--proof', proof]),
    ...checked.flatMap((name) => ['--checked', name]),
    ...(rewrap ? ['--rewrap'] : []),
    ...(compromised ? ['--compromised'] : []),
    ...(abort ? ['--abort'] : []),
    ...(commit ? ['--commit'] : []),
  ]
  return [
    'mise run sops:rotate',
    ...flags.map((flag) => (flag.startsWith('--') ? flag : shellWord(flag))),
  ].join(' ')
}

/** What is left to people when a rotation has ended: it takes nothing back. */
export function endHints({ rotation, options }: RotationRun): Hint[] {
  const old = shortRecipient(rotation.old)
  const past = `what was encrypted before stays readable with the old identity, in every copy of git: make each value anew that ${old} must not know`
  return [
    {
      text: options.compromised ? past : `${past}; \`mise run sops:rotate --compromised\` lists them`,
      lines: [],
    },
  ]
}
