import { ciphertextMarks } from '../../lib/sops/format.ts'
import { privateKeyMarks } from '../../lib/sops/private-keys.ts'

/** What a file can hold that a check wants to look at. */
export const marks = {
  /** Values that sops has encrypted, or its metadata. */
  sops: [...ciphertextMarks, 'sops_lastmodified', 'lastmodified'],
  /** A Secret of Kubernetes. */
  secret: ['Secret'],
  /** A private key of age, plain or in base64. */
  'private-key': privateKeyMarks,
} as const satisfies Record<string, readonly string[]>

/** The name of a kind of marks. */
export type AuditMark = keyof typeof marks

/** @returns the kinds of marks that a file has */
export function marksIn(bytes: Buffer): AuditMark[] {
  return (Object.keys(marks) as AuditMark[]).filter((mark) =>
    marks[mark].some((text) => bytes.includes(text)),
  )
}
