import type { PlainValue } from './tree.ts'
import { Unsure } from './unsure.ts'

const words: ReadonlyMap<string, PlainValue> = new Map<string, PlainValue>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word): [string, null] => [word, null]),
  ...['true', 'True', 'TRUE'].map((word): [string, true] => [word, true]),
  ...['false', 'False', 'FALSE'].map((word): [string, false] => [word, false]),
])

/**
 * What go-yaml, which sops reads with, takes a plain scalar for (go.yaml.in/yaml/v3 v3.0.4 resolve.go). By the first
 * character it is a text, or else looked at; the usual notation of a number is read, all others are left to sops.
 * @param source of a scalar on one line
 * @throws Unsure
 */
export function plainScalar(source: string, offset: number): PlainValue {
  const word = words.get(source)
  if (word !== undefined) return word
  if (source === '<<') throw new Unsure('yaml-feature', offset)
  if (!/^[-+.\d]/.test(source)) return source
  if (/^(0|-?[1-9]\d*)$/.test(source)) {
    const value = BigInt(source)
    if (BigInt.asIntN(64, value) === value) return value
  }
  if (/^-?(0|[1-9]\d*)(\.\d+(e[-+]\d+)?|e[-+]\d+)$/.test(source)) {
    const value = Number(source)
    if (Number.isFinite(value)) return value
  }
  if (/^\d{4}-\d\d?-\d\d?(?:[Tt ]|$)/.test(source) || otherNumber.test(source.replaceAll('_', '')))
    throw new Unsure('scalar', offset)
  return source
}

/** Numbers in other notations, and what looks like them. */
const otherNumber = /^[-+]?(?:\d+|0x[\da-f]*|0[ob]\d*|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|\.(?:inf|nan))$/i
