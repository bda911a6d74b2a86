import { bech32 } from '@scure/base'
import { UserError } from '../errors.ts'

/** A line that the controller would refuse. */
export class BadLine extends UserError {
  /** `line 2 is a public key`. */
  readonly reason: string

  constructor(source: string, reason: string, hint: string) {
    super(`cannot use the age key from ${source}: ${reason}`, { hint })
    this.name = 'BadLine'
    this.reason = reason
  }
}

/** One line of an age key. */
export interface Line {
  /** From 1. */
  number: number
  /** A secret. */
  text: string
}

/** The error for a line. It never quotes it. */
export function badLine(
  source: string,
  { number }: Line,
  reason: string,
  hint = 'a private key is a line that starts with AGE-SECRET-KEY-1, with nothing around it',
): BadLine {
  return new BadLine(source, `line ${number} ${reason}`, hint)
}

/** Whether a line is, or should be, a plugin identity. */
export function isPlugin(line: string): boolean {
  return /^AGE-PLUGIN-/.test(line)
}

/**
 * What is around an identity, which must stand alone on its line for the controller (docs/decryption.md#what-an-identity-is).
 * @param line neither empty nor a comment @returns `undefined`: nothing
 */
export function surroundingOf(line: string): string | undefined {
  if (line.trim() === '') return 'holds nothing but blanks'
  if (line.startsWith('\uFEFF')) return 'starts with a byte order mark'
  if (/^\s/.test(line)) return 'has a blank at its start'
  return /\s$/.test(line) ? 'has a blank at its end' : undefined
}

/**
 * Why a line is no identity, as far as it can be told without age; an identity that is not of a plugin may still be misspelt
 * where `undefined` is returned. A plugin identity is bech32 without a limit of its length (age v1.3.1 plugin/encode.go).
 */
export function faultOf(line: string): string | undefined {
  if (/^AGE-SECRET-KEY-(PQ-)?1/.test(line)) return undefined
  if (isPlugin(line)) return bech32.decodeUnsafe(line, false) ? undefined : misspelt
  if (/^age-(secret-key|plugin)-/i.test(line)) return 'is an identity not written in capital letters'
  if (/^age1/.test(line)) return 'is a public key (a recipient), not an identity'
  if (/^ssh-/.test(line)) return 'is an SSH public key, not an age identity'
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY/.test(line))
    return 'is an SSH private key, which the controller does not accept in an age key'
  if (/^["'`]/.test(line)) return 'starts with a quote'
  if (/^(?:export\s+)?\w+\s*[=:]\s*["']?AGE-/i.test(line)) return 'has a name in front of the identity'
  if (/^[\w+/]{40,}=*$/.test(line) && isKeyText(Buffer.from(line, 'base64').toString()))
    return 'is base64 of an age key, which was encoded once too often'
  return 'is no age identity'
}

/** Whether a text begins as a key file does. */
function isKeyText(text: string): boolean {
  return /^(?:# |AGE-(?:SECRET-KEY|PLUGIN)-)/.test(text)
}

/** What is wrong with an identity whose checksum is not right. */
export const misspelt = 'is truncated or misspelt: its checksum is wrong'
