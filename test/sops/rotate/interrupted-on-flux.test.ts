import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { withFlux } from '../../helpers/flux/sandbox.ts'
import { sopsConfig } from '../../helpers/keys.ts'
import { keySecret, oldKey, secretFor, secretIn, strangerKey, userOf } from '../../helpers/rotate/clusters.ts'
import { runTask } from '../../helpers/task.ts'

const preload = pathToFileURL(join(import.meta.dirname, '..', '..', 'helpers', 'rotate', 'end-at.mjs')).href
const names = ['a', 'b']

test('killed between two key Secrets the next run goes on; --abort takes the new identity out of both; nobody who decrypts is removed', () =>
  withFlux(
    {
      '.gitignore': '*.key\n',
      '.sops.yaml': sopsConfig(oldKey.recipient),
      ...Object.fromEntries(
        names.map((name) => [`${name}/s.yaml`, secretFor(`of-${name}`, oldKey.recipient)]),
      ),
    },
    async ({ sandbox, clone, env, git, directory, applied, push }) => {
      writeFiles(clone, { 'age.key': oldKey.text })
      chmodSync(join(clone, 'age.key'), 0o600)
      const objects = names.flatMap((name) => [
        keySecret(`${name}-age`),
        userOf(name, { secret: `${name}-age` }),
      ])
      await sandbox.kubectl(['apply', '--server-side', '-f', '-'], objects.join('---\n'))
      for (const name of names) await applied(name, await git('rev-parse', 'HEAD'))
      const run = async (code: number | null, args: string[], more: NodeJS.ProcessEnv = {}) => {
        const ended = await runTask('sops:rotate', args, { cwd: clone, env: { ...env, ...more } })
        const said = `${ended.stdout}${ended.stderr}`
        assert.is(ended.code, code, `${args.join(' ')}\n${said}`)
        for (const secret of readFileSync(join(clone, 'age.key'), 'utf8').match(/AGE-SECRET-KEY-\S+/g) ?? [])
          assert.not.match(said, secret)
        return said
      }
      const held = () =>
        Promise.all(
          names.map(async (name) => (await secretIn(sandbox, `${name}-age`)).data['own.agekey'] ?? ''),
        )
      const countOf = (text: string) => text.match(/AGE-SECRET-KEY-/g)?.length ?? 0
      const before = await held()
      const head = await git('rev-parse', 'HEAD')
      const removed = await run(1, ['--remove', '--old', oldKey.recipient, '--commit'])
      assert.match(removed, 'kustomization flux-system/a')

      const log = join(directory, 'points.log')
      const point = { NODE_OPTIONS: `--import=${preload}`, END_LOG: log, END_AT: '2', END_MATCH: '^request ' }
      await run(null, ['--commit'], point)
      assert.equal((await held()).map(countOf).toSorted(), [1, 2])
      await run(0, ['--commit'])
      assert.equal((await held()).map(countOf), [2, 2])
      await run(1, ['--status'])

      assert.match(await run(0, ['--abort', '--commit']), /^aborted$/m)
      assert.equal(
        (await held()).map((text) => text.trim()),
        before.map((text) => text.trim()),
      )
      assert.is(await git('diff', head), '')
      const commit = await push({ 'c.md': 'x\n' })
      for (const name of names) await applied(name, commit)
      assert.match(await run(0, ['--status']), 'no rotation is open')
      assert.match((await secretIn(sandbox, 'a-age')).data['stranger.agekey'] ?? '', strangerKey.secret)
    },
  ))

test.run()
