import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type GitServer, startGitServer } from '../../scripts/sandbox/git-server.ts'
import { withDirectory } from '../helpers/files.ts'
import { listProcesses, until } from '../helpers/processes.ts'
import { userEnvironment } from '../helpers/user.ts'

interface Served {
  directory: string
  root: string
  url: string
  /** As of `GitServer`. */
  alone: GitServer['alone']
  env: NodeJS.ProcessEnv
  git(cwd: string, ...args: string[]): Promise<{ stdout: string; stderr: string }>
  /** A bare repository `<root>/<name>.git` that takes pushes. */
  bare(name: string): Promise<string>
  /** A new clone with one commit that is pushed. */
  clone(name: string): Promise<string>
}

/** A served directory; what is in `serverEnv` the server sees besides PATH. */
async function withServer(use: (served: Served) => Promise<void>, serverEnv: NodeJS.ProcessEnv = {}) {
  await withDirectory(async (directory) => {
    const root = join(directory, 'root')
    mkdirSync(root)
    const server = await startGitServer(root, { PATH: process.env.PATH, ...serverEnv })
    const env = userEnvironment(directory, {
      GIT_AUTHOR_NAME: 'Test',
      GIT_AUTHOR_EMAIL: 'test@example.com',
      GIT_COMMITTER_NAME: 'Test',
      GIT_COMMITTER_EMAIL: 'test@example.com',
    })
    const git = (cwd: string, ...args: string[]) =>
      promisify(execFile)('git', args, { cwd, env, maxBuffer: 2 ** 28 })
    const bare = async (name: string) => {
      const path = join(root, `${name}.git`)
      await git(root, 'init', '--quiet', '--bare', '--initial-branch=main', path)
      await git(path, 'config', 'http.receivepack', 'true')
      return path
    }
    const clone = async (name: string) => {
      const path = join(directory, `clone-${name}`)
      await git(directory, 'clone', '--quiet', `${server.url}/${name}.git`, path)
      writeFileSync(join(path, 'name'), name)
      await git(path, 'add', '.')
      await git(path, 'commit', '--quiet', '-m', name)
      await git(path, 'push', '--quiet', 'origin', 'HEAD')
      return path
    }
    try {
      await use({ directory, root, url: server.url, alone: server.alone, env, git, bare, clone })
    } finally {
      await server.close()
    }
  })
}

const backends = () =>
  listProcesses().filter(
    ({ parent, command }) => parent === process.pid && command.includes('git-http-backend'),
  )

/** An HTTP request whose path is sent exactly as given. */
function ask(url: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((done, fail) => {
    const { hostname, port } = new URL(url)
    request({ hostname, port, path }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => done({ status: response.statusCode ?? 0, body }))
    })
      .on('error', fail)
      .end()
  })
}

test('several repositories are cloned and pushed to', () =>
  withServer(async ({ bare, clone, git, url, directory }) => {
    const [one, two] = [await bare('one'), await bare('two')]
    await Promise.all([clone('one'), clone('two')])
    for (const [path, name] of [
      [one, 'one'],
      [two, 'two'],
    ] as const) {
      assert.is((await git(path, 'show', 'main:name')).stdout, name)
      await git(directory, 'clone', '--quiet', `${url}/${name}.git`, `again-${name}`)
      assert.is(readFileSync(join(directory, `again-${name}`, 'name'), 'utf8'), name)
    }
  }))

test('a big push (chunked) and a big clone arrive whole', () =>
  withServer(async ({ bare, clone, git, url, directory }) => {
    await bare('big')
    const path = await clone('big')
    const bytes = randomBytes(20_000_000)
    writeFileSync(join(path, 'big'), bytes)
    await git(path, 'add', '.')
    await git(path, 'commit', '--quiet', '-m', 'big')
    await git(path, 'push', '--quiet', 'origin', 'HEAD')
    await git(directory, 'clone', '--quiet', `${url}/big.git`, 'again')
    assert.ok(bytes.equals(readFileSync(join(directory, 'again', 'big'))))
  }))

test('a compressed request is understood, and protocol version 2 is spoken', () =>
  withServer(async ({ bare, clone, git, env, url, directory }) => {
    await bare('many')
    const path = await clone('many')
    for (let index = 0; index < 30; index++) {
      const { stdout } = await git(path, 'commit-tree', '-m', `${index}`, 'HEAD^{tree}')
      await git(path, 'update-ref', `refs/heads/branch-${index}`, stdout.trim())
    }
    await git(path, 'push', '--quiet', '--all')
    env.GIT_TRACE_CURL = '1'
    env.GIT_TRACE_PACKET = '1'
    const { stderr } = await git(directory, 'clone', '--quiet', `${url}/many.git`, 'again')
    assert.match(stderr, /Send header: Content-Encoding: gzip/i)
    assert.match(stderr, /clone< version 2/)
    const { stdout } = await git(join(directory, 'again'), 'branch', '--remotes')
    assert.is(stdout.match(/branch-/g)?.length, 30)
  }))

test('a repository that does not say so takes no push', () =>
  withServer(async ({ bare, clone, git }) => {
    const path = await bare('closed')
    await git(path, 'config', 'http.receivepack', 'false')
    const error = await clone('closed').catch((error) => error)
    assert.match(error.stderr, /403/)
  }))

test('nothing outside of the root is served', () =>
  withServer(async ({ root, git, url, directory, bare, clone }) => {
    await git(directory, 'init', '--quiet', '--bare', join(directory, 'outside.git'))
    assert.ok(existsSync(join(root, '..', 'outside.git', 'HEAD')))
    await bare('inside')
    await clone('inside')
    const inside = await ask(url, '/inside.git/info/refs?service=git-upload-pack')
    assert.is(inside.status, 200)
    assert.match(inside.body, 'refs/heads/main')
    for (const up of ['..', '%2e%2e', '%2E%2e%2f..%2froot%2f..', 'x/../..', '.%2e']) {
      for (const path of [
        `/${up}/outside.git/info/refs?service=git-upload-pack`,
        `/${up}/outside.git/HEAD`,
      ]) {
        const { status, body } = await ask(url, path)
        assert.ok(status >= 400, `${path}: ${status} ${body}`)
        assert.not.match(body, /refs\//)
      }
    }
    assert.is((await ask(url, '/%ff/x')).status >= 400, true)
  }))

test('the server sees nothing of the environment but PATH', () =>
  withServer(
    async ({ bare, clone, directory }) => {
      const path = await bare('hooked')
      const hook = join(path, 'hooks', 'post-receive')
      writeFileSync(hook, `#!/bin/sh\nenv > ${join(directory, 'seen')}\n`)
      chmodSync(hook, 0o755)
      await clone('hooked')
      const seen = readFileSync(join(directory, 'seen'), 'utf8')
      assert.match(seen, /^REQUEST_METHOD=POST$/m)
      assert.not.match(seen, /planted|^HOME=/m)
    },
    { SOPS_AGE_KEY: 'planted', HOME: '/planted' },
  ))

test('what git refuses reaches the client with its own words', () =>
  withServer(async ({ bare, clone }) => {
    const path = await bare('strict')
    const hook = join(path, 'hooks', 'pre-receive')
    writeFileSync(hook, '#!/bin/sh\necho "not today" >&2\nexit 1\n')
    chmodSync(hook, 0o755)
    const error = await clone('strict').catch((error) => error)
    assert.match(error.stderr, /remote: not today/)
  }))

test('git is ended when the client hangs up, and when the server closes', async () => {
  await withServer(async ({ bare, url }) => {
    await bare('slow')
    for (const end of ['client', 'server']) {
      const hanging = request(`${url}/slow.git/git-receive-pack`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-git-receive-pack-request' },
      })
      hanging.on('error', () => {})
      hanging.write('00')
      await until('git runs', () => backends().length > 0)
      if (end === 'client') {
        hanging.destroy()
        await until('git has ended', () => backends().length === 0)
      }
    }
  })
  await until('git has ended', () => backends().length === 0)
})

test('a push that is broken off keeps nobody waiting', () =>
  withServer(async ({ bare, url, alone }) => {
    await bare('broken')
    const hanging = request(`${url}/broken.git/git-receive-pack`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-git-receive-pack-request' },
    })
    hanging.on('error', () => {})
    hanging.write('00')
    await until('git runs', () => backends().length > 0)
    let isDone = false
    const work = alone(async () => {
      isDone = true
    })
    await sleep(200)
    assert.not.ok(isDone)
    hanging.destroy()
    await until('the work is done', () => isDone)
    await work
  }))

test('a missing git is an error', async () => {
  await withDirectory(async (directory) => {
    const error = await startGitServer(directory, { PATH: directory }).catch((error) => error)
    assert.is(error.code, 'ENOENT')
  })
})

test.run()
