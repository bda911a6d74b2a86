import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withDirectory, writeFiles } from '../helpers/files.ts'
import { until } from '../helpers/processes.ts'
import { startProgram } from '../helpers/program.ts'
import { withFixtureTask } from '../helpers/task-fixture.ts'
import { userEnvironment } from '../helpers/user.ts'

const errors = join(import.meta.dirname, '..', '..', 'scripts', 'lib', 'errors.ts')
const json = ['flag "--json" help="One JSON document"']
const secret = 'hunter2-planted'

/** Runs a task that throws what `expression` makes. */
const throwing = (expression: string) =>
  `const { UserError } = await import(${JSON.stringify(errors)}); const secret = '${secret}'; throw ${expression}`

/** Waits for the signal, then makes the file `cleaning`, and when the file `go-on` is there the file `cleaned`. */
const waiting = `
  const { existsSync, writeFileSync } = await import('node:fs')
  const { setTimeout: sleep } = await import('node:timers/promises')
  writeFileSync('started', '')
  await sleep(600_000, undefined, { signal: caller.signal }).catch(() => {})
  writeFileSync('cleaning', '')
  while (!existsSync('go-on')) await sleep(20)
  writeFileSync('cleaned', String(caller.signal.reason.message))
  caller.signal.throwIfAborted()
  return { exitCode: 0, lines: [], json: {} }`

test('a report becomes lines and an exit code', () =>
  withFixtureTask(
    json,
    `caller.say('live'); caller.note('aside'); return { exitCode: 1, lines: ['a', 'b'], json: { x: 1 } }`,
    async (task) => {
      assert.equal(await task.run([]), { code: 1, stdout: 'live\na\nb\n', stderr: 'aside\n' })
      const document = '{\n  "task": "made:task",\n  "x": 1\n}\n'
      assert.equal(await task.run(['--json']), { code: 1, stdout: document, stderr: 'live\naside\n' })
    },
  ))

for (const [options, code] of [
  [`{ hint: 'do that' }`, 2],
  [`{ hint: 'do that', exitCode: 1 }`, 1],
] as const) {
  test(`an expected error is one line with a hint, exit ${code}`, () =>
    withFixtureTask(json, throwing(`new UserError('cannot do x: y', ${options})`), async (task) => {
      const stderr = 'error: cannot do x: y\nhint: do that\n'
      assert.equal(await task.run([]), { code, stdout: '', stderr })
      const { stdout, ...rest } = await task.run(['--json'])
      assert.equal(rest, { code, stderr })
      assert.equal(JSON.parse(stdout), {
        task: 'made:task',
        result: 'unknown',
        error: { message: 'cannot do x: y', hint: 'do that' },
      })
    }))
}

/** What our code may throw by mistake, with a secret in it. */
const bugs: Record<string, string> = {
  'an error with a secret in its message': 'new Error(secret)',
  'an error whose message looks like a trace': `new Error('x\\n    at ' + secret + ' (file.ts:1:1)\\n    at ' + secret)`,
  'an error with a secret in its cause': `new Error('x', { cause: new Error(secret) })`,
  'an error with a secret among its properties': `Object.assign(new Error('x'), { stdout: secret })`,
  'text that is no JSON': `JSON.parse('{"password": ' + secret)`,
  'a thrown string': 'secret',
  'a thrown object': '{ message: secret, stack: secret }',
  'several errors at once': 'new AggregateError([new Error(secret)], secret)',
}

for (const [name, expression] of Object.entries(bugs)) {
  test(`a bug is exit 70 and shows no message: ${name}`, () =>
    withFixtureTask(json, throwing(expression), async (task) => {
      const plain = await task.run([])
      assert.is(plain.code, 70)
      assert.is(plain.stdout, '')
      assert.match(plain.stderr, /^internal error in made:task: /)
      assert.match(plain.stderr, /please report/)
      const document = await task.run(['--json'], { env: { DEBUG: '1' } })
      assert.is(document.code, 70)
      assert.equal(JSON.parse(document.stdout).error, { message: 'internal error' })
      for (const output of Object.values({ ...plain, a: document.stdout, b: document.stderr }))
        assert.not.match(String(output), secret)
    }))
}

test('a bug shows where it happened', () =>
  withFixtureTask(json, throwing('new TypeError(secret)'), async (task) => {
    assert.match((await task.run([])).stderr, /TypeError\n\s+at .*task\.ts:\d+:\d+/)
  }))

test('an error beside the task ends it: it cleans up, exit 70 and one document', () =>
  withFixtureTask(
    json,
    `setTimeout(() => { throw new Error('${secret}') }, 50); ${waiting}`,
    async (task) => {
      writeFiles(task.directory, { 'go-on': '' })
      const { code, stdout, stderr } = await task.run(['--json'])
      assert.is(code, 70)
      assert.is(JSON.parse(stdout).error.message, 'internal error')
      assert.not.match(stderr, secret)
      assert.ok(existsSync(join(task.directory, 'cleaned')))
    },
  ))

test('a directory that is gone by now is said, not a bug', () =>
  withDirectory(async (cwd) => {
    const entry = join(import.meta.dirname, '..', '..', 'tasks', 'flux', 'enable-decryption.ts')
    const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$1"'
    const { code, stderr } = await startProgram(['sh', '-c', script, process.execPath, entry], {
      cwd,
      env: userEnvironment(cwd),
    }).ended
    assert.is(code, 2, stderr)
    assert.match(stderr, /^error: the directory that you are in does not exist any more\nhint: /)
  }))

test('an unhandled rejection is a bug', () =>
  withFixtureTask(
    json,
    `Promise.reject(new Error('${secret}')); return { exitCode: 0, lines: [], json: {} }`,
    async (task) => {
      const { code, stderr } = await task.run([])
      assert.is(code, 70)
      assert.match(stderr, /^internal error in made:task: Error\n/)
      assert.not.match(stderr, secret)
    },
  ))

const signals = [
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGXCPU',
] as const
for (const signal of signals) {
  test(`${signal}: the task cleans up and ends, also when it comes again`, () =>
    withFixtureTask([], waiting, async (task) => {
      const started = task.start([])
      const made = (file: string) => () => existsSync(join(task.directory, file))
      await until('it started', made('started'), started)
      started.child.kill(signal)
      await until('it cleans up', made('cleaning'), started)
      started.child.kill(signal)
      writeFiles(task.directory, { 'go-on': '' })
      assert.equal(await started.ended, { code: 2, stdout: '', stderr: `error: interrupted (${signal})\n` })
      assert.is(readFileSync(join(task.directory, 'cleaned'), 'utf8'), `interrupted (${signal})`)
    }))
}

test('mise run: Ctrl-C reaches the task, which cleans up', () =>
  withFixtureTask([], waiting, async (task) => {
    writeFiles(task.directory, { 'go-on': '' })
    const started = task.start([], { via: 'mise' })
    await until('it started', () => existsSync(join(task.directory, 'started')), started)
    started.child.kill('SIGINT')
    await started.ended
    await until('it cleaned up', () => existsSync(join(task.directory, 'cleaned')))
  }))

test('mise run passes the exit codes on', () =>
  withFixtureTask(
    ['flag "--code <code>" help="Code"'],
    `return { exitCode: Number(usage.text('code')), lines: [], json: {} }`,
    async (task) => {
      for (const code of [0, 1, 2, 70])
        assert.is((await task.run(['--code', String(code)], { via: 'mise' })).code, code)
    },
  ))

test('a reader that stops reading does not stop the work', () => {
  // more lines than a pipe holds
  const body = `
    const { errorMonitor, once } = await import('node:events')
    const { writeFileSync } = await import('node:fs')
    const stopped = once(process.stdout, errorMonitor)
    for (let line = 0; line < 20_000; line++) caller.say('line ' + line)
    await stopped
    caller.say('end')
    writeFileSync('finished', '')
    return { exitCode: 0, lines: ['done'], json: {} }`
  return withFixtureTask([], body, async (task) => {
    const command = `node tasks/made/task.ts | head -1; echo "\${PIPESTATUS[0]}"`
    const { ended } = startProgram(['bash', '-c', command], { cwd: task.directory, env: task.env })
    assert.equal(await ended, { code: 0, stdout: 'line 0\n0\n', stderr: '' })
    assert.ok(existsSync(join(task.directory, 'finished')))
  })
})

/** Says more than a pipe holds, and makes the file `finished`. */
const chatty = `
  const { writeFileSync } = await import('node:fs')
  for (let line = 0; line < 20_000; line++) caller.say('line ' + line)
  writeFileSync('finished', '')
  return { exitCode: usage.flag('no') ? 1 : 0, lines: ['done'], json: {} }`

test('a pipe that is full and never read: the work is done, and a signal ends the task', () =>
  withFixtureTask(['flag "--no" help="Ends with 1"'], chatty, async (task) => {
    for (const [args, code] of [
      [[], 2],
      [['--no'], 1],
    ] as const) {
      const command = [process.execPath, join(task.directory, 'tasks', 'made', 'task.ts'), ...args]
      const child = spawn(command[0]!, command.slice(1), {
        cwd: task.directory,
        env: task.env,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'exit')
      const finished = join(task.directory, 'finished')
      await until('it has done its work', () => existsSync(finished))
      rmSync(finished)
      // it waits for somebody to read
      await sleep(300)
      assert.is(child.exitCode, null)
      child.kill('SIGINT')
      assert.equal(await ended, [code, null])
    }
  }))

for (const [where, lost] of Object.entries({
  'a full device': '>/dev/full',
  'a pipe that nobody has': '> >(exec >&- <&-; touch closed)',
  'a file that may not grow': '>file',
})) {
  test(`output that is lost is not success: ${where}`, () => {
    const body = `
      const { existsSync } = await import('node:fs')
      const { setTimeout: sleep } = await import('node:timers/promises')
      while (usage.flag('wait') && !existsSync('closed')) await sleep(20)
      const x = 'x'.repeat(2000)
      return { exitCode: usage.flag('no') ? 1 : 0, lines: [x], json: { x } }`
    const usage = [...json, 'flag "--wait" help="Waits"', 'flag "--no" help="Ends with 1"']
    return withFixtureTask(usage, body, async (task) => {
      const run = (...args: string[]) => {
        const limit = lost === '>file' ? 'ulimit -f 1;' : ''
        const wait = lost.includes('closed') ? '--wait' : ''
        const command = `${limit} rm -f closed; node tasks/made/task.ts ${wait} ${args.join(' ')} ${lost}`
        return startProgram(['bash', '-c', command], { cwd: task.directory, env: task.env }).ended
      }
      for (const args of [[], ['--json'], ['--no'], ['--no', '--json']]) {
        const { code, stderr } = await run(...args)
        assert.is(code, 2, stderr)
        assert.match(stderr, /^error: the output could not be written \((ENOSPC|EPIPE|EFBIG)\)$/m)
      }
    })
  })
}

test('what the machine lacks is no bug', () =>
  withFixtureTask(
    json,
    `const { writeFileSync } = await import('node:fs'); writeFileSync('/dev/full', 'x')`,
    async (task) => {
      const { code, stdout, stderr } = await task.run(['--json'])
      assert.is(code, 2)
      assert.is(stderr, 'error: no space is left on the device (write)\n')
      assert.match(JSON.parse(stdout).error.message, 'no space is left on the device')
    },
  ))

for (const value of ['child_process', 'net,http,stream', '*'])
  test(`NODE_DEBUG=${value}: refused before anything is started, for it shows what programs are given`, () =>
    withFixtureTask(
      json,
      `const { spawnSync } = await import('node:child_process')
      spawnSync('cat', { input: ${JSON.stringify([...secret])}.join('') })
      return { exitCode: 0, lines: [], json: {} }`,
      async (task) => {
        const { code, stdout, stderr } = await task.run(['--json'], { env: { NODE_DEBUG: value } })
        assert.is(code, 2)
        assert.match(stderr, /^error: NODE_DEBUG is set .*\nhint: unset NODE_DEBUG$/m)
        assert.match(JSON.parse(stdout).error.message, 'NODE_DEBUG')
        assert.not.match(stderr, secret)
      },
    ))

for (const mode of ['warn', 'strict', 'none', 'throw'])
  for (const trace of ['', '--trace-uncaught', '--trace-warnings', '--trace-exit'])
    test(`Node does not show an error that nobody expected: --unhandled-rejections=${mode} ${trace}`, () =>
      withFixtureTask(
        [],
        `Promise.reject(new Error('${secret}')); process.emitWarning('${secret}')
        await new Promise((done) => setTimeout(done, 50)); return { exitCode: 0, lines: [], json: {} }`,
        async (task) => {
          const NODE_OPTIONS = `--unhandled-rejections=${mode} ${trace}`
          const { code, stdout, stderr } = await task.run([], { env: { NODE_OPTIONS } })
          assert.is(code, 70, stderr)
          assert.not.match(stdout + stderr, secret)
        },
      ))

test('where nobody watches no progress is shown, and no colour', () =>
  withFixtureTask(
    [],
    `caller.status('working'); caller.note('note'); caller.status(undefined); ${throwing(`new UserError('no')`)}`,
    async (task) => {
      assert.equal(await task.run([], { env: { NO_COLOR: '' } }), {
        code: 2,
        stdout: '',
        stderr: 'note\nerror: no\n',
      })
    },
  ))

test('neither the options nor our compile cache are passed on to what the task starts', () =>
  withFixtureTask(
    ['flag "--name <name>" help="Name"'],
    `const passed = Object.keys(caller.env).filter((name) => /^usage_|^NODE_COMPILE_CACHE$/.test(name)).join()
    return { exitCode: 0, json: {}, lines: [usage.text('name'), process.env.NODE_COMPILE_CACHE, passed] }`,
    async (task) => {
      const call = (own: string | undefined) =>
        task.run(['--name', 'x'], { via: 'mise', env: { NODE_COMPILE_CACHE: own } })
      assert.is((await call(undefined)).stdout, `x\n${task.env.HOME}/.cache/flux-sops-tasks/compile\n\n`)
      // one that the user has is theirs
      const own = `${task.env.HOME}/own`
      assert.is((await call(own)).stdout, `x\n${own}\nNODE_COMPILE_CACHE\n`)
    },
  ))

for (const via of ['node', 'mise'] as const) {
  test(`via ${via}: a relative path in a variable starts where the user stands, wherever a program runs`, () =>
    withFixtureTask(
      [],
      `const { KUBECONFIG, SOPS_AGE_KEY_FILE, SOPS_CONFIG } = caller.env
      return { exitCode: 0, json: {}, lines: [JSON.stringify([KUBECONFIG, SOPS_AGE_KEY_FILE, SOPS_CONFIG])] }`,
      async (task) => {
        const cwd = join(task.directory, 'sub')
        mkdirSync(cwd)
        const said = async (env: NodeJS.ProcessEnv) =>
          JSON.parse((await task.run([], { via, cwd, env })).stdout)
        const root = task.directory
        assert.equal(
          await said({ KUBECONFIG: '../a:b::/c', SOPS_AGE_KEY_FILE: '../k', SOPS_CONFIG: '../a.yaml' }),
          [`${root}/a:${cwd}/b::/c`, `${root}/k`, `${root}/a.yaml`],
        )
        assert.equal(await said({ KUBECONFIG: '/k', SOPS_CONFIG: '/b.yaml' }), ['/k', null, '/b.yaml'])
        assert.equal(await said({ KUBECONFIG: '', SOPS_AGE_KEY_FILE: '' }), ['', '', null])
      },
    ))
}

test.run()
