import { createRequire } from 'node:module'

let loaded: typeof import('yaml') | undefined

/**
 * The parser, loaded when something is parsed for the first time: it takes longer than all of a task that has nothing to parse.
 * Types are imported from `yaml` itself.
 */
export function yaml(): typeof import('yaml') {
  loaded ??= createRequire(import.meta.url)('yaml') as typeof import('yaml')
  return loaded
}
