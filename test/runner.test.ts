import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isRunning } from './helpers/processes.ts'
import { cleanEnvironment, missingPrograms } from './runner/environment.ts'

const root = join(import.meta.dirname, '..')
const good = `import { test } from 'uvu'\ntest('one', () => {})\ntest.run()\n`

interface Fixture {
  files: Record<string, string>
  patterns?: string[]
  programs?: string[]
  limit?: number
  /** Sends SIGINT as soon as the output holds this. */
  interruptAt?: string
}

/** Runs the runner on test files made for this. */
async function runFixture({ files, patterns = [], programs = ['node'], limit = 60, interruptAt }: Fixture) {
  const directory = mkdtempSync(join(tmpdir(), 'runner-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true })
      writeFileSync(join(directory, name), text)
    }
    const options = JSON.stringify({ directory, patterns, programs, limit })
    const main = `import { runTests } from ${JSON.stringify(join(root, 'test', 'runner', 'main.ts'))}
      const abort = new AbortController()
      process.on('SIGINT', () => abort.abort())
      process.exitCode = await runTests({ ...${options}, env: process.env, signal: abort.signal })`
    writeFileSync(join(directory, 'run.ts'), main)
    const child = spawn('node', ['run.ts'], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        output += text
        if (!interruptAt || child.killed || !output.includes(interruptAt)) return
        child.kill('SIGINT')
      })
    const code = await new Promise<number | null>((done) => child.on('close', done))
    return { code, output, last: output.trimEnd().split('\n').at(-1) ?? '' }
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

/** Each of these passes with uvu alone. */
const gaps: Record<string, { text: string; says: RegExp }> = {
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
    says: /skipped: two/,
  },
  'a left-over .only': {
    text: body(`test.only('one', () => {})\ntest.run()`),
    says: /left-over \.only: one/,
  },
  'a throwing before hook': {
    text: body(`test.before(() => { throw new Error('no set-up') })\ntest('one', () => {})\ntest.run()`),
    says: /the before hook failed: Error: no set-up/,
  },
  'a throwing after hook': {
    text: body(`test.after(() => { throw new Error('no end') })\ntest('one', () => {})\ntest.run()`),
    says: /the after hook failed: Error: no end/,
  },
  'a throwing hook after each test': {
    text: body(`test.after.each(() => { throw new Error('no end') })\ntest('one', () => {})\ntest.run()`),
    says: /the after\.each hook failed: Error: no end/,
  },
  'a file that throws': {
    text: body(`test('one', () => {})\ntest.run()\nthrow new Error('at import')`),
    says: /at import/,
  },
  'a file that does not parse': { text: body(`test('one', () => {`), says: /SyntaxError/ },
  'an unhandled rejection': {
    text: body(`test('one', () => { Promise.reject(new Error('lost')) })\ntest.run()`),
    says: /unhandled rejection: Error: lost/,
  },
  'an exception beside the tests': {
    text: body(`test('one', async () => {
      setTimeout(() => { throw new Error('aside') })
      await new Promise((done) => setTimeout(done, 50))
    })\ntest.run()`),
    says: /uncaught exception: Error: aside/,
  },
  'a test without end': {
    text: body(`test('one', () => new Promise(() => {}))\ntest.run()`),
    says: /it took longer than 1 s/,
  },
  'a test that never gives way': {
    text: body(`test('busy', () => { for (;;); })\ntest.run()`),
    says: /the process ended \(SIGKILL\) in the test "busy"/,
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
  'a clean-up at the end that fails': {
    text: `import { test } from 'uvu'\nimport { atEnd } from '${join(root, 'test', 'helpers', 'cleanup.ts')}'
      test('one', () => { atEnd(() => { throw new Error('stuck') }) })\ntest.run()`,
    says: /cleaning up at the end failed: Error: stuck/,
  },
}

/** One run for all of them: each is a file of its own. */
const gapRun = lazily(() => {
  const files = Object.entries(gaps).map(([name, { text }]) => [`${name.replaceAll(' ', '-')}.test.ts`, text])
  return runFixture({ files: { ...Object.fromEntries(files), 'good.test.ts': good }, limit: 1 })
})

for (const [name, { says }] of Object.entries(gaps)) {
  test(`${name} fails`, async () => {
    const { output } = await gapRun()
    const blocks = output
      .split(/^(?=FAIL |ok {3})/m)
      .filter((block) => block.includes(`${name.replaceAll(' ', '-')}.test.ts `))
    assert.ok(
      blocks.some((block) => block.startsWith('FAIL') && says.test(block)),
      output,
    )
  })
}

test('each gap counts as a failure, and the run fails', async () => {
  const { code, last } = await gapRun()
  assert.is(code, 1)
  assert.match(last, new RegExp(`passed, ${Object.keys(gaps).length} failed$`))
})

test('a process that holds the output of a worker which has ended is not waited for', async () => {
  const text = `${background}test('one', () => { spawn('sleep', ['65'], { stdio: 'inherit' }); process.exit(0) })\ntest.run()`
  const start = Date.now()
  const { output } = await runFixture({ files: { 'a.test.ts': text } })
  assert.ok(Date.now() - start < 30_000)
  assert.match(output, /the process ended/)
  assert.match(output, /a process still runs: sleep 65/)
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

test('interrupted, it fails, and takes away what the tests share and what they left', async () => {
  const text = `${background}import { atEnd } from '${join(root, 'test', 'helpers', 'cleanup.ts')}'
    test('one', async () => {
      atEnd(() => console.log('taken away'))
      const { pid } = spawn('sleep', ['62'], { detached: true, stdio: 'ignore' })
      console.log('started', pid, '.')
      await new Promise(() => {})
    })\ntest.run()`
  const { code, output, last } = await runFixture({ files: { 'a.test.ts': text }, interruptAt: ' .\n' })
  assert.is(code, 1, output)
  assert.match(output, /taken away\nFAIL interrupted\n/)
  assert.is(last, '0 passed, 1 failed')
  assert.not.ok(isRunning(Number(/started (\d+)/.exec(output)?.[1])))
})

test('files get a home and a temporary directory of their own, and those that share the sandbox one process', async () => {
  const show = (text: string) => `${text}import { test } from 'uvu'
    test('one', () => console.log('at', process.pid, process.env.HOME, process.env.TMPDIR))\ntest.run()`
  const files = {
    'a.test.ts': show(''),
    'b.test.ts': show(''),
    'c.test.ts': show('// helpers/flux/sandbox.ts\n'),
    'd.test.ts': show('// helpers/flux/sandbox.ts\n'),
  }
  const { output } = await runFixture({ files })
  const lines = output.split('\n').filter((line) => line.startsWith('at '))
  assert.is(lines.length, 4)
  assert.is(new Set(lines).size, 3)
  assert.not.match(output, ` ${process.env.HOME} `)
})

test.run()
