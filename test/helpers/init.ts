import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import * as assert from 'uvu/assert'
import { assertNoLeak } from './leak.ts'
import { type TestRepository, withRepository } from './repository.ts'
import { type Call, type Ended, runTask } from './task.ts'
import { type Trace, traceCalls } from './trace.ts'

/** A repository in which `sops:init` runs, and what it leaves and shows is searched for identities. */
export interface InitPlace extends TestRepository {
  trace: Trace
  /** TMPDIR of the runs. */
  temporary: string
  init(args?: readonly string[], call?: Partial<Call>): Promise<Ended>
  /** All files but those of git, relative to the root, sorted. */
  files(): string[]
}

/**
 * Runs `use` in a repository in which `files` are committed.
 * @param keyFiles besides `.age-key.txt` at the root those that may hold an identity, relative to the directory around it
 * @param before shell code by program, run before each call of it
 */
export async function withInit(
  files: Readonly<Record<string, string>>,
  use: (place: InitPlace) => Promise<void>,
  { keyFiles = [], before = {} }: { keyFiles?: string[]; before?: Record<string, string> } = {},
): Promise<void> {
  await withRepository(files, async (repository) => {
    const { root, directory } = repository
    const temporary = join(directory, 'temporary')
    mkdirSync(temporary)
    const held = join(directory, 'held.txt')
    // what lies in temporary files while a program runs; the pipe of the identity is none
    const look = `find '${temporary}' -type f -exec cat {} + >>'${held}' 2>/dev/null`
    const env = { ...repository.env, TMPDIR: temporary }
    const trace = traceCalls(directory, env, ['sh', 'sops', 'age-keygen', 'git'], {
      ...before,
      sops: `${look}; ${before.sops ?? ''}`,
    })
    const allowed = [`${relative(directory, root)}/.age-key.txt`, ...keyFiles]
    const place: InitPlace = {
      ...repository,
      env,
      trace,
      temporary,
      files: () => filesOf(root),
      init: async (args = [], call = {}) => {
        const ended = await runTask('sops:init', args, {
          cwd: root,
          ...call,
          env: { ...trace.env, ...call.env },
        })
        assertNoIdentity(place, allowed, ended)
        return ended
      },
    }
    await use(place)
  })
}

/** Nothing of an identity is shown, passed on in arguments or environments, or kept where it does not belong. */
function assertNoIdentity(
  { directory, root, env, trace, temporary }: InitPlace,
  allowed: readonly string[],
  { stdout, stderr }: Ended,
): void {
  const secrets = allowed
    .map((file) => join(directory, file))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
    .flatMap((file) => readFileSync(file, 'utf8').match(/AGE-SECRET-KEY-\S+/g) ?? [])
  const objects = execFileSync('git', ['cat-file', '--batch-all-objects', '--batch'], { cwd: root, env })
  const texts = { stdout, stderr, 'a call': trace.calls(), 'a git object': objects.toString('latin1') }
  assertNoLeak(secrets, texts, directory, allowed)
  for (const [place, text] of Object.entries(texts))
    assert.not.match(text, /AGE-SECRET-KEY-(PQ-)?1\w{20}/, place)
  assert.equal(readdirSync(temporary), [])
}

function filesOf(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('.git/') && file !== '.git')
    .toSorted()
}

/** The public key of a key file, by age-keygen. */
export function recipientIn(file: string): string {
  return execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' }).trim()
}
