import type { Hint } from '../../../lib/caller.ts'
import { namesFrom, shellWord } from '../../../lib/paths.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import { identityIn } from '../key/ring.ts'
import type { RotateOptions } from '../options.ts'
import type { RotationRun } from '../run.ts'
import type { RunEnd } from '../stages/advance.ts'
import type { RotationStep } from '../standing.ts'
import type { HeadPlace } from '../state/followed-branch.ts'

/** How far a rotation has come, and what it waits for, in a few words. */
export function howItStands({ step, of }: RunEnd): string {
  switch (step) {
    case 'pull':
      return 'others have pushed what is not here'
    case 'commit':
      return `${of} is written, and not committed yet`
    case 'push':
      return `${of} is committed, and not pushed or merged yet`
    case 'wait':
      return `${of} is written, and Flux or a tool that copies key Secrets has not followed yet`
    case 'rest':
      return 'what is below these paths is done, and other files are next'
    default:
      return `${of} is next`
  }
}

const firstPush = 'git push --set-upstream origin HEAD'

/** How the commits get to the remote. */
const pushCommands: Record<HeadPlace, readonly string[]> = {
  followed: ['git push'],
  local: [firstPush],
  detached: ['git switch --create rotate-age-key', firstPush],
}

/** What people have to do next, with the commands. */
export function stepHints({ options, stand }: RotationRun, { step }: RunEnd): Hint[] {
  const again = againCommand(options, step)
  const { tip, headIs } = stand.survey.places
  const pull = tip ? `git pull --rebase ${shellWord(tip.remote)} ${shellWord(tip.name)}` : 'git pull --rebase'
  if (options.dryRun)
    return [
      { text: 'nothing was written, and a new public key in it is made up for this; do it:', lines: [again] },
    ]
  if (step === 'pull') return [{ text: 'take it in, and go on:', lines: [pull, again] }]
  if (step === 'commit')
    return [{ text: 'commit what was written, push it or have it merged, and run it again:', lines: [again] }]
  if (step === 'push') {
    const text = 'push it, or have the pull request merged, and run it again:'
    return [{ text, lines: [...(stand.behind.isBehind ? [pull] : []), ...pushCommands[headIs], again] }]
  }
  return [{ text: 'go on with:', lines: [again] }]
}

/** The command of the next run: the same, but for what was for this one alone. */
export function againCommand(options: RotateOptions, step?: RotationStep): string {
  const { old, next, newKey, keyFile, contexts, noCluster, proof, kustomization, remote } = options
  const { checked, rewrap, compromised, remove, abort, paths, caller } = options
  const { FLUX_SOPS_CONTEXT, FLUX_SOPS_KUSTOMIZATION, FLUX_SOPS_REMOTE } = caller.env
  // what only looked is followed by what does it
  const commit = options.commit || options.status || options.dryRun
  const nameOf = namesFrom(caller.cwd)
  const file = (path: string | undefined) => (path === undefined || path === '-' ? path : nameOf(path))
  const flag = (name: string, value: string | undefined, usual?: string) =>
    value === undefined || value === usual ? [] : [`--${name} ${value === '-' ? value : shellWord(value)}`]
  return [
    'mise run sops:rotate',
    ...flag('old', old),
    ...flag('next', next),
    // what was handed to a command comes back by stdin
    ...flag('new-key', options.store !== undefined && !options.dryRun ? '-' : file(newKey)),
    ...(options.dryRun ? flag('store', options.store) : []),
    ...(options.dryRun && options.pq ? ['--pq'] : []),
    ...flag('key-file', file(keyFile)),
    ...contexts.flatMap((context) => flag('context', context, FLUX_SOPS_CONTEXT)),
    ...(noCluster ? ['--no-cluster'] : []),
    ...flag('proof', proof, 'verify'),
    ...flag('kustomization', kustomization, FLUX_SOPS_KUSTOMIZATION),
    ...flag('remote', remote, FLUX_SOPS_REMOTE ?? 'origin'),
    ...checked.flatMap((name) => flag('checked', name)),
    ...(rewrap ? ['--rewrap'] : []),
    ...(compromised ? ['--compromised'] : []),
    ...(remove ? ['--remove'] : []),
    ...(abort ? ['--abort'] : []),
    ...(commit ? ['--commit'] : []),
    ...(step === 'rest' ? [] : paths.map(shellWord)),
  ].join(' ')
}

/** What is left to people when a rotation has ended: it takes nothing back. */
export function endHints({ rotation, options, stand }: RotationRun): Hint[] {
  const old = shortRecipient(rotation.old)
  const past = `the identity of ${old} still opens the old versions in git, in every clone: change the values that its holders must not know`
  const listed = `${past}; \`mise run sops:rotate --compromised\` lists what it could open`
  const places = identityIn(stand.survey.ring, rotation.old)?.places ?? []
  const kept = places.map(({ source }) => source).join(' and ')
  const stays = `${kept} still has the old identity: keep a copy elsewhere for the old versions in git, and remove it from there; \`mise run flux:sops-key\` would put it back into the cluster`
  return [options.compromised ? past : listed, ...(places.length > 0 ? [stays] : [])].map((text) => ({
    text,
    lines: [],
  }))
}
