import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { projectRoot } from '../../helpers/documents.ts'
import { recipientIn, withInit } from '../../helpers/init.ts'
import { until } from '../../helpers/processes.ts'
import { startProgram } from '../../helpers/program.ts'
import { miseOffline, startTask } from '../../helpers/task.ts'

/** Done in the repository while sops tries the rules: after all was looked at, and before anything is written. */
const meanwhile: [name: string, command: string, said: string, left: Record<string, string>][] = [
  [
    'rules appear',
    'echo mine >.sops.yaml',
    '.sops.yaml: it is there',
    { '.gitignore': 'a\n', '.sops.yaml': 'mine\n' },
  ],
  ['.gitignore changes', 'echo mine >.gitignore', '.gitignore: it has changed', { '.gitignore': 'mine\n' }],
  ['.gitignore goes', 'rm .gitignore', '.gitignore: ENOENT', {}],
  [
    'a key appears',
    'echo mine >.age-key.txt',
    '.age-key.txt: it is there',
    { '.age-key.txt': 'mine\n', '.gitignore': 'a\n' },
  ],
  ['.sops.yaml becomes a directory', 'mkdir .sops.yaml', '.sops.yaml: it is there', { '.gitignore': 'a\n' }],
]

for (const [name, command, said, left] of meanwhile)
  test(`all or nothing: ${name} meanwhile`, () =>
    withInit(
      { '.gitignore': 'a\n' },
      async ({ root, files, init }) => {
        const { code, stdout, stderr } = await init()
        assert.is(code, 2)
        assert.is(stdout, '')
        assert.match(stderr, `cannot write ${said}`)
        assert.equal(files(), Object.keys(left))
        for (const [file, text] of Object.entries(left))
          assert.is(readFileSync(join(root, file), 'utf8'), text)
      },
      { before: { sops: `case "$*" in *encrypt*) (cd ../../repository && ${command}) ;; esac` } },
    ))

test('all or nothing: a file that is larger than the limit allows', () =>
  withInit({ '.gitignore': 'directory/\n'.repeat(10_000) }, async ({ root, git, files, trace }) => {
    const entry = join(projectRoot, 'tasks/sops/init.ts')
    // 32 KiB or 64 KiB, which the key and the rules need not
    const script = `trap '' XFSZ; ulimit -f 64; exec "$0" "$1"`
    const call = { cwd: root, env: { ...trace.env, ...miseOffline } }
    const { code, stderr } = await startProgram(['sh', '-c', script, process.execPath, entry], call).ended
    assert.is(code, 2)
    assert.match(stderr, 'cannot write .gitignore: EFBIG')
    assert.equal(files(), ['.gitignore'])
    assert.is(git('status', '--porcelain'), '')
  }))

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`${signal} while sops tries the rules leaves nothing`, () =>
    withInit(
      {},
      async ({ root, temporary, trace, files }) => {
        const started = startTask('sops:init', [], { cwd: root, env: trace.env })
        await until('sops runs', () => /^\S*\/sops /m.test(trace.calls()), started)
        started.child.kill(signal)
        assert.is((await started.ended).code, 2)
        assert.equal(files(), [])
        assert.equal(readdirSync(temporary), [])
      },
      { before: { sops: 'sleep 100 & wait $!' } },
    ))

test('what a run leaves that was killed, the next one takes away or goes on with', () =>
  withInit(
    {},
    async ({ root, temporary, trace, files, init }) => {
      const started = startTask('sops:init', [], { cwd: root, env: trace.env })
      await until('sops runs', () => /^\S*\/sops /m.test(trace.calls()), started)
      started.child.kill('SIGKILL')
      await started.ended
      assert.equal(files(), [])
      assert.is(readdirSync(temporary).length, 1)
      writeFileSync(join(root, '..', 'go'), '')
      assert.is((await init()).code, 0)
    },
    // beside the wrapper, for the directory that sops works in is taken away
    { before: { sops: `until [ -e "\${0%/*}/../go" ]; do sleep 0.05; done` } },
  ))

test('runs at once: one key, and the rules name it', () =>
  withInit({}, async ({ root, trace, files, init }) => {
    for (let round = 0; round < 3; round++) {
      const runs = [1, 2, 3].map(() => startTask('sops:init', [], { cwd: root, env: trace.env }).ended)
      const ended = await Promise.all(runs)
      assert.ok(ended.some(({ code }) => code === 0))
      for (const { code, stderr } of ended) assert.ok(code === 0 || code === 2, stderr)
      assert.equal(files(), ['.age-key.txt', '.gitignore', '.sops.yaml'])
      const recipient = recipientIn(join(root, '.age-key.txt'))
      assert.match(readFileSync(join(root, '.sops.yaml'), 'utf8'), `age: ${recipient}\n`)
      assert.is(readFileSync(join(root, '.gitignore'), 'utf8'), '/.age-key.txt*\n')
      assert.is((await init(['--check'])).code, 0)
      for (const file of files()) rmSync(join(root, file))
    }
  }))

test('each part is made where only that one is missing', () =>
  withInit({}, async ({ root, files, init }) => {
    await init()
    const all = files().map((file): [string, string] => [file, readFileSync(join(root, file), 'utf8')])
    for (const [file, text] of all.filter(([name]) => name !== '.age-key.txt')) {
      rmSync(join(root, file))
      assert.is((await init(['--check'])).code, 1)
      assert.match((await init()).stdout, /^created what was missing\n/)
      for (const [name, same] of all)
        assert.is(readFileSync(join(root, name), 'utf8'), same, `${file}: ${name}`)
      assert.is(readFileSync(join(root, file), 'utf8'), text)
    }
  }))

test.run()
