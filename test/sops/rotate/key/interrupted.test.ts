import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { recipientIn } from '../../../helpers/init.ts'
import { makeKey } from '../../../helpers/keys.ts'
import { until } from '../../../helpers/processes.ts'
import { type Started, startProgram } from '../../../helpers/program.ts'
import { type KeyPlace, withKeyPlace } from './place.ts'

const key = makeKey()
const old = key.recipient

function start({ root, trace }: KeyPlace, args: string[], input = '', env: NodeJS.ProcessEnv = {}): Started {
  const program = [process.execPath, join(import.meta.dirname, 'run.ts'), old, ...args]
  return startProgram(program, { cwd: root, env: { ...trace.env, ...env }, input })
}

async function heard(started: Started, word: string): Promise<void> {
  let text = ''
  started.child.stdout!.on('data', (chunk) => {
    text += chunk
  })
  await until(word, () => text.includes(word), started)
}

test('kill -9 before the identity is kept: nothing is there; behind that it is found again', () =>
  withKeyPlace(async (place) => {
    const { write, read, git } = place
    const file = write('age.key', key.text)
    const before = start(place, ['before'])
    await heard(before, 'made')
    before.child.kill('SIGKILL')
    await before.ended
    assert.is(read('age.key'), key.text)
    const behind = start(place, ['behind'])
    await heard(behind, 'kept')
    behind.child.kill('SIGKILL')
    await behind.ended
    const text = read('age.key')
    const [, made] = recipientIn(file).split('\n')
    const { code, stdout, stderr } = await start(place, []).ended
    assert.is(code, 0, stderr)
    assert.is(stdout, `found age.key ${made}\n`)
    assert.is(read('age.key'), text)
    assert.is(git('status', '--porcelain'), '')
  }))

test('--store hands the identity to the command by stdin alone, and a later run finds it where SOPS_AGE_KEY_CMD prints it', () =>
  withKeyPlace(
    async (place) => {
      const { root, directory, write, read } = place
      write('age.key', key.text)
      const store = JSON.stringify({ store: 'tee ../stored.txt; cat ../stored.txt >&2' })
      const { code, stdout, stderr } = await start(place, ['', store]).ended
      assert.is(code, 0, stderr)
      const file = join(directory, 'stored.txt')
      const recipient = recipientIn(file)
      assert.is(stdout, `new the command of --store ${recipient}\nnext-kept-elsewhere\n`)
      assert.is(stderr, '')
      assert.is(read('age.key'), key.text)
      const again = await start(place, ['', store], '', { SOPS_AGE_KEY_CMD: 'cat ../stored.txt' }).ended
      assert.is(again.stdout, `found SOPS_AGE_KEY_CMD ${recipient}\n`, again.stderr)
      const given = await start(
        place,
        ['', JSON.stringify({ newKey: '-' })],
        `${key.secret}\n${readFileSync(file, 'utf8')}`,
      ).ended
      assert.is(given.stdout, `found stdin ${recipient}\nnext-kept-elsewhere\n`, given.stderr)
      assert.is(read('age.key'), key.text)
      const failed = await start(place, ['', JSON.stringify({ store: 'cat >/dev/null; exit 3' })]).ended
      assert.is(failed.code, 2)
      assert.match(failed.stderr, 'the command of --store failed (exit 3), so the identity')
      assert.is(existsSync(join(root, 'stored.txt')), false)
    },
    { keyFiles: ['../stored.txt'] },
  ))

test('Ctrl-C while the command of --store runs: it ends, and the identity is said to be lost', () =>
  withKeyPlace(
    async (place) => {
      const { directory, write, read } = place
      write('age.key', key.text)
      const file = join(directory, 'stored.txt')
      const started = start(place, ['', JSON.stringify({ store: `cat >${file}; exec sleep 100` })])
      const hasKey = () => existsSync(file) && /^AGE-SECRET-KEY-1\w{50,}$/m.test(readFileSync(file, 'utf8'))
      await until('the command has the identity', hasKey, started)
      started.child.kill('SIGINT')
      const { code, stdout, stderr } = await started.ended
      assert.is(code, 2)
      assert.is(stdout, '')
      assert.is(
        stderr,
        `the identity of ${recipientIn(file)} is lost, unless the command of --store has kept it\nerror: interrupted (SIGINT)\n`,
      )
      assert.is(read('age.key'), key.text)
    },
    { keyFiles: ['../stored.txt'] },
  ))

test.run()
