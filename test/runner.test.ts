import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isRunning, listProcesses, until } from './helpers/processes.ts'
import { cleanEnvironment, missingPrograms } from './runner/environment.ts'

const root = join(import.meta.dirname, '..')
const good = `import { test } from 'uvu'\ntest('one', () => {})\ntest.run()\n`

interface Fixture {
  files: Record<string, string>
  patterns?: string[]
  programs?: string[]
  limit?: number
  /** Sent to the runner as soon as a test has written the file `started`. */
  signal?: NodeJS.Signals
}

/** Runs the runner on test files made for this. */
async function runFixture({ files, patterns = [], programs = ['node'], limit = 60, signal }: Fixture) {
  const directory = mkdtempSync(join(tmpdir(), 'runner-'))
  const place = join(directory, 'place')
  mkdirSync(place)
  try {
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true })
      writeFileSync(join(directory, name), text)
    }
    const options = JSON.stringify({ directory, ending: '.test.ts', place, patterns, programs, limit })
    const main = `import { runTests } from ${JSON.stringify(join(root, 'test', 'runner', 'run-tests.ts'))}
      const abort = new AbortController()
      process.on('SIGINT', () => abort.abort(new Error('SIGINT')))
      process.exitCode = await runTests({ ...${options}, env: process.env, signal: abort.signal })`
    writeFileSync(join(directory, 'run.ts'), main)
    const child = spawn('node', ['run.ts'], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        output += text
      })
    const ended = new Promise<number | null>((done) => child.on('close', done))
    let started = ''
    if (signal) {
      await until('a test has started', () => existsSync(join(directory, 'started')))
      started = readFileSync(join(directory, 'started'), 'utf8')
      child.kill(signal)
    }
    const code = await ended
    return { code, output, started, last: output.trimEnd().split('\n').at(-1) ?? '' }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('passing tests: exit 0 and the sums on the last line', async () => {
  const { code, output, last } = await runFixture({
    files: { 'a.test.ts': good, 'b/c.test.ts': good },
  })
  assert.is(code, 0)
  assert.is(last, '2 passed, 0 failed')
  assert.match(output, /ok {3}b\/c\.test\.ts +1 passed +\d\.\d s/)
})

test('patterns choose files', async () => {
  const files = { 'a.test.ts': good, 'b/c.test.ts': good, 'b/d.test.ts': good }
  assert.is((await runFixture({ files, patterns: ['b/'] })).last, '2 passed, 0 failed')
})

test('a failing test is shown with its name, and the others run', async () => {
  const bad = `import { test } from 'uvu'\nimport * as assert from 'uvu/assert'
    test('one and one', () => assert.is(1 + 1, 3))\ntest('other', () => {})\ntest.run()`
  const { code, output, last } = await runFixture({ files: { 'a.test.ts': good, 'b.test.ts': bad } })
  assert.is(code, 1)
  assert.is(last, '2 passed, 1 failed')
  assert.match(output, /FAIL b\.test\.ts/)
  assert.match(output, /"one and one"/)
})

function lazily<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

const body = (text: string) => `import { test, suite } from 'uvu'\n${text}\n`
const background = `import { spawn } from 'node:child_process'\nimport { test } from 'uvu'\n`

interface Gap {
  text: string
  says: RegExp
}

/** These reach the time limit. */
const tooLong: Record<string, Gap> = {
  'a test without end': {
    text: body(`test('one', () => new Promise(() => {}))\ntest.run()`),
    says: /it took longer than 10 s in the test "one"/,
  },
  'a test that never gives way': {
    text: body(`test('busy', () => { for (;;); })\ntest.run()`),
    says: /it took longer than 10 s in the test "busy"/,
  },
}

/** Each of these passes with uvu alone. */
const gaps: Record<string, Gap> = {
  'a child left running with nothing of ours in its environment': {
    text: `${background}test('one', () => { spawn('sleep', ['63'], { env: { PATH: process.env.PATH }, cwd: '/' }) })\ntest.run()`,
    says: /a process still runs: sleep 63/,
  },
  'an orphan that only its working directory tells': {
    text: `${background}import { tmpdir } from 'node:os'\ntest('one', async () => {
      const options = { detached: true, cwd: tmpdir(), env: { PATH: process.env.PATH } }
      const shell = spawn('sh', ['-c', 'env -i setsid sleep 64 >/dev/null 2>&1 &'], options)
      await new Promise((done) => shell.on('close', done))
    })\ntest.run()`,
    says: /a process still runs: sleep 64/,
  },
  'a file without tests': { text: body(`test.run()`), says: /it has no tests/ },
  'a file that does not use uvu': { text: 'export {}\n', says: /it has no tests/ },
  'a file that forgets .run()': {
    text: body(`test('one', () => {})`),
    says: /tests are defined that never run/,
  },
  'a suite that forgets .run()': {
    text: body(`suite('a')('one', () => {})\ntest('two', () => {})\ntest.run()`),
    says: /tests are defined that never run/,
  },
  'a skipped test': {
    text: body(`test('one', () => {})\ntest.skip('two', () => {})\ntest.run()`),
    says: /\.skip is left over: two/,
  },
  'a left-over .only': {
    text: body(`test.only('one', () => {})\ntest.run()`),
    says: /\.only is left over: one/,
  },
  'a hook before the tests': {
    text: body(`test.before(() => { throw new Error('no set-up') })\ntest('one', () => {})\ntest.run()`),
    says: /\.before is used/,
  },
  'a hook after the tests': {
    text: body(`test.after(() => { throw new Error('no end') })\ntest('one', () => {})\ntest.run()`),
    says: /\.after is used/,
  },
  'a hook before each test': {
    text: body(`test.before.each(() => { throw new Error('no set-up') })\ntest('one', () => {})\ntest.run()`),
    says: /\.before is used/,
  },
  'a hook after each test': {
    text: body(`test.after.each(() => { throw new Error('no end') })\ntest('one', () => {})\ntest.run()`),
    says: /\.after is used/,
  },
  'a file that throws': {
    text: body(`test('one', () => {})\ntest.run()\nthrow new Error('at import')`),
    says: /at import/,
  },
  'a file that does not parse': { text: body(`test('one', () => {`), says: /SyntaxError/ },
  'an unhandled rejection': {
    text: body(`test('one', () => { Promise.reject(new Error('lost')) })\ntest.run()`),
    says: /unhandledRejection: Error: lost/,
  },
  'an exception beside the tests': {
    text: body(`test('one', async () => {
      setTimeout(() => { throw new Error('aside') })
      await new Promise((done) => setTimeout(done, 50))
    })\ntest.run()`),
    says: /uncaughtException: Error: aside/,
  },
  'a test that ends the process': {
    text: body(`test('leaver', () => process.exit(0))\ntest.run()`),
    says: /the process ended \(exit code 0\) in the test "leaver"/,
  },
  'a child left running': {
    text: `${background}test('one', () => { spawn('sleep', ['60']) })\ntest.run()`,
    says: /a process still runs: sleep 60/,
  },
  'a process left running whose parent is gone': {
    text: `${background}test('one', async () => {
      const shell = spawn('sh', ['-c', 'setsid sleep 61 >/dev/null 2>&1 &'], { detached: true })
      await new Promise((done) => shell.on('close', done))
    })\ntest.run()`,
    says: /a process still runs: sleep 61/,
  },
  'a temporary directory left behind': {
    text: `import { mkdtempSync } from 'node:fs'\nimport { tmpdir } from 'node:os'\nimport { test } from 'uvu'
      test('one', () => { mkdtempSync(tmpdir() + '/mine-') })\ntest.run()`,
    says: /a temporary file was left: mine-/,
  },
}

for (const [cases, limit, others] of [
  [gaps, 60, { 'good.test.ts': good }],
  // long enough for the process to begin on a slow machine
  [tooLong, 10, {}],
] as const) {
  const fileOf = (name: string) => `${name.replaceAll(' ', '-')}.test.ts`
  /** One run for all of them: each is a file of its own. */
  const run = lazily(() => {
    const files = Object.entries(cases).map(([name, { text }]) => [fileOf(name), text])
    return runFixture({ files: { ...Object.fromEntries(files), ...others }, limit })
  })

  for (const [name, { says }] of Object.entries(cases)) {
    test(`${name} fails`, async () => {
      const { output } = await run()
      const blocks = output.split(/^(?=FAIL |ok {3})/m)
      assert.match(blocks.find((block) => block.startsWith(`FAIL ${fileOf(name)}`)) ?? output, says)
    })
  }

  test(`each of ${Object.keys(cases).length} gaps counts as a failure, and the run fails`, async () => {
    const { code, last, output } = await run()
    assert.is(code, 1)
    assert.match(last, new RegExp(`passed, ${Object.keys(cases).length} failed$`), output)
  })
}

test('a test that ends the process leaves nothing that runs and is waited for', async () => {
  // that no other process sleeps
  const duration = `65.${process.pid}`
  const text = `${background}test('one', () => { spawn('sleep', ['${duration}'], { stdio: 'inherit' }); process.exit(0) })\ntest.run()`
  const { output } = await runFixture({ files: { 'a.test.ts': text } })
  assert.match(output, /the process ended/)
  assert.not.ok(listProcesses().some(({ command }) => command === `sleep ${duration}`))
})

test('nothing of the settings of the caller reaches the tests', () => {
  const planted = {
    SOPS_AGE_KEY: 'x',
    KUBECONFIG: 'x',
    GIT_DIR: 'x',
    MISE_ENV: 'x',
    HOME: '/h',
    GOPROXY: 'kept',
  }
  const env = cleanEnvironment(planted, ['/bin'])
  for (const name of ['SOPS_AGE_KEY', 'KUBECONFIG', 'GIT_DIR', 'MISE_ENV'])
    assert.is(env[name], undefined, name)
  assert.is(env.GOPROXY, 'kept')
  assert.is(env.GIT_CONFIG_GLOBAL, '/dev/null')
})

test('a node that cannot run the tasks is missing', () => {
  const directory = mkdtempSync(join(tmpdir(), 'node-'))
  try {
    writeFileSync(join(directory, 'node'), '#!/bin/sh\necho v22.1.0\n', { mode: 0o755 })
    assert.equal(missingPrograms(['node'], { PATH: directory }), ['node'])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('no test file fails', async () => {
  assert.is((await runFixture({ files: {} })).code, 1)
  const { code, output, last } = await runFixture({ files: { 'a.test.ts': good }, patterns: ['nothing'] })
  assert.is(code, 1)
  assert.match(output, /no test file matches nothing/)
  assert.is(last, '0 passed, 1 failed')
})

test('a missing program fails before any test, by name', async () => {
  const { code, output, last } = await runFixture({
    files: { 'a.test.ts': good },
    programs: ['node', 'no-such-a', 'no-such-b'],
  })
  assert.is(code, 1)
  assert.match(output, /no-such-a is missing/)
  assert.match(output, /no-such-b is missing/)
  assert.is(last, '0 passed, 2 failed')
})

const endless = `${background}import { renameSync, writeFileSync } from 'node:fs'
  test('one', async () => {
    const { pid } = spawn('sleep', ['62'], { detached: true, stdio: 'ignore' })
    writeFileSync('starting', String(pid))
    renameSync('starting', 'started')
    await new Promise(() => {})
  })\ntest.run()`

test('interrupted, it fails, and ends what the tests have started', async () => {
  const { code, output, started, last } = await runFixture({
    files: { 'a.test.ts': endless, 'b.test.ts': good },
    signal: 'SIGINT',
  })
  assert.is(code, 1, output)
  assert.match(output, /^FAIL interrupted$/m)
  assert.match(last, /^[01] passed, 1 failed$/)
  assert.not.ok(isRunning(Number(started)))
})

test('killed, it leaves nothing that runs', async () => {
  const { started } = await runFixture({ files: { 'a.test.ts': endless }, signal: 'SIGKILL' })
  await until('what the test has started is gone', () => !isRunning(Number(started)))
})

test('each file gets a process, a home and a temporary directory of its own', async () => {
  const show = `import { test } from 'uvu'
    for (const name of ['one', 'two'])
      test(name, () => console.log('at', process.pid, process.env.HOME, process.env.TMPDIR))
    test.run()`
  const { output } = await runFixture({ files: { 'a.test.ts': show, 'b.test.ts': show } })
  const lines = output.split('\n').filter((line) => line.startsWith('at '))
  assert.is(lines.length, 4)
  for (const index of [1, 2, 3]) assert.is(new Set(lines.map((line) => line.split(' ')[index])).size, 2)
  assert.not.match(output, ` ${process.env.HOME} `)
})

test.run()
