import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What was called, and how. */
export interface Trace {
  /** `env` with the wrappers in front of its PATH. */
  env: NodeJS.ProcessEnv
  /** The arguments and the environment of every call so far, as text. */
  calls(): string
}

/**
 * Puts wrappers around programs that note the arguments and the environment of each call, and then become the real program.
 * @param before shell code by program, run before that: to make a program slow, for example
 */
export function traceCalls(
  directory: string,
  env: NodeJS.ProcessEnv,
  programs: readonly string[] = ['sh', 'sops', 'age-keygen', 'kustomize', 'git'],
  before: Readonly<Record<string, string>> = {},
): Trace {
  const bin = join(directory, 'traced')
  const log = join(directory, 'traced.log')
  mkdirSync(bin)
  for (const program of programs) {
    const note = `{ printf '%s\\n' "$0 $*"; env; } >> '${log}'`
    const script = ['#!/bin/sh', note, before[program] ?? '', `exec '${find(program, env)}' "$@"`, '']
    writeFileSync(join(bin, program), script.join('\n'))
    chmodSync(join(bin, program), 0o755)
  }
  return {
    env: { ...env, PATH: [bin, env.PATH].join(delimiter) },
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8') : ''),
  }
}

function find(program: string, env: NodeJS.ProcessEnv): string {
  const files = (env.PATH ?? '').split(delimiter).map((directory) => join(directory, program))
  const found = files.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (!found) throw new Error(`${program} is not on PATH`)
  return found
}
