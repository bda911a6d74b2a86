import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findKey, requireKey } from '../../../scripts/lib/sops/key.ts'
import { withDirectory } from '../../helpers/files.ts'
import { userEnvironment } from '../../helpers/user.ts'

const { signal } = new AbortController()

/** A repository and a HOME with a key in every place; the text of each names the place. */
async function withKeys(
  use: (places: { root: string; env: NodeJS.ProcessEnv; keyFile: string }) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const env = userEnvironment(directory)
    const root = join(directory, 'repository')
    mkdirSync(join(root, 'apps'), { recursive: true })
    mkdirSync(join(env.HOME!, '.config', 'sops', 'age'), { recursive: true })
    writeFileSync(join(env.HOME!, '.config', 'sops', 'age', 'keys.txt'), 'default file')
    writeFileSync(join(root, '.age-key.txt'), 'repository')
    writeFileSync(join(directory, 'flag.txt'), 'flag')
    writeFileSync(join(directory, 'variable.txt'), 'SOPS_AGE_KEY_FILE')
    await use({
      root,
      env: {
        ...env,
        SOPS_AGE_KEY_FILE: join(directory, 'variable.txt'),
        SOPS_AGE_KEY: 'SOPS_AGE_KEY',
        SOPS_AGE_KEY_CMD: "printf '%s' SOPS_AGE_KEY_CMD",
      },
      keyFile: join(directory, 'flag.txt'),
    })
  })
}

test('the first place that is there is taken, in the order of the documents', async () => {
  await withKeys(async ({ root, env, keyFile }) => {
    const options = { root, cwd: join(root, 'apps'), signal }
    const read = async (file?: string) => (await requireKey({ ...options, env, keyFile: file })).text
    assert.is(await read(keyFile), 'flag')
    for (const variable of ['SOPS_AGE_KEY_FILE', 'SOPS_AGE_KEY', 'SOPS_AGE_KEY_CMD']) {
      assert.is(await read(), variable)
      delete env[variable]
    }
    assert.is(await read(), 'repository')
    assert.is(
      (await requireKey({ ...options, root: undefined, env, keyFile: undefined })).text,
      'default file',
    )
    assert.is(
      await findKey({
        ...options,
        root: undefined,
        env: { PATH: env.PATH, HOME: '/nonexistent' },
        keyFile: undefined,
      }),
      undefined,
    )
  })
})

test('a place that is named but cannot be read is an error, not passed over', async () => {
  await withKeys(async ({ root, env }) => {
    const options = { root, cwd: root, signal, keyFile: undefined }
    const fails = async (more: NodeJS.ProcessEnv, keyFile?: string) =>
      requireKey({ ...options, env: { ...env, ...more }, ...(keyFile && { keyFile }) }).then(
        () => '',
        (error) => error.message,
      )
    assert.match(
      await fails({}, join(root, 'none.txt')),
      /cannot read the age key file .*none\.txt: there is no such file/,
    )
    assert.match(await fails({ SOPS_AGE_KEY_FILE: root }), /that SOPS_AGE_KEY_FILE names: it is a directory/)
    const command = await fails({
      SOPS_AGE_KEY_FILE: '',
      SOPS_AGE_KEY: '',
      SOPS_AGE_KEY_CMD: 'echo hidden-key; echo hidden-key >&2; exit 3',
    })
    assert.match(command, 'the command in SOPS_AGE_KEY_CMD failed')
    assert.not.match(command, 'hidden-key')
  })
})

test('the command in SOPS_AGE_KEY_CMD keeps the terminal, and gets no key', async () => {
  const command = 'ps -o pgid= -p $$; env'
  const options = { root: undefined, cwd: '/', signal, keyFile: undefined }
  const env = { PATH: process.env.PATH, SOPS_AGE_KEY: '', SOPS_AGE_KEY_CMD: command }
  const [group, ...rest] = (await requireKey({ ...options, env })).text.split('\n')
  const own = execFileSync('ps', ['-o', 'pgid=', '-p', String(process.pid)], { encoding: 'utf8' })
  assert.is(group?.trim(), own.trim())
  assert.ok(rest.some((line) => line.startsWith('PATH=')))
  assert.not.ok(rest.some((line) => line.startsWith('SOPS_AGE_KEY=')))
})

test('several identities on one line of SOPS_AGE_KEY become lines', async () => {
  const found = await requireKey({
    root: undefined,
    cwd: '/',
    signal,
    keyFile: undefined,
    env: { SOPS_AGE_KEY: 'AGE-SECRET-KEY-1A AGE-SECRET-KEY-1B' },
  })
  assert.is(found.text, 'AGE-SECRET-KEY-1A\nAGE-SECRET-KEY-1B')
})

test.run()
