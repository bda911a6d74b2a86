import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { recipientIn, withInit } from '../../helpers/init.ts'
import { until } from '../../helpers/processes.ts'
import { startTask } from '../../helpers/task.ts'

const stored = { keyFiles: ['stored.txt'] }
const identityIn = (text: string) => text.match(/^AGE-SECRET-KEY-1\w{50,}$/gm) ?? []

test('--store hands the identity to a command by stdin, and keeps it nowhere', () =>
  withInit(
    { 'apps/a.yaml': 'a: 1\n' },
    async ({ root, directory, files, init }) => {
      const call = { cwd: join(root, 'apps') }
      // what the command prints may be the key
      const { code, stdout, stderr } = await init(
        ['--store', 'tee ../../stored.txt; cat ../../stored.txt >&2'],
        call,
      )
      assert.is(code, 0, stderr)
      const file = join(directory, 'stored.txt')
      assert.is(identityIn(readFileSync(file, 'utf8')).length, 1)
      assert.match(stdout, /^ {2}identity +kept by the command of --store \(new\)$/m)
      assert.match(stderr, 'mise run flux:sops-key --key-file -')
      assert.equal(files(), ['.sops.yaml', 'apps/a.yaml'])
      assert.match(readFileSync(join(root, '.sops.yaml'), 'utf8'), `age: ${recipientIn(file)}\n`)
      // the key is not at hand: no second one is made
      assert.is((await init(['--store', 'cat >../stored.txt'])).code, 1)
      const again = await init(['--key-file', file])
      assert.match(again.stdout, /^unchanged\n/)
    },
    stored,
  ))

test('--store with a command that fails: nothing is written, and the identity is said to be lost', () =>
  withInit(
    {},
    async ({ files, init }) => {
      const cases: [command: string, said: RegExp][] = [
        ['cat >../stored.txt; echo not signed in >&2; exit 3', /\(exit 3\).* is lost: not signed in\n/],
        ['tee ../stored.txt >&2; exit 1', /\(exit 1\).* is lost: [^\n]*<redacted>\n/],
        ...['base64 -w0', 'sed s/^AGE-SECRET-KEY-1//', 'fold -w 20'].map((form): [string, RegExp] => [
          `tee ../stored.txt | ${form} >&2; exit 1`,
          /\(exit 1\).* is lost: what it says has the identity in it, and is not shown\n/,
        ]),
        ['echo line 1 is not AGE-SECRET-KEY-1… >&2; exit 1', /is lost: line 1 is not /],
        ['exit 4', /\(exit 4\).* is lost: it says nothing\n/],
        ['no-such-program', /\(exit 127\).* is lost: .*not found/],
      ]
      for (const [command, said] of cases) {
        const { code, stdout, stderr } = await init(['--store', command])
        assert.is(code, 2, command)
        assert.is(stdout, '')
        assert.match(stderr, said)
        assert.equal(files(), [])
      }
      // no rules, no key: as if nothing had been
      assert.is((await init()).code, 0)
      assert.equal(files(), ['.age-key.txt', '.gitignore', '.sops.yaml'])
    },
    stored,
  ))

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`${signal} while the command of --store runs: nothing is written, and the command ends`, () =>
    withInit(
      {},
      async ({ root, directory, trace, files }) => {
        const file = join(directory, 'stored.txt')
        const started = startTask('sops:init', ['--store', `cat >${file}; exec sleep 100`], {
          cwd: root,
          env: trace.env,
        })
        await until(
          'the command has the identity',
          () => existsSync(file) && identityIn(readFileSync(file, 'utf8')).length,
          started,
        )
        started.child.kill(signal)
        const { code, stdout, stderr } = await started.ended
        assert.is(code, 2)
        assert.is(stdout, '')
        const recipient = recipientIn(file)
        assert.is(
          stderr,
          `the identity of ${recipient} is lost, unless the command of --store has kept it\nerror: interrupted (${signal})\n`,
        )
        assert.equal(files(), [])
      },
      stored,
    ))

test('where the rules cannot be written after the identity was stored, that is said', () =>
  withInit(
    {},
    async ({ root, directory, files, init }) => {
      const { code, stderr } = await init(['--store', 'cat >../stored.txt; echo mine >.sops.yaml'])
      assert.is(code, 2)
      const recipient = recipientIn(join(directory, 'stored.txt'))
      assert.match(stderr, `the command of --store has the identity of ${recipient} all the same\n`)
      assert.match(stderr, 'error: cannot write .sops.yaml: it is there already')
      assert.equal(files(), ['.sops.yaml'])
      assert.is(readFileSync(join(root, '.sops.yaml'), 'utf8'), 'mine\n')
      // with that identity it goes on
      writeFileSync(join(root, '.sops.yaml'), '')
      assert.match(
        (await init(['--key-file', '../stored.txt'])).stderr,
        'error: .sops.yaml: has no creation_rules',
      )
    },
    stored,
  ))

test('--store excludes --key-file and --check', () =>
  withInit({}, async ({ files, init }) => {
    for (const args of [['--key-file', 'x'], ['--check']])
      assert.is((await init(['--store', 'cat >../stored.txt', ...args])).code, 2)
    assert.equal(files(), [])
  }))

test.run()
