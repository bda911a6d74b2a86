import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { which } from 'zx/core'
import { CommandError, MissingProgram, type UserError } from '../../scripts/lib/errors.ts'
import { attempt, run } from '../../scripts/lib/run.ts'
import { serve } from '../../scripts/lib/serve.ts'
import { withDirectory, writeFiles } from '../helpers/files.ts'
import { listProcesses, until } from '../helpers/processes.ts'
import { startProgram } from '../helpers/program.ts'
import { errorOf } from '../helpers/thrown.ts'

const shell = (script: string, ...args: string[]) => ['sh', '-c', script, 'sh', ...args]

/** A duration that no other process sleeps, to find it by. It is longer than a test may take. */
let number = 0
const unique = () => `${1000 + number++}.${process.pid}`
const sleeper = (duration: string) => listProcesses().find(({ command }) => command === `sleep ${duration}`)
const isAsleep = (duration: string) => sleeper(duration) !== undefined

const nasty = [
  ...[
    "it's",
    "''",
    '"q"',
    '$HOME',
    '$'.concat('{HOME}'),
    '`id`',
    '$(id)',
    'a b',
    '',
    'a\nb',
    '\n',
    'tab\t',
    '\r',
    '\\',
    "\\'",
  ],
  ...[
    '*',
    '~',
    '!x',
    '-n',
    ';',
    '&&',
    '|',
    '>x',
    '(',
    '{a,b}',
    '[a]',
    '%s',
    '=',
    'ü💥',
    '\u2028',
    '\u0001',
    '#',
    '# a',
  ],
]
const showArguments = [
  ...['node', '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--'],
  ...nasty,
]

test('arguments arrive as they are', async () => {
  assert.equal(JSON.parse(await run(showArguments)), nasty)
})

/** The shells of this machine, each as the only one on PATH. The one called sh is always there. */
const shells = ['sh', 'bash', 'dash', 'busybox', 'ksh', 'mksh', 'yash']
for (const name of shells) {
  const file = which.sync(name, { nothrow: true })
  if (!file) continue
  test(`whichever shell is called sh: ${name}`, () =>
    withDirectory(async (directory) => {
      const bin = join(directory, 'bin')
      mkdirSync(bin)
      symlinkSync(file, join(bin, 'sh'))
      for (const program of ['node', 'cat', 'rm', 'sleep'])
        symlinkSync(which.sync(program), join(bin, program))
      const env = { PATH: bin }
      const served = await serve(showArguments, { directory, env })
      assert.equal(JSON.parse(served.line), nasty)
      await served.end()

      // the task is killed: what it serves ends, and the directory is removed
      const [duration, private_] = [unique(), join(directory, `it's private`)]
      const module = JSON.stringify(join(import.meta.dirname, '..', '..', 'scripts', 'lib', 'serve.ts'))
      const args = JSON.stringify(shell(`echo $$; exec sleep ${duration}`))
      const script = `const { serve } = await import(${module})
        const { line } = await serve(${args}, { directory: ${JSON.stringify(private_)}, env: process.env })
        console.log(line)`
      mkdirSync(private_)
      const task = startProgram([process.execPath, '--input-type=module', '-e', script], { cwd: '/', env })
      await until('it serves', () => isAsleep(duration), task)
      task.child.kill('SIGKILL')
      await until('it has ended', () => !isAsleep(duration) && !existsSync(private_))
    }))
}

test('stdin, stdout, the directory and the environment', async () => {
  const input = 'a\r\nü $HOME \'"`\\ \0 end'
  assert.is(await run(['cat'], { input }), input)
  assert.is(await run(['cat']), '')
  assert.is(await run(['pwd'], { cwd: '/' }), '/\n')
  assert.is(await run(shell('echo "$A"'), { env: { PATH: process.env.PATH, A: 'b c' } }), 'b c\n')
})

test('much input and output', async () => {
  const input = 'ü'.repeat(2_000_000)
  assert.is(await run(['cat'], { input }), input)
})

test('a character that comes in two pieces', async () => {
  const halves = String.raw`printf '\303'; sleep 0.2; printf '\274'`
  assert.is(await run(shell(halves)), 'ü')
  assert.is((await errorOf<CommandError>(run(shell(`{ ${halves}; } >&2; exit 3`)))).stderr, 'ü')
})

test('a program that does not read its input is no error', async () => {
  for (let round = 0; round < 5; round++) assert.is(await run(['true'], { input: 'x'.repeat(2_000_000) }), '')
  const error = await errorOf<CommandError>(
    run(shell('exec 0<&-; echo why >&2; exit 3'), { input: 'x'.repeat(2_000_000) }),
  )
  assert.is(error.stderr, 'why')
})

test('an exit code is an error with what the program said on stderr, never on stdout', async () => {
  const error = await errorOf<CommandError>(
    run(shell('echo secret-value; echo "it broke" >&2; exit 3'), { input: 'secret-value' }),
  )
  assert.instance(error, CommandError)
  assert.is(error.message, 'sh failed (exit 3): it broke')
  assert.is(error.code, 3)
  assert.is(error.exitCode, 2)
  for (const value of [error.message, error.stack, error.stderr, JSON.stringify(error)])
    assert.not.match(value!, 'secret-value')
})

test('stderr is redacted', async () => {
  const script = 'echo "bad line: AGE-SECRET-KEY-1QQQ" >&2; exit 3'
  assert.is(
    (await errorOf<CommandError>(run(shell(script)))).message,
    'sh failed (exit 3): bad line: <redacted>',
  )
  assert.is((await attempt(shell(script))).stderr, 'bad line: <redacted>\n')
  const served = serve(shell(script), { directory: '/nonexistent' })
  assert.is((await errorOf<CommandError>(served)).message, 'sh failed (exit 3): bad line: <redacted>')
})

test('an error names the program and its verbs, but no option and no value behind one', async () => {
  const error = await errorOf(run(['git', 'no-such-verb', '--secret', 'value']))
  assert.match(error.message, /^git no-such-verb failed \(exit 1\): /)
})

test('exit codes that are an answer', async () => {
  assert.is(await run(shell('echo no; exit 1'), { okCodes: [1] }), 'no\n')
  assert.is((await errorOf(run(shell('exit 2'), { okCodes: [1] }))).message, 'sh failed (exit 2)')
  assert.equal(await attempt(shell('echo out; echo err >&2; exit 7')), {
    code: 7,
    stdout: 'out\n',
    stderr: 'err\n',
  })
})

test('a program that a signal ended has an exit code as in a shell', async () => {
  assert.is((await attempt(shell('kill -SEGV $$'))).code, 139)
  assert.match((await errorOf(run(shell('kill -KILL $$')))).message, /^sh failed \(exit 137\)$/)
})

test('a missing program is named, with how to get it', async () => {
  const error = await errorOf<UserError>(run(['no-such-program', '--x']))
  assert.instance(error, MissingProgram)
  assert.is(error.message, 'no-such-program is not on PATH')
  assert.match(error.hint!, /install no-such-program/)
  assert.is(error.exitCode, 2)
  await withDirectory(async (directory) => {
    const { hint } = await errorOf<UserError>(
      run(['kubectl', 'version'], { cwd: directory, env: { PATH: directory } }),
    )
    assert.match(hint!, /^`mise use kubectl@\d/)
    writeFiles(directory, { 'mise.toml': '[tools]\nkubectl = "1"\n' })
    const named = await errorOf<UserError>(
      run(['kubectl', 'version'], { cwd: directory, env: { PATH: directory } }),
    )
    assert.match(named.hint!, /^`mise install kubectl`/)
  })
})

test('without a shell a program is started all the same, and what needs one says so', () =>
  withDirectory(async (directory) => {
    symlinkSync(which.sync('cat'), join(directory, 'cat'))
    const env = { PATH: directory }
    assert.is(await run(['cat'], { input: 'x', env }), 'x')
    const error = await errorOf<UserError>(serve(['cat'], { directory, env }))
    assert.instance(error, MissingProgram)
    assert.is(error.message, 'sh is not on PATH')
  }))

test('exit code 127 of a program that is there is an error of the program', async () => {
  const error = await errorOf<CommandError>(run(shell('no-such-program')))
  assert.instance(error, CommandError)
  assert.match(error.message, /^sh failed \(exit 127\): .*no-such-program/)
})

test("the user's shell files are not read", () =>
  withDirectory(async (directory) => {
    writeFiles(directory, {
      '.bashrc': 'touch "$HOME/read"\n',
      '.profile': 'touch "$HOME/read"\n',
      env: 'touch "$HOME/read"\n',
    })
    for (const more of [
      {},
      { SHLVL: '0' },
      { ENV: join(directory, 'env') },
      { BASH_ENV: join(directory, 'env') },
    ]) {
      const env = { PATH: process.env.PATH, HOME: directory, ...more }
      const own = join(directory, `own-${Object.keys(more)}`)
      mkdirSync(own)
      const served = await serve(['echo', 'x'], { directory: own, env })
      assert.is(served.line, 'x')
      await served.end()
    }
    assert.not.ok(existsSync(join(directory, 'read')))
  }))

test('a timeout ends the program and all that it started', async () => {
  const [first, second] = [unique(), unique()]
  const error = await errorOf<CommandError>(run(shell(`sleep ${first} & sleep ${second}`), { timeout: 500 }))
  assert.is(error.message, 'sh did not end within 0.5 s')
  assert.is(error.code, null)
  assert.not.ok(isAsleep(first) || isAsleep(second))
})

test('a timeout ends programs that ignore SIGTERM', async () => {
  const [first, second] = [unique(), unique()]
  const stubborn = shell(`trap '' TERM; sleep ${first} & while true; do sleep 1; done`)
  assert.is((await attempt(stubborn, { timeout: 500 })).code, null)
  assert.not.ok(isAsleep(first))
  // the program itself ends, and what it started holds none of our pipes
  const orphan = shell(`(trap '' TERM; exec sleep ${second} </dev/null >/dev/null 2>&1) & exec sleep 600`)
  assert.is((await attempt(orphan, { timeout: 500 })).code, null)
  await until('it has ended', () => !isAsleep(second))
})

test('an aborted signal ends the program, and its reason is thrown', async () => {
  const abort = new AbortController()
  const reason = new Error('why')
  const [first, second] = [unique(), unique()]
  const work = [
    errorOf(run(['sleep', first], { signal: abort.signal })),
    errorOf(serve(['sleep', second], { signal: abort.signal, directory: '/nonexistent' })),
  ]
  await until('both run', () => isAsleep(first) && isAsleep(second))
  abort.abort(reason)
  assert.equal(await Promise.all(work), [reason, reason])
  assert.not.ok(isAsleep(first) || isAsleep(second))
  assert.is(await errorOf(run(['touch', '/no-such-directory/x'], { signal: abort.signal })), reason)
})

test('a program that is to end can clean up first', () =>
  withDirectory(async (cwd) => {
    const abort = new AbortController()
    const script = `trap 'touch cleaned; exit' TERM; touch ready; while :; do sleep 0.05; done`
    const ended = errorOf(run(shell(script), { cwd, signal: abort.signal }))
    await until('it is ready', () => existsSync(join(cwd, 'ready')))
    abort.abort(new Error('why'))
    assert.is((await ended).message, 'why')
    assert.ok(existsSync(join(cwd, 'cleaned')))
  }))

test('serve returns with the first line, and the program runs until it is told to end', () =>
  withDirectory(async (directory) => {
    const duration = unique()
    const { line, end } = await serve(shell(`echo ü; echo b; sleep ${duration}`), { directory })
    assert.is(line, 'ü')
    await until('it goes on', () => isAsleep(duration))
    await end()
    assert.not.ok(isAsleep(duration))
    assert.ok(existsSync(directory))
    // the second time finds nothing to end
    await end()
  }))

test('serve throws the error of a program that ends without a line', async () => {
  const directory = '/nonexistent'
  const error = await errorOf<CommandError>(
    serve(shell('printf question; echo broken >&2; exit 4'), { directory }),
  )
  assert.is(error.message, 'sh failed (exit 4): broken')
  const missing = serve(['no-such-program'], { directory })
  assert.is((await errorOf(missing)).message, 'no-such-program is not on PATH')
})

test('what serve has started ends when we are killed, and its directory goes', () =>
  withDirectory(async (parent) => {
    const [duration, directory] = [unique(), join(parent, "a b'c")]
    writeFiles(directory, { file: '' })
    const script = `import { serve } from ${JSON.stringify(join(import.meta.dirname, '../../scripts/lib/serve.ts'))}
await serve(['sh', '-c', 'echo; exec sleep ${duration}'], { directory: ${JSON.stringify(directory)} })
setInterval(() => {}, 1000)`
    const command = [process.execPath, '--input-type=module-typescript', '-e', script]
    const started = startProgram(command, { cwd: parent, env: process.env })
    try {
      await until('it serves', () => isAsleep(duration), started)
      assert.ok(existsSync(directory))
    } finally {
      started.child.kill('SIGKILL')
    }
    await until('both are gone', () => !isAsleep(duration) && !existsSync(directory))
  }))

test('a program that keeps the terminal is not waited for longer than it runs, whatever it leaves behind', async () => {
  const duration = unique()
  assert.is(await run(shell(`echo done; sleep ${duration} &`), { terminal: true }), 'done\n')
  await until('what it has left runs', () => isAsleep(duration))
  process.kill(sleeper(duration)!.pid)
})

test('git works where it is told to, whatever GIT_DIR and the like say', () =>
  withDirectory(async (directory) => {
    const [here, there] = [join(directory, 'here'), join(directory, 'there')]
    for (const repository of [here, there]) await run(['git', 'init', '--quiet', repository])
    const env = {
      ...process.env,
      GIT_DIR: join(there, '.git'),
      GIT_WORK_TREE: there,
      GIT_INDEX_FILE: join(there, 'x'),
    }
    for (const terminal of [false, true])
      assert.match(
        await run(['git', 'rev-parse', '--show-toplevel'], { cwd: here, env, terminal }),
        /\/here\n$/,
      )
  }))

test('SOPS_AGE_KEY reaches no program but those that keep the terminal: git, for the hooks of the user', async () => {
  const env = { PATH: process.env.PATH, SOPS_AGE_KEY: 'planted', OTHER: 'x' }
  assert.not.match(await run(['env'], { env }), 'planted')
  assert.match(await run(['env'], { env }), 'OTHER=x')
  assert.match(await run(['env'], { env, terminal: true }), 'SOPS_AGE_KEY=planted')
})

test.run()
