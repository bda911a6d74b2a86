import { UserError } from './errors.ts'

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/**
 * Reads a duration as Flux and kubectl write it: `5m`, `90s`, `1h30m`.
 * @returns milliseconds
 * @throws UserError for anything else, and for no time at all
 */
export function parseDuration(text: string, flag: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    throw new UserError(`--${flag} ${text} is not a duration`, { hint: 'write it like 90s, 5m or 1h30m' })
  }
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  const milliseconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0)
  if (milliseconds === 0) throw new UserError(`--${flag} ${text} is no time at all`)
  return milliseconds
}
