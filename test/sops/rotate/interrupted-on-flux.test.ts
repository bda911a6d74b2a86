import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { withFlux } from '../../helpers/flux/sandbox.ts'
import { sopsConfig } from '../../helpers/keys.ts'
import { keySecret, oldKey, secretFor, secretIn, strangerKey, userOf } from '../../helpers/rotate/clusters.ts'
import { recipientsOf } from '../../helpers/rotate/identities.ts'
import { runTask } from '../../helpers/task.ts'

const preload = pathToFileURL(join(import.meta.dirname, '..', '..', 'helpers', 'rotate', 'end-at.mjs')).href
const names = ['a', 'b']

test('killed at its writes to key Secrets the next run goes on to the end; --abort takes the new identity out of both; nobody who decrypts is removed', () =>
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
      const temporary = join(directory, 'temporary')
      mkdirSync(temporary)
      /** Ends it by SIGKILL right before it writes to objects of a kind for the n-th time. */
      const killed = (args: string[], kind: string, at: number) =>
        run(null, args, {
          ...{ NODE_OPTIONS: `--import=${preload}`, END_LOG: log, TMPDIR: temporary },
          ...{ END_AT: `${at}`, END_MATCH: `^request .*/${kind}/` },
        })
      await killed(['--commit'], 'secrets', 2)
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
      const strangers = async () => (await secretIn(sandbox, 'a-age')).data['stranger.agekey'] ?? ''
      assert.match(await strangers(), strangerKey.secret)

      const rotate = ['--commit', '--proof', 'read']
      for (const _ of ['share', 'cut-over']) {
        await run(0, rotate)
        await git('push', '--quiet')
      }
      const both = await held()
      const next = recipientsOf(both[0]).at(-1)
      const points: [kind: string, at: number, left: number[]][] = [
        // before the first one, between the two, and in the wait behind them
        ['secrets', 1, [2, 2]],
        ['secrets', 2, [1, 2]],
        ['kustomizations', 1, [1, 1]],
        ['kustomizations', 2, [1, 1]],
      ]
      for (const [kind, at, left] of points) {
        await killed(rotate, kind, at)
        assert.equal((await held()).map(countOf).toSorted(), left, `${kind} ${at}`)
        const known = readFileSync(join(clone, 'age.key'), 'utf8')
        assert.match(await run(0, rotate, { TMPDIR: temporary }), /^(done: |no rotation is open: the last)/m)
        assert.equal((await held()).map(recipientsOf), [[next], [next]], `${kind} ${at}`)
        assert.equal(readdirSync(temporary), [], `${kind} ${at}`)
        assert.is(readFileSync(join(clone, 'age.key'), 'utf8'), known)
        assert.is(await git('status', '--porcelain'), '')
        for (const name of names) await applied(name, await git('rev-parse', 'HEAD'))
        for (const [index, name] of names.entries()) {
          const patch = JSON.stringify({ stringData: { 'own.agekey': both[index] } })
          await sandbox.kubectl([
            'patch',
            'secret',
            `${name}-age`,
            '-n',
            'flux-system',
            '--type=merge',
            '-p',
            patch,
          ])
        }
      }

      // no file lists it, and what takes its place is kept all the same before a cluster has it
      const stored = join(directory, 'stored.txt')
      const args = ['--old', strangerKey.recipient, '--to', 'distribute']
      await run(2, [...args, '--store', 'exit 1'])
      assert.is(countOf(await strangers()), 1)
      await run(0, [...args, '--store', `cat >>'${stored}'`])
      const [identity] = readFileSync(stored, 'utf8').match(/AGE-SECRET-KEY-\S+/) ?? ['none']
      assert.is(countOf(readFileSync(stored, 'utf8')), 1)
      assert.match(await strangers(), identity)
    },
  ))

test.run()
