import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFiles, writeFiles } from '../../helpers/files.ts'
import { type Example, withExample } from '../../helpers/flux/example.ts'
import { makeKey } from '../../helpers/keys.ts'
import { assertNoLeak } from '../../helpers/leak.ts'
import { listProcesses, until } from '../../helpers/processes.ts'
import { type Call, type Ended, runTask, startTask } from '../../helpers/task.ts'
import { traceCalls } from '../../helpers/trace.ts'

const message = 'planted-message-51c7'
/** Of a plugin that nobody has. It is no secret. */
const plugin = 'AGE-PLUGIN-NONE-1UUQXN8'

const [other, third] = [makeKey().recipient, makeKey().recipient]
const rule = (keys: string) => `creation_rules:\n  - path_regex: \\.enc\\.yaml$\n${keys}\n`

/** Runs the task with a private directory for temporary files, and sees that nothing is left in it and nothing leaks. */
async function create(example: Example, args: string[] = [], call: Partial<Call> = {}): Promise<Ended> {
  const { root, directory, key } = example
  const TMPDIR = join(directory, 'tmp')
  mkdirSync(TMPDIR, { recursive: true })
  const env = { ...example.env, TMPDIR, ...call.env }
  const ended = await runTask('sops:test-create', ['--message', message, ...args], {
    cwd: root,
    ...call,
    env,
  })
  assert.equal(readdirSync(TMPDIR), [])
  const texts = { stdout: ended.stdout, stderr: ended.stderr }
  assertNoLeak([message, key.secret], texts, directory, ['repository/.age-key.txt', 'keys.txt'])
  return ended
}

/** Keys of a rule, in each of which the user's own is not the first. */
const keys: Record<string, (own: string, sshKey: string) => string> = {
  'written over lines': (own) => `    age: >-\n      ${other},\n      ${own}`,
  'in one line': (own) => `    age: ${other},${own}`,
  'in one line with blanks, and a comma at the end': (own) => `    age: "${other}, ${own},"`,
  'as a list': (own) => `    age:\n      - ${other}\n      - ${own}\n      - ${third}`,
  'in a key group': (own) => `    key_groups:\n      - age: [${other}, ${own}]`,
  'in merged key groups': (own) =>
    `    key_groups:\n      - merge:\n          - age: [${other}]\n          - age: [${own}]`,
  'in each of two key groups': (own) =>
    `    key_groups:\n      - age: [${other}, ${own}]\n      - age: [${third}, ${own}]`,
  'in two of three key groups, which are enough': (own) =>
    `    shamir_threshold: 2\n    key_groups:\n      - age: [${other}]\n      - age: [${third}, ${own}]\n      - age: [${own}]`,
  'behind an ssh key': (own, sshKey) => `    age: ${sshKey},${own}`,
  'behind eight others': (own) => `    age: ${Array.from({ length: 8 }, () => makeKey().recipient)},${own}`,
  'behind an anchor': (own) => `    age: &all "${other},${own}"`,
}

for (const [what, keysOf] of Object.entries(keys)) {
  test(`the key need not be the first recipient: ${what}`, () =>
    withExample({}, async (example) => {
      const { root, directory, key } = example
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(directory, 'ssh')])
      const sshKey = readFileSync(join(directory, 'ssh.pub'), 'utf8').trim()
      rmSync(join(directory, 'ssh'))
      writeFiles(root, { '.sops.yaml': rule(keysOf(key.recipient, sshKey)) })
      const { code, stdout, stderr } = await create(example)
      assert.is(code, 0, stderr)
      assert.match(stdout, key.recipient)
    }))
}

/** Each place that the key can come from, for a rule with two recipients, of which it is the second. */
const places: Record<string, (example: Example, keys: string) => { args?: string[]; call?: Partial<Call> }> =
  {
    '--key-file': (_, file) => ({ args: ['--key-file', file] }),
    '--key-file, relative to where the user stands': () => ({ args: ['--key-file', '../keys.txt'] }),
    '--key-file, and a variable that names another': ({ env }, file) => ({
      args: ['--key-file', file],
      call: { env: { ...env, SOPS_AGE_KEY_FILE: '/nonexistent' } },
    }),
    '--key-file -': ({ key }) => ({ args: ['--key-file', '-'], call: { input: key.text } }),
    SOPS_AGE_KEY_FILE: ({ env }, file) => ({ call: { env: { ...env, SOPS_AGE_KEY_FILE: file } } }),
    SOPS_AGE_KEY: ({ env, key }) => ({ call: { env: { ...env, SOPS_AGE_KEY: key.secret } } }),
    'SOPS_AGE_KEY_CMD that asks whose': ({ env, directory, key }, file) => {
      const script = join(directory, 'give-key')
      const lines = ['#!/bin/sh', 'set -u', `[ "$SOPS_AGE_RECIPIENT" = ${key.recipient} ] && cat '${file}'`]
      writeFileSync(script, `${lines.join('\n')}\n`, { mode: 0o755 })
      return { call: { env: { ...env, SOPS_AGE_KEY_CMD: script } } }
    },
    SOPS_AGE_KEY_CMD: ({ env }, file) => ({ call: { env: { ...env, SOPS_AGE_KEY_CMD: `cat '${file}'` } } }),
  }

for (const [where, use] of Object.entries(places)) {
  test(`a key from any place opens a file for two recipients: ${where}`, () =>
    withExample({}, async (example) => {
      const { root, directory, key } = example
      rmSync(join(root, '.age-key.txt'))
      const file = join(directory, 'keys.txt')
      const lines = ['# two identities, of which the second fits, and one of a plugin that is nowhere']
      writeFileSync(file, [...lines, plugin, makeKey().secret, key.secret, ''].join('\n'))
      writeFiles(root, { '.sops.yaml': rule(`    age: ${other},${key.recipient}`) })
      const { args, call } = use(example, file)
      const ended = await create(example, args, call)
      assert.is(ended.code, 0, ended.stderr)
      assert.match(ended.stdout, /^secret\/sops-test created\n/)
    }))
}

interface Refused {
  keys: (own: string) => string
  stderr: RegExp
}

const refused: Record<string, Refused> = {
  'the key is in one of two key groups': {
    keys: (own) => `    key_groups:\n      - age: [${other}]\n      - age: [${own}]`,
    stderr:
      /can't decrypt .*secret\.enc\.yaml: 2 of its 2 key groups must be opened, and this key opens 1\nhint: put the recipient of the key into more groups of creation rule 1 of \.sops\.yaml/,
  },
  'one key group is said to be enough, which sops does not do': {
    keys: (own) => `    shamir_threshold: 1\n    key_groups:\n      - age: [${other}]\n      - age: [${own}]`,
    stderr: /cannot encrypt .* by creation rule 1 of \.sops\.yaml .*threshold must be at least 2/,
  },
  'a PGP key, and gpg is not at hand': {
    keys: (own) => `    age: ${own}\n    pgp: 0123456789ABCDEF0123456789ABCDEF01234567`,
    stderr: /cannot encrypt .* by creation rule 1 of \.sops\.yaml .*0123456789ABCDEF/s,
  },
  'a recipient that is none': {
    keys: (own) => `    age: ${own},age1none`,
    stderr: /cannot encrypt .* by creation rule 1 of \.sops\.yaml \(path_regex: \\\.enc\\\.yaml\$\): .*age/,
  },
}

for (const [what, { keys: keysOf, stderr }] of Object.entries(refused)) {
  test(`refused, without a word of sops about places that are nobody's: ${what}`, () =>
    withExample({}, async (example) => {
      writeFiles(example.root, { '.sops.yaml': rule(keysOf(example.key.recipient)) })
      const before = readFiles(example.root)
      const env = { ...example.env, SOPS_GPG_EXEC: '/nonexistent/gpg' }
      const ended = await create(example, [], { env })
      assert.is(ended.code, 2)
      assert.match(ended.stderr, stderr)
      assert.not.match(ended.stderr, /Did not find keys|SOPS_AGE_SSH/)
      assert.equal(readFiles(example.root), before)
    }))
}

test('the pipe with the key: its directory is for the user alone, and no process goes on with it', () =>
  withExample({}, async (example) => {
    const { root, directory, key } = example
    const [TMPDIR, stop] = [join(directory, 'tmp'), join(directory, 'stop')]
    mkdirSync(TMPDIR)
    // that no other process sleeps
    const sleep = `sleep 617.${process.pid}`
    const wait = `if [ "$1" = decrypt ]; then touch '${stop}'; ${sleep}; fi`
    const { env } = traceCalls(directory, { ...example.env, TMPDIR }, ['sops'], { sops: wait })
    const ours = () => listProcesses().filter(({ command }) => command.includes(directory))
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
      const started = startTask('sops:test-create', ['--message', message], { cwd: root, env })
      await until('sops is asked', () => existsSync(stop) && readdirSync(TMPDIR).length > 0, started)
      const [made = ''] = readdirSync(TMPDIR)
      const stat = (path: string) => execFileSync('stat', ['-c', '%a %F', path], { encoding: 'utf8' }).trim()
      assert.is(stat(join(TMPDIR, made)), '700 directory')
      const pipe = () =>
        readdirSync(join(TMPDIR, made), { recursive: true, encoding: 'utf8' }).find(
          (name) => basename(name) === 'pipe',
        )
      await until('the pipe is there', () => pipe() !== undefined, started)
      assert.is(stat(join(TMPDIR, made, `${pipe()}`)), '600 fifo')
      const shown = execFileSync('ps', ['-A', '-ww', 'e', '-o', 'args='], { encoding: 'utf8' })
      for (const secret of [key.secret, message])
        assert.not.match(shown.replaceAll(`--message ${message}`, ''), secret)
      started.child.kill(signal)
      await started.ended
      // a program that was not told to end goes on, and takes the shells with it when it ends
      for (const { pid, command } of listProcesses()) if (command === sleep) process.kill(pid)
      await until(`nothing is left after ${signal}`, () => ours().length === 0)
      assert.equal(readdirSync(TMPDIR).length, signal === 'SIGKILL' ? 1 : 0)
      rmSync(stop)
      rmSync(join(root, 'kubernetes/infrastructure/sops-test'), { recursive: true, force: true })
      example.git('checkout', '--quiet', '.')
    }
    assertNoLeak([message, key.secret], {}, TMPDIR)
    // the next one finds what the killed one has left
    assert.is((await create(example)).code, 0)
  }))

test.run()
