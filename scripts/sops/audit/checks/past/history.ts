import { type Finding, finding } from '../../../../findings/finding.ts'
import { someOf } from '../../../../findings/some-of.ts'
import { isShallow, listVersions, readManyBlobs } from '../../../../lib/git/git-objects.ts'
import { openSopsFile } from '../../../../lib/sops/files/open-sops-file.ts'
import { ciphertextStart } from '../../../../lib/sops/format.ts'
import { privateKeyMarks } from '../../../../lib/sops/private-keys.ts'
import type { FileMetadata } from '../../../../lib/sops/reader/reading.ts'
import { shortRecipient } from '../../../../lib/sops/recipients.ts'
import { selectorOf } from '../../../../lib/sops/rule-keys.ts'
import type { Check } from '../../check.ts'
import type { SopsFile, Subject } from '../../subject.ts'
import { keysHeldBy, recipientsInUse } from '../keys/held-keys.ts'
import { digestsOf, plainDigests } from './plain-digests.ts'
import { commitsAsText, type Past, remember } from './versions.ts'

/** What older commits hold in the clear: private keys, and values of files that are encrypted today or should have been. */
export const checkHistory: Check = async (subject, sopsFiles) => {
  const { repository, options } = subject
  const { status } = options.caller
  if (!options.history) return []
  try {
    status('listing all commits')
    const byBlob = Map.groupBy(await listVersions(repository), ({ blob }) => blob)
    const selectorToday = makeSelectors(subject, sopsFiles)
    const encrypted = new Set(sopsFiles.map(({ file }) => file))
    const plain = new Map<string, Past>()
    const keys = new Map<string, Past>()
    await readManyBlobs(repository, [...byBlob.keys()], async (text, blob, done) => {
      if (done % 500 === 0) status(`looked at ${done} of ${byBlob.size} old versions`)
      const versions = byBlob.get(blob) ?? []
      if (privateKeyMarks.some((mark) => text.includes(mark)))
        for (const { recipient } of await keysHeldBy(text))
          for (const version of versions)
            remember(keys, `${version.file}\0${recipient}`, version, [[recipient, '']])
      for (const version of versions) {
        const { file } = version
        const selector = selectorToday(file)
        if (!selector) continue
        // of one that was deleted, either tells that it was not plain on purpose
        if (text.includes(ciphertextStart) || isSecret.test(text)) encrypted.add(file)
        const found = plainDigests(text, file, selector)
        if (found.length > 0) remember(plain, file, version, found)
      }
    })
    const inUse = recipientsInUse(subject, sopsFiles)
    const findings = [...keys.values()].map((past) => keyFinding(past, inUse))
    if (await isShallow(repository))
      findings.push(finding('history-shallow', { object: 'the repository' }, {}))
    for (const past of plain.values())
      if (encrypted.has(past.file)) findings.push(...(await plainFindings(past, subject)))
    return findings
  } finally {
    status(undefined)
  }
}

const isSecret = /^\s*["']?kind["']?:\s*["']?Secret\b/m

/**
 * What is to be encrypted of the older versions of a file: by its own settings where it is encrypted today; where it was deleted,
 * by those of a creation rule for such names.
 * @returns `undefined` of all others: what is plain today is no matter of the past
 */
function makeSelectors(
  { names, rules }: Subject,
  sopsFiles: readonly SopsFile[],
): (file: string) => FileMetadata['selector'] | undefined {
  const ofToday = new Map(sopsFiles.map(({ file, metadata }) => [file, metadata?.selector]))
  const present = new Set(names)
  return (file) => {
    const own = ofToday.get(file)
    if (own) return own
    if (present.has(file) && !ofToday.has(file)) return undefined
    const rule = rules.choicesFor(file)[0]?.rule
    return rule?.pathRegex === undefined ? undefined : selectorOf(rule.value)
  }
}

function keyFinding(past: Past, inUse: ReadonlySet<string>): Finding {
  const [recipient = ''] = past.found.keys()
  const code = inUse.has(recipient) ? 'key-in-history' : 'old-key-in-history'
  const facts = { recipient: shortRecipient(recipient), commits: commitsAsText(past) }
  return finding(code, { file: past.file }, facts)
}

/** With a key, the values that are the same today are told apart. */
async function plainFindings(past: Past, subject: Subject): Promise<Finding[]> {
  const { file, found } = past
  const bytes = subject.identities && subject.read(file)
  const reading = bytes && (await openSopsFile(file, bytes, subject))
  const today = new Map(reading ? digestsOf(reading) : [])
  const [same, others] = [true, false].map((isSame) =>
    [...found].flatMap(([path, digests]) => (digests.has(today.get(path) ?? '') === isSame ? [path] : [])),
  )
  return (
    [
      ['still-in-history', same],
      ['plain-in-history', others],
    ] as const
  ).flatMap(([code, paths = []]) => {
    if (paths.length === 0) return []
    return [finding(code, { file }, { file, commits: commitsAsText(past), paths: someOf(paths, 5) })]
  })
}
