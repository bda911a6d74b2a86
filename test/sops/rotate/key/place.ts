import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Finding } from '../../../../scripts/findings/finding.ts'
import type { Caller } from '../../../../scripts/lib/caller.ts'
import { chooseNext } from '../../../../scripts/sops/rotate/key/next.ts'
import type { NextKey, NextWishes } from '../../../../scripts/sops/rotate/key/next-key.ts'
import { readKeyRing } from '../../../../scripts/sops/rotate/key/ring.ts'
import { silentCaller } from '../../../helpers/caller.ts'
import { assertNoLeak } from '../../../helpers/leak.ts'
import { type TestRepository, withRepository } from '../../../helpers/repository.ts'
import { type Trace, traceCalls } from '../../../helpers/trace.ts'

/** What a test says of a rotation; `old` is the recipient that goes. */
export type Wished = Partial<NextWishes> & { old: string; env?: NodeJS.ProcessEnv }

/** A repository whose key is rotated. */
export interface KeyPlace extends TestRepository {
  trace: Trace
  /** What was noted. */
  noted: string[]
  caller: Caller
  /** Reads the ring anew, as each run does. */
  choose(wished: Wished): ReturnType<typeof chooseNext>
  /** As `choose`, for one that is not refused. */
  next(wished: Wished): Promise<NextKey>
  /** As `choose`, for one that is refused. */
  refusals(wished: Wished): Promise<readonly Finding[]>
  /** Writes a key file, relative to the root. */
  write(name: string, text: string, mode?: number): string
  read(name: string): string
}

/**
 * Runs `use` in a repository that ignores `*.key`, in which `files` are committed; what is left and was called is searched for
 * identities then.
 * @param keyFiles those that may hold an identity, relative to the root; `age.key` may
 */
export async function withKeyPlace(
  use: (place: KeyPlace) => Promise<void>,
  {
    files = { '.gitignore': '*.key\n' },
    keyFiles = [],
  }: { files?: Record<string, string>; keyFiles?: string[] } = {},
): Promise<void> {
  await withRepository(files, async (repository) => {
    const { root, directory } = repository
    const trace = traceCalls(directory, repository.env, ['sh', 'age-keygen', 'git'])
    const noted: string[] = []
    const caller = { ...silentCaller(root, trace.env), note: (line: string) => void noted.push(line) }
    const choose: KeyPlace['choose'] = async ({ env = {}, ...wished }) => {
      const all = { ...caller, env: { ...trace.env, ...env } }
      const { signal } = caller
      return chooseNext({
        ring: await readKeyRing({ keyFile: undefined, cwd: root, root, env: all.env, signal }),
        used: new Set([wished.old]),
        newKey: undefined,
        pq: false,
        store: undefined,
        caller: all,
        repository: { root, env: all.env, signal },
        ...wished,
      })
    }
    await use({
      ...repository,
      trace,
      noted,
      caller,
      choose,
      next: async (wished) => {
        const chosen = await choose(wished)
        if ('refusals' in chosen) throw new Error(JSON.stringify(chosen.refusals))
        return chosen.next
      },
      refusals: async (wished) => {
        const chosen = await choose(wished)
        return 'refusals' in chosen ? chosen.refusals : []
      },
      write: (name, text, mode = 0o600) => {
        const file = join(root, name)
        writeFileSync(file, text, { mode })
        return file
      },
      read: (name) => readFileSync(join(root, name), 'utf8'),
    })
    assertKept(repository, trace, noted, ['age.key', ...keyFiles])
  })
}

/** Nothing of an identity is noted, passed on, or kept where it does not belong; nothing else is left. */
function assertKept(
  { directory, root, env }: TestRepository,
  trace: Trace,
  noted: readonly string[],
  keyFiles: readonly string[],
): void {
  const allowed = keyFiles.map((name) => join(root, name).slice(join(root, '..').length + 1))
  const secrets = keyFiles
    .map((name) => join(root, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
    .flatMap((file) => readFileSync(file, 'utf8').match(/AGE-SECRET-KEY-\S+/g) ?? [])
  const objects = execFileSync('git', ['cat-file', '--batch-all-objects', '--batch'], { cwd: root, env })
  const texts = {
    noted: noted.join('\n'),
    'a call': trace.calls(),
    'a git object': objects.toString('latin1'),
  }
  assertNoLeak(secrets, texts, directory, allowed)
  const left = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  assert.equal(
    left.filter((name) => /\.tmp$|\.sops-rotate-key/.test(name)),
    [],
  )
}

/** The codes of findings. */
export const codesOf = (findings: readonly Finding[]) => findings.map(({ code }) => code)
