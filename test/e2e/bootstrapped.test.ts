import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readProject } from '../helpers/documents.ts'
import { bootstrappedRepository } from '../helpers/flux/bootstrapped.ts'
import { withRealRemote } from '../helpers/flux/real-remote.ts'
import { serveProject } from '../helpers/project.ts'
import { quickStart } from '../helpers/quick-start.ts'
import { withRepository } from '../helpers/repository.ts'
import { runTask } from '../helpers/task.ts'

/** How the page of the task says that one follows the quick start on it: what a line becomes. */
function onSandbox(script: string): string {
  const page = readProject('docs/tasks/flux-sandbox.md')
  const changes = [...page.matchAll(/^\| `([^`|]+)` \| `([^`|]+)` \|$/gm)]
  assert.is(changes.length, 2)
  return changes.reduce((text, [, from, to]) => {
    assert.ok(
      text.split('\n').some((line) => line.startsWith(from!)),
      from,
    )
    return text.replace(new RegExp(`^${from}`, 'm'), to!)
  }, script)
}

test('the quick start of the README on flux:sandbox, in a repository that flux bootstrap has made', () =>
  withRealRemote(async (real) => {
    const origin = `http://127.0.0.1:${real.port}/team/fleet.git`
    await withRepository(bootstrappedRepository(origin), async ({ root, env, directory, git }) => {
      git('remote', 'add', 'origin', origin)
      const server = await serveProject(directory, quickStart.tag)
      try {
        git('config', '--global', `url.${server.url}/.insteadOf`, 'https://github.com/OWNER/')
        writeFileSync(join(root, '.mise.toml'), quickStart.configuration)
        const before = git('rev-parse', 'HEAD')
        const script = [...quickStart.scripts.slice(0, -1), onSandbox(quickStart.scripts.at(-1)!)].join('\n')
        const own = {
          ...env,
          ...quickStart.env,
          XDG_CACHE_HOME: process.env.XDG_CACHE_HOME,
          // that of the user may have the tasks of an older run
          MISE_CACHE_DIR: join(directory, 'mise'),
        }
        const { code, stdout, stderr } = await runTask('flux:sandbox', ['--', 'sh', '-ec', script], {
          cwd: root,
          env: own,
        })
        assert.is(code, 0, stdout + stderr)
        assert.match(stdout, /^secret\/sops-age created$/m)
        assert.match(stdout, /^proved: /m)
        // the proof was on the sandbox: the user's branch has the two commits of the quick start, and nothing else
        assert.is(git('rev-list', '--count', `${before}..HEAD`), '2')
        assert.is(git('status', '--porcelain'), '')
        assert.equal(real.heard, [])
      } finally {
        await server.close()
      }
    })
  }))

test.run()
