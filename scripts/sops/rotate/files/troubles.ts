import { type Finding, finding } from '../../../findings/finding.ts'
import { listRecipients } from '../../../lib/sops/recipients.ts'
import type { FileTrouble, Trouble } from '../rotation.ts'
import { NotEditable } from './sops-text.ts'

/** Stands in the way of one file, and of no other one. */
export class InTheWay extends Error {
  readonly status: Trouble
  readonly finding: Finding

  constructor(status: Trouble, found: Finding) {
    super(status)
    this.name = 'InTheWay'
    this.status = status
    this.finding = found
  }
}

/** Makes a trouble of what was thrown for a file. @throws it again where it is no trouble of a file */
export function troubleOf(file: string, error: unknown): FileTrouble {
  if (error instanceof InTheWay) return { file, status: error.status, finding: error.finding }
  if (error instanceof NotEditable) {
    const found = finding('rotate-not-editable', { file }, { file, why: error.message })
    return { file, status: 'not-editable', finding: found }
  }
  throw error
}

/** No identity at hand opens one of the key groups that have to be opened. @param recipients of these */
export function notOpened(file: string, recipients: readonly string[]): InTheWay {
  const facts = { recipients: listRecipients([...new Set(recipients)]) }
  return new InTheWay('unopenable', finding('rotate-not-opened', { file }, facts))
}
