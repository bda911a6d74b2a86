import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { which } from 'zx/core'
import { type CommandError, MissingProgram } from '../../../scripts/lib/errors.ts'
import { attempt, run } from '../../../scripts/lib/run.ts'
import { servePipe } from '../../../scripts/lib/sops/files/identity-pipe.ts'
import { withDirectory } from '../../helpers/files.ts'
import { listProcesses, until } from '../../helpers/processes.ts'
import { errorOf } from '../../helpers/thrown.ts'

const text = `# a key\n a\r\nü $HOME '"\`\\ %s end\n\n`.repeat(500)

const shells = ['sh', 'bash', 'dash', 'busybox', 'ksh', 'mksh', 'yash']
for (const name of shells) {
  const file = which.sync(name, { nothrow: true })
  if (!file) continue
  test(`each reader gets the whole text, whichever shell is called sh: ${name}`, () =>
    withDirectory(async (directory) => {
      const bin = join(directory, 'bin')
      mkdirSync(bin)
      symlinkSync(file, join(bin, 'sh'))
      for (const program of ['cat', 'mkfifo', 'rm']) symlinkSync(which.sync(program), join(bin, program))
      // a variable that is exported would be for all programs, and their arguments can be seen by everybody
      const env = { PATH: bin, text: 'theirs', line: 'theirs' }
      const own = join(directory, `it's private`)
      const { path, end } = await servePipe(text, own, { env })
      // more often than pipes are made at once, and some that read nothing or not all
      for (let round = 0; round < 40; round++) {
        if (round % 7 === 0) await attempt(['sh', '-c', 'exec 3<"$1"', 'sh', path], { env })
        assert.is(await run(['cat', path], { env }), `${text}\n`)
      }
      await end()
      assert.equal(running(own), [])
    }))
}

test('two pipes for two at a time', () =>
  withDirectory(async (directory) => {
    const env = process.env
    const pipes = await Promise.all(['a', 'b'].map((name) => servePipe(text, join(directory, name), { env })))
    for (let round = 0; round < 40; round++)
      for (const read of await Promise.all(pipes.map(({ path }) => run(['cat', path]))))
        assert.is(read, `${text}\n`)
    for (const { end } of pipes) await end()
  }))

test('it ends when we are killed, also where nobody has read', () =>
  withDirectory(async (directory) => {
    const own = join(directory, 'own')
    const file = join(import.meta.dirname, '../../../scripts/lib/sops/files/identity-pipe.ts')
    const script = `const { servePipe } = await import(${JSON.stringify(file)})
      const { path } = await servePipe('x', ${JSON.stringify(own)}, { env: process.env })
      console.log(path)
      setInterval(() => {}, 1000)`
    const task = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [path] = await new Promise<string[]>((resolve) =>
      task.stdout.once('data', (chunk) => resolve(`${chunk}`.split('\n'))),
    )
    assert.not.equal(running(own), [])
    // stopped, it answers nobody: a reader waits
    task.kill('SIGSTOP')
    const reader = attempt(['cat', path ?? ''])
    await setTimeout(200)
    task.kill('SIGKILL')
    assert.is((await reader).stdout, '')
    await until('it has ended', () => running(own).length === 0 && !existsSync(own))
  }))

test('a shell whose printf is a program gets no identity: arguments can be seen by everybody', () =>
  withDirectory(async (directory) => {
    const start = `#!${which.sync('bash')}\nexec bash -c "enable -n printf; $2" sh "$4"\n`
    writeFileSync(join(directory, 'sh'), start, { mode: 0o755 })
    const env = { PATH: `${directory}:${process.env.PATH}` }
    const error = await errorOf<CommandError>(servePipe('x', join(directory, 'own'), { env }))
    assert.is(error.code, 126)
    assert.match(error.stderr, /no printf of its own/)
  }))

test('where it has not started, nothing of it is left and nothing goes on', () =>
  withDirectory(async (directory) => {
    const own = join(directory, 'own')
    for (const [name, text] of [
      ['mkfifo', 'exit 1'],
      ['rm', `sleep 0.5; exec '${which.sync('rm')}' "$@"`],
    ] as const)
      writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    const env = { PATH: `${directory}:${process.env.PATH}` }
    await errorOf<CommandError>(servePipe('x', own, { env }))
    assert.equal([existsSync(own), running(own)], [false, []])
  }))

test('what is missing is named', () =>
  withDirectory(async (directory) => {
    const none = await errorOf(servePipe('x', join(directory, 'own'), { env: { PATH: directory } }))
    assert.instance(none, MissingProgram)
    assert.is(none.message, 'sh is not on PATH')
  }))

const running = (directory: string) => listProcesses().filter(({ command }) => command.includes(directory))

test.run()
