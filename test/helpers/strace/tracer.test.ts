import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withDirectory } from '../files.ts'
import { assertNotShown, makeTracer, type Shown } from './tracer.ts'

const secret = 'planted secret, "ä"\\1'

/** What a line of a shell shows, which has the secret on its stdin, in `$secret`, and in the file `key`. */
async function shownBy(line: string, check: (shown: Shown, directory: string) => void): Promise<void> {
  await withDirectory(async (directory) => {
    const traces = join(directory, 'traces')
    mkdirSync(traces)
    writeFileSync(join(directory, 'key'), secret)
    const tracer = makeTracer(traces)
    const [program = '', ...args] = [...tracer.before(), 'sh', '-c', `IFS= read -r secret; ${line}`]
    execFileSync(program, args, { cwd: directory, input: `${secret}\n` })
    check(tracer.shown(), directory)
  })
}

const inLatin1 = Buffer.from(secret).toString('latin1')

const check = (shown: Shown, directory: string) =>
  assertNotShown(shown, ['another secret', inLatin1], (path) => path === join(directory, 'key'))

for (const [where, line] of Object.entries({
  'an argument': 'true; /bin/true "$secret"',
  'the environment': 'export secret; sh -c true',
  'a file that is removed': 'printf %s "$secret" >gone; rm gone',
  'a file that is written in two calls': 'printf %s "$secret" | dd bs=5 of=gone status=none; rm gone',
  'the name of a file': 'mkdir "$secret"',
  'a copy of the file that has it': 'cp key gone; rm gone',
}))
  test(`assertNotShown: a secret in ${where}, which it does not repeat`, () =>
    shownBy(line, (shown, directory) =>
      assert.throws(
        () => check(shown, directory),
        ({ message }: Error) => !message.includes(secret) && !message.includes(inLatin1),
      ),
    ))

test('assertNotShown: an identity that nobody has named', () =>
  shownBy(`printf 'AGE-SECRET-KEY-1%030d' 1 >gone`, (shown) =>
    assert.throws(() => assertNotShown(shown, [], () => false)),
  ))

test('assertNotShown: nothing where it goes through pipes, and into the file that may hold it', () =>
  shownBy(
    'mkfifo "$PWD/pipe"; printf %s "$secret" >pipe & cat pipe | cat >/dev/null; printf "\\n%s" "$secret" >>key',
    (shown, directory) => {
      check(shown, directory)
      assert.equal(shown.pipes, [join(directory, 'pipe')])
      assert.is(shown.written[join(directory, 'key')], `\n${inLatin1}`)
    },
  ))

test.run()
