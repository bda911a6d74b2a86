import { basename } from 'node:path'
import { type Finding, finding } from '../../../findings/finding.ts'
import type { Repository } from '../../../lib/git/git.ts'
import { run } from '../../../lib/run.ts'
import { configName } from '../../../lib/sops/creation-rules.ts'
import { shortRecipient } from '../../../lib/sops/recipients.ts'
import type { Places } from './places.ts'

/** What names an age identity, wherever programs get one: variables of sops, and names for its key. */
const identityNames = ['SOPS_AGE_KEY', 'SOPS_AGE_SSH_PRIVATE_KEY', 'agekey']

/** The files by which programs that are not Flux get what they need, and developers their environment. */
const programFiles = [
  '.github/**',
  '.gitea/**',
  '.forgejo/**',
  '.woodpecker/**',
  '.woodpecker.y*ml',
  '.gitlab-ci.y*ml',
  '.gitlab/**',
  '.circleci/**',
  '.drone.y*ml',
  '**/azure-pipelines*.y*ml',
  '**/Jenkinsfile*',
  '**/atlantis.y*ml',
  '**/talconfig.y*ml',
  '**/talenv*.y*ml',
  '**/.mise.toml',
  '**/mise.toml',
  '**/.envrc',
  '**/[Tt]askfile*.y*ml',
  '**/[Mm]akefile',
  '**/[Jj]ustfile',
  '**/docker-compose*.y*ml',
  '**/compose*.y*ml',
]

/** A place in the repository that a rotation does not change, and somebody has to look at. */
export interface Elsewhere {
  /** Relative to the root. */
  file: string
  /** From 1. */
  line: number
  /** Whether it names the old recipient, or hands an identity to a program. */
  what: 'recipient' | 'identity'
}

/**
 * Finds what else in the tracked files names the old recipient, or gives an identity to a program. What a rotation edits is not among
 * it: SOPS files and rules. No text of a line is kept.
 */
export async function findKeyElsewhere(
  repository: Repository,
  places: Pick<Places, 'workingTree'>,
  old: string,
): Promise<Elsewhere[]> {
  const [recipients, identities] = await Promise.all([
    linesWith(repository, [old], []),
    linesWith(
      repository,
      identityNames,
      programFiles.map((glob) => `:(top,glob,icase)${glob}`),
    ),
  ])
  const { files, rules } = places.workingTree
  const isEdited = (file: string) => files.has(file) || rules.has(file) || basename(file) === configName
  return [
    ...recipients.filter(({ file }) => !isEdited(file)).map((at) => ({ ...at, what: 'recipient' as const })),
    ...identities.map((at) => ({ ...at, what: 'identity' as const })),
  ]
}

async function linesWith(
  { root: cwd, env, signal }: Repository,
  texts: readonly string[],
  pathspecs: readonly string[],
): Promise<{ file: string; line: number }[]> {
  const grep = ['git', 'grep', '--no-color', '--line-number', '--fixed-strings', '-I', '-z']
  const patterns = texts.flatMap((text) => ['-e', text])
  const found = await run([...grep, ...patterns, '--', ...pathspecs], { cwd, env, signal, okCodes: [1] })
  // a line may end with a carriage return, which is a line end to `^` and `$`
  return [...found.matchAll(/([^\0]+)\0(\d+)\0[^\n]*\n/g)].map(([, file = '', line]) => ({
    file,
    line: Number(line),
  }))
}

/** What people read of these places. */
export function elsewhereFindings(found: readonly Elsewhere[], old: string): Finding[] {
  return found.map(({ file, line, what }) =>
    what === 'recipient'
      ? finding('recipient-elsewhere', { file, line }, { recipient: shortRecipient(old) })
      : finding('identity-elsewhere', { file, line }, {}),
  )
}
