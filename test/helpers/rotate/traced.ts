import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as assert from 'uvu/assert'
import { withDirectory } from '../files.ts'
import { assertNoLeak } from '../leak.ts'
import { assertNotShown, makeTracer, type Shown } from '../strace/tracer.ts'
import { startTask } from '../task.ts'

/** Where runs of `sops:rotate` are traced. */
export interface TracedPlace {
  /** The repository that they stand in. */
  root: string
  env: NodeJS.ProcessEnv
  /** Everything that a run may leave is below it. */
  directory: string
  /** TMPDIR of the runs. */
  temporary: string
}

/** Runs of `sops:rotate`, with all that they have shown to others. */
export interface TracedRuns {
  /** Runs it to this end (`null`: by a signal), after which no temporary file is left. @returns what it printed */
  run(code: number | null, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>
  /** What a run needs in its environment to get a signal right before it does what matches the `at`-th time, else the first (`end-at.mjs`). */
  endAt(match: string, signal: NodeJS.Signals, at?: number): NodeJS.ProcessEnv
  /**
   * Searches what was printed, shown by any process, written into any file, is left or is in git.
   * @param keyFiles of the user, below `directory`: they alone may hold an identity
   * @returns what was shown
   */
  check(secrets: Iterable<string>, keyFiles: readonly string[]): Shown
}

const preload = pathToFileURL(join(import.meta.dirname, 'end-at.mjs')).href

/** Runs `use` with runs that are traced. */
export async function withTracedRuns(
  { root, env, directory, temporary }: TracedPlace,
  use: (runs: TracedRuns) => Promise<void>,
): Promise<void> {
  // what goes through pipes is in these files
  await withDirectory((traces) => {
    const tracer = makeTracer(traces)
    const said: string[] = []
    return use({
      async run(code, args, more = {}) {
        const call = { cwd: root, env: { ...env, TMPDIR: temporary, ...more }, under: tracer.before() }
        const ended = await startTask('sops:rotate', args, call).ended
        const text = `${ended.stdout}${ended.stderr}`
        assert.is(ended.code, code, `${args.join(' ')}\n${text}`)
        said.push(text)
        if (code !== null) assert.equal(readdirSync(temporary), [])
        return text
      },
      endAt: (END_MATCH, END_SIGNAL, at = 1) => ({
        ...{ NODE_OPTIONS: `--import=${preload}`, END_LOG: join(directory, 'points.log') },
        ...{ END_AT: `${at}`, END_MATCH, END_SIGNAL },
      }),
      check(found, keyFiles) {
        const secrets = [...found]
        const texts = { said: said.join('\n'), objects: gitObjects(root, env) }
        assertNoLeak(secrets, texts, directory, keyFiles)
        const shown = tracer.shown()
        const files = keyFiles.map((file) => join(directory, file))
        // where a new text of the key file is before it is moved to its place
        const staging = join(root, '.git', '.sops-rotate-key-')
        assertNotShown(shown, secrets, (path) => files.includes(path) || path.startsWith(staging))
        checkPipes(shown)
        return shown
      },
    })
  })
}

/** All that git has, also what nothing refers to, as it was before it was compressed. */
function gitObjects(cwd: string, env: NodeJS.ProcessEnv): string {
  const args = ['cat-file', '--batch-all-objects', '--batch']
  return execFileSync('git', args, { cwd, env, maxBuffer: 2 ** 28 }).toString('latin1')
}

/** That the pipes for sops were where the user alone comes to them, and that it was seen where secrets would be. */
function checkPipes({ calls, written, pipes }: Shown): void {
  assert.match(calls, /^execve\("[^"]*\/sops", \["sops", "rotate"/m)
  const beside = Object.entries(written).filter(([path]) => /\/flux-sops-key-/.test(path))
  assert.match(beside.map(([, text]) => text).join('\n'), 'BEGIN AGE ENCRYPTED FILE')
  assert.ok(pipes.length > 0)
  for (const pipe of pipes) {
    assert.match(pipe, /\/flux-sops-key-[^/]+\/identities-\d+\/pipe(\.\d+)?$/)
    assert.match(calls, `mkdir("${join(pipe, '..')}", 0700)`)
    assert.not(existsSync(pipe))
  }
}
