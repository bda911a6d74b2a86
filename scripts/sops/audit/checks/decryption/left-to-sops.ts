import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, type FindingPlace, finding } from '../../../../findings/finding.ts'
import { MissingProgram } from '../../../../lib/errors.ts'
import { judgeBySops, type SopsJudgement } from '../../../../lib/sops/files/judge-by-sops.ts'
import { harmlessFaults } from '../../../../lib/sops/reader/reading.ts'
import { readKeyGroups, recipientsAmong } from '../../../../lib/sops/recipients.ts'
import type { FileCheck } from '../../open-files.ts'
import type { Subject } from '../../subject.ts'
import { notForKey } from './not-opened.ts'

/** With a key, the real sops judges what our reader leaves to it. */
export const checkLeftToSops: FileCheck = async (file, reading, subject) => {
  const { verdict, unsure, format, faults } = reading
  const { repository, identities, options } = subject
  // keys that are not of age are not at hand here
  if (verdict !== 'needs-sops' || !identities || unsure?.reason === 'other-keys') return []
  // why sops will refuse it is known then
  if (faults.some(({ code }) => !harmlessFaults.has(code))) return []
  const place = { file, line: unsure?.line, column: unsure?.column }
  const notChecked = (why: string) => [finding('needs-sops', place, { file, why })]
  const path = join(repository.root, file)
  const bytes = subject.read(file)
  if (options.staged && !(existsSync(path) && bytes?.equals(readFileSync(path))))
    return notChecked('what is staged is not what is in the working tree')
  try {
    const judgement = await judgeBySops(path, identities, repository, format)
    return judgement === 'late' ? notChecked('sops did not end in time') : refusal(judgement, place, subject)
  } catch (error) {
    if (error instanceof MissingProgram) return notChecked('sops is not on PATH')
    throw error
  }
}

async function refusal(
  judgement: Exclude<SopsJudgement, 'late'>,
  place: FindingPlace & { file: string },
  { read, identities = [] }: Subject,
): Promise<Finding[]> {
  const { file } = place
  const refused = (why: string) => [finding('sops-refuses', place, { file, why })]
  switch (judgement) {
    case 'decrypts':
      return []
    case 'value':
      return refused('a value does not decrypt or is not encrypted')
    case 'mac':
      return [finding('mac-mismatch', place, { file })]
    case 'no-data-key': {
      const recipients = recipientsAmong((await readKeyGroups(`${read(file) ?? ''}`)) ?? [])
      const isOurs = identities.some(({ recipient }) => recipients.includes(recipient))
      return isOurs ? refused('the private key does not open its data key') : [notForKey([place], recipients)]
    }
    case 'unreadable':
      return refused('it cannot read the file')
  }
}
