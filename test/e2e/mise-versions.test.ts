import { chmodSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { documentedTasks } from '../../scripts/docs/documents.ts'
import { projectRoot } from '../helpers/documents.ts'
import { exampleCluster, writeFiles } from '../helpers/files.ts'
import { type Ended, startProgram } from '../helpers/program.ts'
import { serveProject } from '../helpers/project.ts'
import { olderMise, released } from '../helpers/released.ts'
import { withRepository } from '../helpers/repository.ts'
import { miseOffline } from '../helpers/task.ts'

const [oldest = ''] = olderMise
const names = documentedTasks(projectRoot).map(({ name }) => name)

interface Consumer {
  root: string
  env: NodeJS.ProcessEnv
  /** Runs mise, without the network unless `env` says so. */
  mise(args: readonly string[], more?: NodeJS.ProcessEnv, cwd?: string): Promise<Ended>
}

/** Runs `use` with the repository of somebody who has a version of mise, `undefined` for the one on PATH, and has trusted it. */
async function withConsumer<T>(
  version: string | undefined,
  use: (consumer: Consumer) => Promise<T>,
  configuration = '',
  includes: readonly string[] = [join(projectRoot, 'tasks')],
): Promise<T> {
  const toml = `min_version = "${oldest}"\n[task_config]\nincludes = ${JSON.stringify(includes)}\n${configuration}`
  const bin = version === undefined ? [] : [await released('mise', version)]
  return withRepository({ ...exampleCluster(), 'mise.toml': toml }, async ({ directory, root, env: own }) => {
    // an older mise leaves a directory there each time
    const TMPDIR = join(directory, 'tmp')
    mkdirSync(TMPDIR)
    // a user has this at its default
    const { MISE_TASK_RUN_AUTO_INSTALL, ...others } = own
    const PATH = [...bin, own.PATH].join(delimiter)
    const env = { ...others, ...miseOffline, MISE_TRUSTED_CONFIG_PATHS: root, PATH, TMPDIR }
    const mise: Consumer['mise'] = (args, more = {}, cwd = root) =>
      startProgram(['mise', ...args], { cwd, env: { ...env, ...more } }).ended
    return use({ root, env, mise })
  })
}

for (const version of [...olderMise, undefined]) {
  const title = `mise ${version ?? 'of the project'}`

  test(`${title}: lists the tasks, shows their flags and passes exit codes on`, () =>
    withConsumer(version, async ({ mise }) => {
      if (version) assert.match((await mise(['--version'])).stdout, version)
      const { stdout } = await mise(['tasks', '--json'])
      assert.equal(
        JSON.parse(stdout).map(({ name }: { name: string }) => name.replace(/\.ts$/, '')),
        names,
      )
      assert.match((await mise(['run', 'flux:sops-key', '--help'])).stdout, /--key-file/)
      for (const [args, code] of [
        [['--check'], 1],
        [['--dry-run'], 0],
        [['no-such-file'], 2],
      ] as const) {
        const ended = await mise(['run', 'flux:enable-decryption', ...args])
        assert.is(ended.code, code, ended.stderr)
        assert.not.match(ended.stderr, /trust|install/)
      }
      // mise itself refuses this one
      assert.is((await mise(['run', 'sops:verify', '--nope'])).code, 1)
    }))

  test(`${title}: a variable is the default of its flag, also one of [env]`, () =>
    withConsumer(
      version,
      async ({ mise }) => {
        const remove = async (args: string[], more: NodeJS.ProcessEnv = {}) =>
          (await mise(['run', '--quiet', 'sops:test-remove', ...args], more)).stderr
        assert.match(await remove([]), /no Flux Kustomization[^\n]*of-env/)
        assert.match(await remove(['--kustomization', 'given']), /no Flux Kustomization[^\n]*given/)
        const check = ['run', '--quiet', 'flux:enable-decryption', '--dry-run']
        assert.match((await mise(check)).stdout, /name: of-env/)
        assert.match((await mise([...check, '--name', 'sops-age'])).stdout, /name: sops-age/)
      },
      '[env]\nFLUX_SOPS_KUSTOMIZATION = "of-env"\nFLUX_SOPS_SECRET = "of-env"\n',
    ))

  test(`${title}: an empty variable is none, and a relative path starts where the user stands`, () =>
    withConsumer(version, async ({ root, mise }) => {
      const more = { FLUX_SOPS_SECRET: '', SOPS_AGE_KEY_FILE: '../nope.txt', KUBECONFIG: '../no.kubeconfig' }
      const check = await mise(['run', 'flux:enable-decryption', '--dry-run'], more)
      assert.match(check.stdout, /name: sops-age/)
      const { stderr } = await mise(
        ['run', '--quiet', 'flux:sops-key'],
        more,
        join(root, 'kubernetes', 'apps'),
      )
      assert.match(stderr, join(root, 'kubernetes', 'nope.txt'))
    }))

  test(`${title}: where no cache can be made a task ends all the same`, () =>
    withConsumer(version, async ({ root, mise }) => {
      const { code } = await mise(['run', 'flux:enable-decryption', '--check'], {
        XDG_CACHE_HOME: '/proc/nope',
        MISE_CACHE_DIR: join(root, '..', 'mise-cache'),
      })
      assert.is(code, 1)
    }))
}

test('the oldest mise: git::, installed at the first call', () =>
  withRepository({}, async ({ directory }) => {
    const server = await serveProject(realpathSync(directory), 'v0.0.0-test')
    const include = `git::${server.url}/flux-sops-tasks.git//tasks?ref=v0.0.0-test`
    try {
      await withConsumer(
        oldest,
        async ({ mise }) => {
          const npm = Object.entries(process.env).filter(([name]) =>
            /^npm_config_|proxy$|CERT|_CA_/i.test(name),
          )
          const online = { ...Object.fromEntries(npm), MISE_OFFLINE: undefined }
          const { code, stdout, stderr } = await mise(['run', 'flux:enable-decryption', '--check'], online)
          assert.is(code, 1, stderr)
          assert.match(stdout, /kubernetes\/flux-system\/apps\.yaml/)
        },
        '[settings]\nexperimental = true\n',
        [include],
      )
    } finally {
      await server.close()
    }
  }))

test('a mise before the oldest says which one is needed', () =>
  withConsumer('2025.10.13', async ({ mise }) => {
    for (const args of [['tasks'], ['run', 'flux:enable-decryption']]) {
      const { code, stderr } = await mise(args)
      assert.is(code, 1)
      assert.match(stderr, `mise version ${oldest} is required`)
      assert.match(stderr, 'mise self-update')
    }
  }))

test('a repository with another Node: MISE_NODE_VERSION is the way that the hint says', () =>
  withConsumer(
    undefined,
    async ({ env, mise }) => {
      const installs = join(env.HOME!, '.local', 'share', 'mise', 'installs', 'node')
      for (const [version, node] of [
        ['20.0.0', '/bin/false'],
        ['24.0.0', process.execPath],
      ] as const) {
        mkdirSync(join(installs, version, 'bin'), { recursive: true })
        symlinkSync(node, join(installs, version, 'bin', 'node'))
      }
      const check = (more: NodeJS.ProcessEnv) => mise(['run', 'flux:enable-decryption', '--dry-run'], more)
      assert.is((await check({})).code, 1)
      const { code, stderr } = await check({ MISE_NODE_VERSION: '24' })
      assert.is(code, 0, stderr)
    },
    '[tools]\nnode = "20"\n',
  ))

/** What a consumer has of the same name as ours. */
const rivals: [title: string, includes: string[], files: Record<string, string>, configuration: string][] = [
  [
    'in a configuration file',
    [join(projectRoot, 'tasks')],
    {},
    '[tasks."flux:sops-key"]\nrun = "echo the own one"\n',
  ],
  [
    'as a file of the same name, in a directory that is included behind ours',
    [join(projectRoot, 'tasks'), 'mine'],
    { 'mine/flux/sops-key.ts': '#!/bin/sh\necho the own one\n' },
    '',
  ],
]

for (const [title, includes, files, configuration] of rivals)
  test(`a task of the consumer wins, and ours is not listed beside it: ${title}`, () =>
    withConsumer(
      undefined,
      async ({ root, mise }) => {
        writeFiles(root, files)
        for (const file of Object.keys(files)) chmodSync(join(root, file), 0o755)
        const listed = await mise(['tasks'])
        assert.is(listed.stdout.match(/^flux:sops-key/gm)?.length, 1, listed.stdout)
        const { code, stdout } = await mise(['run', '--quiet', 'flux:sops-key'])
        assert.equal([code, stdout], [0, 'the own one\n'])
      },
      configuration,
      includes,
    ))

test.run()
