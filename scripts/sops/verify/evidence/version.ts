import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The version of these tasks, as their package.json says it. */
export function taskVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'package.json'), 'utf8')
  return JSON.parse(text).version
}
