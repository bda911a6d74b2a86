import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, type FindingPlace, finding } from '../../../../findings/finding.ts'
import { CommandError, MissingProgram } from '../../../../lib/errors.ts'
import { renderIdentities } from '../../../../lib/sops/age.ts'
import { decrypt } from '../../../../lib/sops/decrypt.ts'
import { harmlessFaults } from '../../../../lib/sops/reader/reading.ts'
import { readKeyGroups, recipientsAmong } from '../../../../lib/sops/recipients.ts'
import type { FileCheck } from '../../open-files.ts'
import type { Subject } from '../../subject.ts'
import { notForKey } from './not-opened.ts'

/**
 * With a key, the real sops judges what our reader leaves to it. Of sops only the exit code counts: what it prints is a secret, or
 * may quote one.
 */
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
    await decrypt(path, renderIdentities(identities), repository, format)
    return []
  } catch (error) {
    if (error instanceof MissingProgram) return notChecked('sops is not on PATH')
    if (!(error instanceof CommandError)) throw error
    if (error.code === null) return notChecked('sops did not end in time')
    return refusal(error.code, place, subject)
  }
}

/** By the exit code (sops v3.13.3 cmd/sops/codes/codes.go). */
async function refusal(
  code: number,
  place: FindingPlace & { file: string },
  { read, identities = [] }: Subject,
): Promise<Finding[]> {
  const { file } = place
  const refused = (why: string) => [finding('sops-refuses', place, { file, why })]
  switch (code) {
    case 25:
      return refused('a value does not decrypt or is not encrypted')
    case 51:
    case 52:
      return [finding('mac-mismatch', place, { file })]
    case 128: {
      const recipients = recipientsAmong((await readKeyGroups(`${read(file) ?? ''}`)) ?? [])
      const isOurs = identities.some(({ recipient }) => recipients.includes(recipient))
      return isOurs ? refused('the private key does not open its data key') : [notForKey([place], recipients)]
    }
    default:
      return refused('it cannot read the file')
  }
}
