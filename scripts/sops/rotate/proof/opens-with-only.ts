import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Finding, finding } from '../../../findings/finding.ts'
import { faultsOf, plainFault } from '../../../findings/sops-file/faults.ts'
import { MissingProgram } from '../../../lib/errors.ts'
import type { Repository } from '../../../lib/git/git.ts'
import type { Identity } from '../../../lib/sops/age.ts'
import { judgeBySops, type SopsJudgement } from '../../../lib/sops/files/judge-by-sops.ts'
import { openSopsFile } from '../../../lib/sops/files/open-sops-file.ts'
import { type FaultCode, harmlessFaults, type Reading } from '../../../lib/sops/reader/reading.ts'
import { listRecipients, recipientsOfStanzas } from '../../../lib/sops/recipients.ts'
import { abandonedDirectories, temporaryDirectory } from '../../../lib/temporary-directory.ts'
import type { FileText, FileTrouble } from '../rotation.ts'

/** What the directories of files that sops has to judge are called. They hold ciphertext only. */
const directoryName = 'flux-sops-proof'

/**
 * Which files these identities open with nothing else to help them: no key of the user, of their environment or of a cloud. All
 * values have to decrypt, and the MAC has to be right. Most are judged in this process, the others by the real sops, alone with
 * these identities. No plaintext leaves memory.
 * @param identities secret
 * @returns `opened`: the names of those that open; `troubles`: why the others do not, `unopenable` or `mac-broken`
 */
export async function opensWithOnly(
  files: readonly FileText[],
  identities: readonly Identity[],
  repository: Repository,
): Promise<{ opened: string[]; troubles: FileTrouble[] }> {
  const opened: string[] = []
  const troubles: FileTrouble[] = []
  for (const one of files) {
    // only between files a signal is heard
    await setImmediate()
    repository.signal?.throwIfAborted()
    const trouble = await troubleWith(one, identities, repository)
    if (trouble) troubles.push(trouble)
    else opened.push(one.file)
  }
  return { opened, troubles }
}

async function troubleWith(
  { file, text }: FileText,
  identities: readonly Identity[],
  repository: Repository,
): Promise<FileTrouble | undefined> {
  const reading = await openSopsFile(file, Buffer.from(text), { identities, repository })
  const unopenable = (found: Finding): FileTrouble => ({ file, status: 'unopenable', finding: found })
  if (!reading) return unopenable(finding('metadata-unreadable', { file }, { file, field: 'sops' }))
  const { verdict, faults, unsure } = reading
  if (verdict === 'decrypts') return undefined
  // keys of another kind do not count, whether they are at hand or not
  if (unsure?.reason === 'other-keys' || faults.some(({ code }) => code === 'not-a-recipient'))
    return unopenable(notOpened(file, reading, identities))
  const grave = faults.find(({ code }) => !harmlessFaults.has(code))
  if (grave) {
    const status = keyFaults.has(grave.code) ? 'unopenable' : 'mac-broken'
    return { file, status, finding: gravestFinding(file, reading) }
  }
  return judgedBySops({ file, text }, reading, identities, repository)
}

/** Faults by which a file is closed, or cannot be read; by all others it was changed after it was encrypted. */
const keyFaults: ReadonlySet<FaultCode> = new Set([
  'metadata-unreadable',
  'merge-conflict',
  'not-a-recipient',
  'group-not-satisfied',
  'stanza-damaged',
  'different-data-keys',
])

function gravestFinding(file: string, reading: Reading): Finding {
  const grave = reading.faults.filter(({ code }) => !harmlessFaults.has(code))
  const groups = grave.find(({ code }) => code === 'group-not-satisfied')
  if (groups) {
    const facts = { needed: `${groups.needed}`, opened: `${groups.opened}` }
    return finding('proof-groups-closed', placeOf(file, reading), facts)
  }
  const [found] = [
    ...faultsOf(file, { ...reading, faults: grave, commentInList: false }),
    ...grave.flatMap((fault) => plainFault(file, fault)),
  ]
  return found ?? finding('sops-refuses', { file }, { file, why: 'it cannot read the file' })
}

function notOpened(file: string, reading: Reading, identities: readonly Identity[]): Finding {
  const groups = reading.metadata?.groups ?? []
  const recipients = [...recipientsOfStanzas(groups), ...groups.flatMap(({ others }) => others)]
  return finding('proof-not-opened', placeOf(file, reading), {
    identities: listRecipients(identities.map(({ recipient }) => recipient)),
    recipients: listRecipients(recipients) || 'nobody',
  })
}

function placeOf(file: string, { metadata }: Reading) {
  return { file, line: metadata?.line, column: metadata?.column }
}

/** What our reader is not sure of. */
async function judgedBySops(
  { file, text }: FileText,
  reading: Reading,
  identities: readonly Identity[],
  { env, signal }: Repository,
): Promise<FileTrouble | undefined> {
  const { unsure, format } = reading
  const place = { file, line: unsure?.line, column: unsure?.column }
  const unchecked = (why: string): FileTrouble => ({
    file,
    status: 'unopenable',
    finding: finding('needs-sops', place, { file, why }),
  })
  let judgement: SopsJudgement
  try {
    judgement = await inDirectory((directory) => {
      const path = join(directory, 'file')
      writeFileSync(path, text)
      return judgeBySops(path, identities, { env, signal, cwd: directory }, format)
    })
  } catch (error) {
    if (error instanceof MissingProgram) return unchecked('sops is not on PATH')
    throw error
  }
  const refused = (why: string) => finding('sops-refuses', place, { file, why })
  switch (judgement) {
    case 'decrypts':
      return undefined
    case 'late':
      return unchecked('sops did not end in time')
    case 'mac':
      return { file, status: 'mac-broken', finding: finding('mac-mismatch', place, { file }) }
    case 'value':
      return {
        file,
        status: 'mac-broken',
        finding: refused('a value does not decrypt or is not encrypted'),
      }
    case 'no-data-key':
      return { file, status: 'unopenable', finding: notOpened(file, reading, identities) }
    case 'unreadable':
      return { file, status: 'unopenable', finding: refused('it cannot read the file') }
  }
}

/** Gives `use` a private directory, which is removed afterwards, as are those of processes that were killed. */
async function inDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  for (const left of abandonedDirectories(directoryName, resolve(tmpdir())))
    rmSync(left, { recursive: true, force: true })
  const directory = temporaryDirectory(directoryName)
  try {
    return await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
