import { mkdirSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { documentedTasks } from '../../scripts/docs/documents.ts'
import { projectRoot } from '../helpers/documents.ts'
import { withDirectory } from '../helpers/files.ts'
import { type Ended, startProgram } from '../helpers/program.ts'
import { released } from '../helpers/released.ts'
import { withFixtureTask } from '../helpers/task-fixture.ts'
import { userEnvironment } from '../helpers/user.ts'

const entries = documentedTasks(projectRoot).map(({ name }) =>
  join(projectRoot, 'tasks', `${name.replace(':', '/')}.ts`),
)

/** One that knows no types, and one that knows them and lacks what the tasks use. */
const tooOld = ['18.20.8', '22.18.0']

for (const version of tooOld)
  test(`Node ${version}: each entry says in words that it is too old`, () =>
    withDirectory(async (cwd) => {
      const bin = await released('node', version)
      const env = userEnvironment(cwd, { PATH: [bin, '/usr/bin', '/bin'].join(delimiter) })
      for (const entry of entries)
        for (const command of [[join(bin, 'node'), entry], [entry]]) {
          const { code, stdout, stderr } = await startProgram([...command, '--help'], { cwd, env }).ended
          assert.equal([code, stdout], [2, ''], stderr)
          assert.match(
            stderr,
            new RegExp(
              `^error: Node ${version} is too old: .* 24 or newer\\nhint: \`mise use node@24\`.*\\n$`,
            ),
          )
        }
    }))

test('Node that is too old, and mise that cannot install another one', () =>
  withFixtureTask([], `return { exitCode: 0, lines: [], json: {} }`, async (task) => {
    const PATH = [await released('node', '18.20.8'), task.env.PATH].join(delimiter)
    const { code, stderr } = await task.run([], { via: 'mise', env: { PATH } })
    assert.is(code, 2)
    assert.match(stderr, /^error: Node 18\.20\.8 is too old/)
  }))

/** Runs each entry with nothing on PATH but these programs. */
async function withOnly(programs: Record<string, string>, check: (ended: Ended) => void): Promise<void> {
  await withDirectory(async (directory) => {
    const bin = join(directory, 'bin')
    mkdirSync(bin)
    for (const [name, program] of Object.entries(programs)) symlinkSync(program, join(bin, name))
    const env = userEnvironment(directory, { PATH: bin })
    for (const entry of entries) check(await startProgram([entry, '--help'], { cwd: directory, env }).ended)
  })
}

test('through a link to its file, from anywhere', () =>
  withDirectory(async (cwd) => {
    const link = join(cwd, 'sops-key')
    symlinkSync(entries.find((entry) => entry.endsWith('sops-key.ts'))!, link)
    const { code, stdout, stderr } = await startProgram([link, '--help'], { cwd, env: userEnvironment(cwd) })
      .ended
    assert.is(code, 0, stderr)
    assert.match(stdout, /^Create or rotate the Secret/)
  }))

test('no Node: each entry says so, with what to do', () =>
  withOnly({}, ({ code, stdout, stderr }) => {
    assert.equal([code, stdout], [2, ''])
    assert.match(stderr, /^error: node is not on PATH\nhint: .* `mise use node@24`\n$/)
  }))

test('an entry needs Node and nothing else to start, not even mkdir for its cache', () =>
  withOnly({ node: process.execPath }, ({ code, stdout, stderr }) => {
    assert.equal([code, stderr], [0, ''])
    assert.match(stdout, /^Usage: /m)
  }))

/** Where the compiled code is kept, by the environment. */
const places: [title: string, env: NodeJS.ProcessEnv, place: string | undefined][] = [
  ['the home', {}, 'home/.cache/flux-sops-tasks/compile'],
  ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '$/a b/c' }, 'a b/c/flux-sops-tasks/compile'],
  ['an empty one is none', { XDG_CACHE_HOME: '' }, 'home/.cache/flux-sops-tasks/compile'],
  ['nothing can be made there', { XDG_CACHE_HOME: '/proc/nope' }, undefined],
  ['a file is there', { XDG_CACHE_HOME: '/dev/null' }, undefined],
  ['a relative one does not count', { XDG_CACHE_HOME: 'cache' }, undefined],
  ['no home', { HOME: undefined }, undefined],
  ['no home that can be made', { HOME: '/proc/nope' }, undefined],
]

for (const [title, more, place] of places)
  test(`where compiled code is kept: ${title}`, () =>
    withFixtureTask(
      [],
      `return { exitCode: 0, json: {}, lines: [String(process.env.NODE_COMPILE_CACHE)] }`,
      async (task) => {
        const directory = join(task.directory, '..')
        const there = Object.entries(more).map(([name, value]) => [name, value?.replace('$', directory)])
        const env: NodeJS.ProcessEnv = {
          ...task.env,
          NODE_COMPILE_CACHE: undefined,
          ...Object.fromEntries(there),
        }
        const entry = join(task.directory, 'tasks', 'made', 'task.ts')
        const { code, stdout, stderr } = await startProgram([entry], { cwd: task.directory, env }).ended
        assert.equal([code, stderr], [0, ''])
        assert.is(stdout, `${place && join(directory, place)}\n`)
      },
    ))

test.run()
