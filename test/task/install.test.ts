import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withDirectory, writeFiles } from '../helpers/files.ts'
import { makeKey } from '../helpers/keys.ts'
import { until } from '../helpers/processes.ts'
import { type Ended, type Started, startProgram } from '../helpers/program.ts'
import { leftovers } from '../runner/leftovers.ts'

const root = join(import.meta.dirname, '..', '..')

interface Clone {
  /** The clone as mise makes it: our files without packages. */
  directory: string
  /** A package cache of its own, so that an installation takes long enough to be interrupted. */
  env: NodeJS.ProcessEnv
  start(env?: NodeJS.ProcessEnv): Started
  install(env?: NodeJS.ProcessEnv): Promise<Ended>
  /** What the clone has besides our files. */
  added(): string[]
  /** Waits until nothing runs that works on it or its package cache: npm may outlive a task, and calls itself `npm ci`. */
  ended(): Promise<void>
}

/** Runs `use` with a bare clone whose tasks do nothing but install. */
async function withClone<T>(use: (clone: Clone) => Promise<T>): Promise<T> {
  return withDirectory(async (parent) => {
    const directory = join(parent, 'clone')
    writeFiles(directory, {
      'tasks/made/task.ts': `import { runTask } from '../../scripts/task/run-task.ts'
await runTask(import.meta.filename, async () => {
  const [{ $ }, { parse }] = await Promise.all([import('zx/core'), import('yaml')])
  return { exitCode: 0, lines: ['works ' + typeof $ + parse('a: 1').a], json: {} }
})\n`,
    })
    const ours = ['package.json', 'package-lock.json', 'scripts']
    for (const name of ours) cpSync(join(root, name), join(directory, name), { recursive: true })
    const own = { ...process.env, npm_config_cache: join(parent, 'npm-cache') }
    const start = (env: NodeJS.ProcessEnv = {}) =>
      startProgram([process.execPath, 'tasks/made/task.ts'], { cwd: directory, env: { ...own, ...env } })
    const ended = () => until('all has ended', () => leftovers(-1, parent).length === 0)
    try {
      return await use({
        directory,
        env: own,
        start,
        install: async (env) => start(env).ended,
        added: () => readdirSync(directory).filter((name) => ![...ours, 'tasks'].includes(name)),
        ended,
      })
    } finally {
      await ended()
    }
  })
}

const announcement = 'installing the packages of flux-sops-tasks (once for this version) …\n'
const done = { code: 0, stdout: 'works function1\n' }

test('the first call installs the locked packages for production, the second does nothing', () =>
  withClone(async (clone) => {
    assert.equal(await clone.install(), { ...done, stderr: announcement })
    assert.equal(clone.added(), ['node_modules'])
    const modules = join(clone.directory, 'node_modules')
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
    for (const name of readdirSync(modules).filter((name) => !/^[.@]/.test(name))) {
      const { version } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'))
      assert.is(packages[`node_modules/${name}`].version, version)
      assert.not.ok(packages[`node_modules/${name}`].dev, name)
    }
    assert.equal(await clone.install({ PATH: '' }), { ...done, stderr: '' })
  }))

test('it installs where there can be no home', () =>
  withClone(async (clone) => {
    const env = { HOME: '/proc/nope', npm_config_cache: undefined, NODE_COMPILE_CACHE: undefined }
    assert.equal(await clone.install(env), { ...done, stderr: announcement })
    assert.equal(clone.added(), ['node_modules'])
  }))

test('of several first calls at once one installs and the others wait', () =>
  withClone(async (clone) => {
    const calls = await Promise.all(Array.from({ length: 4 }, () => clone.install()))
    for (const { code, stdout } of calls) assert.equal({ code, stdout }, done)
    assert.is(calls.map(({ stderr }) => stderr).join(''), announcement)
    assert.equal(clone.added(), ['node_modules'])
  }))

for (const at of ['the directory is made', 'npm works'] as const) {
  test(`killed when ${at}, it leaves nothing that is used, and the next call installs`, () =>
    withClone(async (clone) => {
      const started = clone.start()
      const sign = {
        'the directory is made': join(clone.directory, '.install'),
        'npm works': join(clone.env.npm_config_cache!, '_cacache'),
      }[at]
      await until(at, () => existsSync(sign), started)
      started.child.kill('SIGKILL')
      await started.ended
      assert.not.ok(existsSync(join(clone.directory, 'node_modules')))
      const [first, second] = await Promise.all([clone.install(), clone.install()])
      assert.equal([first.code, second.code], [0, 0], first.stderr + second.stderr)
      await clone.ended()
      assert.is((await clone.install()).code, 0)
    }))
}

test('interrupted, it ends npm and leaves nothing', () =>
  withClone(async (clone) => {
    const started = clone.start()
    await until('npm works', () => existsSync(join(clone.env.npm_config_cache!, '_cacache')), started)
    started.child.kill('SIGTERM')
    assert.equal(await started.ended, {
      code: 2,
      stdout: '',
      stderr: `${announcement}error: interrupted (SIGTERM)\n`,
    })
    assert.equal(clone.added(), [])
    assert.is((await clone.install()).code, 0)
  }))

test('one that waits is interrupted as well', () =>
  withClone(async (clone) => {
    const lock = join(clone.directory, '.install')
    mkdirSync(lock)
    // as if whoever has it touched it all the time
    const later = new Date(Date.now() + 3_600_000)
    utimesSync(lock, later, later)
    // up to the wait a task never gives way to other work
    const waits = join(clone.directory, '..', 'waits')
    writeFiles(clone.directory, {
      'tasks/made/task.ts': `import { writeFileSync } from 'node:fs'
import { runTask } from '../../scripts/task/run-task.ts'
setImmediate(() => writeFileSync(${JSON.stringify(waits)}, ''))
await runTask(import.meta.filename, async () => ({ exitCode: 0, lines: [], json: {} }))\n`,
    })
    const started = clone.start()
    await until('it waits', () => existsSync(waits), started)
    started.child.kill('SIGINT')
    assert.equal(await started.ended, { code: 2, stdout: '', stderr: 'error: interrupted (SIGINT)\n' })
    assert.equal(clone.added(), ['.install'])
  }))

test('without npm: exit 2, and how to get it', () =>
  withClone(async (clone) => {
    const bin = join(clone.directory, '..', 'bin')
    mkdirSync(bin)
    symlinkSync(process.execPath, join(bin, 'node'))
    const { code, stdout, stderr } = await clone.install({ PATH: bin })
    assert.is(code, 2)
    assert.is(stdout, '')
    assert.match(stderr, /^error: npm is not on PATH.*\nhint: it comes with Node: `mise use node@24`$/m)
    assert.equal(clone.added(), [])
  }))

// with npm's own patience it would take 9 minutes, which is longer than a test may take
test('a registry that cannot be reached: exit 2 soon, with what npm said, and the next call installs', () =>
  withClone(async (clone) => {
    const { code, stdout, stderr } = await clone.install({ npm_config_registry: 'http://127.0.0.1:1' })
    assert.is(code, 2)
    assert.is(stdout, '')
    assert.match(
      stderr,
      /^error: cannot install the packages of flux-sops-tasks: npm ci failed\n {2}code ECONNREFUSED$/m,
    )
    assert.match(stderr, /^hint: check that the npm registry can be reached/m)
    assert.not.match(stderr, /^\s+at /m)
    assert.equal(clone.added(), [])
    assert.equal(await clone.install(), { ...done, stderr: announcement })
  }))

test('a clone that cannot be written to is an error that names the place', () =>
  withClone(async (clone) => {
    // not just a read-only directory: root could write to that
    writeFiles(clone.directory, {
      'call.ts': `import { installDependencies } from './scripts/task/install.ts'
await installDependencies('/proc/no-such-directory', process.env, new AbortController().signal)\n`,
    })
    const { ended } = startProgram([process.execPath, 'call.ts'], { cwd: clone.directory, env: clone.env })
    const { stderr } = await ended
    assert.match(
      stderr,
      /cannot install the packages of flux-sops-tasks: \/proc\/no-such-directory\/\.install: ENOENT/,
    )
  }))

/** An `npm` that does `first` before it is the real one. @returns the PATH on which it comes first */
function npmThat(directory: string, first: string): string {
  const bin = join(directory, '..', 'npm-bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\n${first}\nPATH=\${PATH#*:} exec npm "$@"\n`, { mode: 0o755 })
  return `${bin}:${process.env.PATH}`
}

test('no install script is run', () =>
  withClone(async (clone) => {
    const file = join(clone.directory, 'package.json')
    const ran = join(clone.directory, '..', 'ran')
    const scripts = { preinstall: `touch ${ran}`, postinstall: `touch ${ran}` }
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), scripts }))
    assert.is((await clone.install()).code, 0)
    assert.not.ok(existsSync(ran))
  }))

test('an installation that takes longer than the patience with a killed one is waited for', () =>
  withClone(async (clone) => {
    const PATH = npmThat(clone.directory, 'sleep 6')
    const calls = await Promise.all([clone.install({ PATH }), clone.install({ PATH })])
    assert.equal(
      calls.map(({ code }) => code),
      [0, 0],
    )
    assert.is(calls.map(({ stderr }) => stderr).join(''), announcement)
  }))

test('npm is not given the age key, and a key in what it says is not shown', () =>
  withClone(async (clone) => {
    const { secret } = makeKey()
    const PATH = npmThat(
      clone.directory,
      `echo "npm error given: $SOPS_AGE_KEY." >&2; echo "npm error says $SAID" >&2; exit 1`,
    )
    const { code, stderr } = await clone.install({ PATH, SOPS_AGE_KEY: secret, SAID: secret })
    assert.is(code, 2)
    assert.match(stderr, /^ {2}given: \.\n {2}says \S+$/m)
    assert.not.ok(stderr.includes(secret))
  }))

test('interrupted, it does not wait for npm', () =>
  withClone(async (clone) => {
    const started = join(clone.directory, '..', 'started')
    const PATH = npmThat(clone.directory, `echo $$ >${started}; exec sleep 600`)
    const { child, ended } = clone.start({ PATH })
    await until('npm works', () => existsSync(started))
    child.kill('SIGTERM')
    assert.is((await ended).code, 2)
    assert.equal(clone.added(), [])
  }))

test.run()
