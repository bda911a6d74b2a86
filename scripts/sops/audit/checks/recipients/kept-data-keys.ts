import { type Finding, finding } from '../../../../findings/finding.ts'
import type { Repository } from '../../../../lib/git.ts'
import { shortCommit } from '../../../../lib/git.ts'
import { readBlobs } from '../../../../lib/git-objects.ts'
import { run } from '../../../../lib/run.ts'
import { readKeyGroups, recipientsAmong, shortRecipient } from '../../../../lib/sops/recipients.ts'
import type { Check } from '../../check.ts'

/** How many versions are in memory at once. */
const atOnce = 500

/**
 * Finds the files that still have the data key of a version which a recipient of then could open, and can't any more: they share
 * a ciphertext, which no other data key makes. All versions of the SOPS files that are there are read, so it belongs to
 * `--history`.
 */
export const checkKeptDataKeys: Check = async ({ repository, options, read }, sopsFiles) => {
  if (!options.history || options.staged || sopsFiles.length === 0) return []
  const { signal, status } = options.caller
  const versions = await oldVersions(
    repository,
    sopsFiles.map(({ file }) => file),
  )
  const now = new Map(
    sopsFiles.map(({ file, metadata }) => [file, { metadata, text: `${read(file) ?? ''}` }]),
  )
  const said = new Set<string>()
  const found: Finding[] = []
  try {
    for (let from = 0; from < versions.length; from += atOnce) {
      signal.throwIfAborted()
      status(`reading old versions of SOPS files: ${from} of ${versions.length}`)
      const some = versions.slice(from, from + atOnce)
      const texts = await readBlobs(
        repository,
        some.map(({ blob }) => blob),
      )
      for (const { file, blob, commit } of some) {
        const today = now.get(file)
        const old = texts.get(blob) ?? ''
        if (!today?.metadata || !sharesCiphertext(old, today.text)) continue
        const { line, column, groups } = today.metadata
        const able = new Set(groups.flatMap(({ age }) => age.map(({ recipient }) => recipient)))
        for (const recipient of recipientsAmong((await readKeyGroups(old)) ?? [])) {
          if (able.has(recipient) || said.has(`${file}\0${recipient}`)) continue
          said.add(`${file}\0${recipient}`)
          const facts = { recipient: shortRecipient(recipient), commit: shortCommit(commit), file }
          found.push(finding('data-key-kept', { file, line, column }, facts))
        }
      }
    }
  } finally {
    status(undefined)
  }
  return found
}

/** A version of a file before the commit that changed it. */
interface OldVersion {
  file: string
  blob: string
  /** The commit that put another one in its place. */
  commit: string
}

/** The versions that the commits up to HEAD have replaced, the newest first; by one process. */
async function oldVersions(
  { root: cwd, env, signal }: Repository,
  files: readonly string[],
): Promise<OldVersion[]> {
  const log = ['git', 'log', '--stdin', '--format=%x01%H', '--raw', '--no-abbrev', '--no-renames', '-z']
  const input = ['HEAD', '--', ...files].join('\n')
  // without a commit there is no HEAD
  const output = await run(log, {
    cwd,
    env: { ...env, GIT_LITERAL_PATHSPECS: '1' },
    signal,
    input,
    okCodes: [128],
  })
  return output.split('\x01').flatMap((entry) => {
    const commit = entry.slice(0, entry.search(/\0|\n/))
    return [...entry.matchAll(/:\d+ \d+ (\w+) \w+ [MT]\0([^\0]+)/g)].map(([, blob = '', file = '']) => {
      return { file, blob, commit }
    })
  })
}

/** A ciphertext with its IV and tag. */
const ciphertext = /ENC\[AES256_GCM,data:[^\]\s]*\]/g

function sharesCiphertext(old: string, now: string): boolean {
  return old.match(ciphertext)?.some((text) => now.includes(text)) ?? false
}
