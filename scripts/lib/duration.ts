import { UserError } from './errors.ts'

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/**
 * Reads a duration as Flux and kubectl write it: `5m`, `90s`, `1h30m`.
 * @returns milliseconds
 * @throws UserError for anything else, and for no time at all
 */
export function parseDuration(text: string, flag: string): number {
  const milliseconds = readDuration(text)
  if (milliseconds === undefined)
    throw new UserError(`--${flag} ${text} is not a duration`, { hint: 'write it like 90s, 5m or 1h30m' })
  if (milliseconds === 0) throw new UserError(`--${flag} ${text} is no time at all`)
  return milliseconds
}

/** As `parseDuration`. @returns milliseconds; `undefined` for anything else than a duration */
export function readDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[`${unit}`] ?? 0), 0)
}
