import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGitServer } from '../../scripts/sandbox/git-server.ts'
import { exampleCluster, withDirectory, writeFiles } from '../helpers/files.ts'
import { type Ended, startProgram } from '../helpers/program.ts'
import { miseOffline } from '../helpers/task.ts'
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
        MISE_DISABLE_TOOLS: miseOffline.MISE_DISABLE_TOOLS,
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

/** Copies what is, or would be, committed of this project. */
function copyProject(to: string): void {
  const files = git(root, process.env, 'ls-files', '--cached', '--others', '--exclude-standard', '-z').split(
    '\0',
  )
  for (const file of files.filter((name) => name && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(to, file)), { recursive: true })
    copyFileSync(join(root, file), join(to, file))
  }
}

/** Serves this project over http, with the tag. */
async function serve(parent: string) {
  const env = userEnvironment(parent)
  const [project, served] = [join(parent, 'project'), join(parent, 'served')]
  copyProject(project)
  git(project, env, 'init', '--quiet', '--initial-branch=main')
  git(project, env, 'add', '--all')
  git(
    project,
    env,
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.com',
    'commit',
    '--quiet',
    '-m',
    'test',
  )
  git(project, env, 'tag', tag)
  mkdirSync(served)
  git(parent, env, 'clone', '--quiet', '--bare', project, join(served, 'tasks.git'))
  const server = await startGitServer(served, env)
  return { url: `git::${server.url}/tasks.git//tasks?ref=${tag}`, close: () => server.close() }
}

/** The lines that are not mise's own. */
const ours = (stderr: string) =>
  stderr.split('\n').filter((line) => line === announcement || /^(error|hint|warning|internal)/.test(line))

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

test.run()
