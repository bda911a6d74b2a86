import { type Finding, finding } from '../../../../findings/finding.ts'
import { shortCommit } from '../../../../lib/git/git.ts'
import { hasCommit, listVersions, readManyBlobs } from '../../../../lib/git/git-objects.ts'
import { dataKeyMarks } from '../../../../lib/sops/format.ts'
import {
  readKeyGroups,
  recipientsAmong,
  recipientsOfStanzas,
  shortRecipient,
} from '../../../../lib/sops/recipients.ts'
import type { Check } from '../../check.ts'

/**
 * Finds the files that still have the data key of a version which a recipient of then could open, and can't any more: they share
 * what no other data key makes. All versions of the SOPS files that are there are read, so it belongs to
 * `--history`; other branches say nothing of what was taken out.
 */
export const checkKeptDataKeys: Check = async ({ repository, options, read }, sopsFiles) => {
  if (!options.history || sopsFiles.length === 0 || !(await hasCommit(repository, 'HEAD'))) return []
  const { status } = options.caller
  const now = new Map(
    sopsFiles.map(({ file, metadata }) => [file, { metadata, marks: dataKeyMarks(`${read(file) ?? ''}`) }]),
  )
  const said = new Set<string>()
  const found: Finding[] = []
  try {
    status('listing the versions of SOPS files')
    const versions = (await listVersions(repository, ['HEAD'])).filter(({ file }) => now.has(file))
    const byBlob = Map.groupBy(versions, ({ blob }) => blob)
    await readManyBlobs(repository, [...byBlob.keys()], async (old, blob, done) => {
      if (done % 500 === 0) status(`looked at ${done} of ${byBlob.size} old versions of SOPS files`)
      for (const { file, commit } of byBlob.get(blob) ?? []) {
        const { metadata, marks } = now.get(file) ?? {}
        if (!metadata || !marks || dataKeyMarks(old).isDisjointFrom(marks)) continue
        const { line, column, groups } = metadata
        const able = new Set(recipientsOfStanzas(groups))
        for (const recipient of recipientsAmong((await readKeyGroups(old)) ?? [])) {
          if (able.has(recipient) || said.has(`${file}\0${recipient}`)) continue
          said.add(`${file}\0${recipient}`)
          const facts = { recipient: shortRecipient(recipient), commit: shortCommit(commit), file }
          found.push(finding('data-key-kept', { file, line, column }, facts))
        }
      }
    })
  } finally {
    status(undefined)
  }
  return found
}
