import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { CommandError } from '../../../scripts/lib/errors.ts'
import { decrypt } from '../../../scripts/lib/sops/decrypt.ts'
import { withDirectory } from '../../helpers/files.ts'
import { type Key, makeKey } from '../../helpers/keys.ts'
import { thrown } from '../../helpers/thrown.ts'
import { userEnvironment } from '../../helpers/user.ts'

const keys = [makeKey(), makeKey(), makeKey()] as const

/** Runs `use` with a file that is encrypted to all keys. */
async function withFile(use: (file: string, env: NodeJS.ProcessEnv) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const env = userEnvironment(directory)
    const file = join(directory, 'x.yaml')
    const age = keys.map(({ recipient }) => recipient).join(',')
    const args = ['--config', '/dev/null', 'encrypt', '--age', age, '--filename-override', file]
    writeFileSync(file, execFileSync('sops', args, { env, input: 'message: hello\n' }))
    await use(file, env)
    assert.equal(readdirSync(directory).sort(), ['home', 'x.yaml'])
  })
}

test('each recipient opens it by itself, and so do several identities', () =>
  withFile(async (file, env) => {
    const texts = [...keys.map(({ secret }) => secret), keys.map(({ secret }) => secret).join('\n')]
    for (const text of texts)
      assert.equal(parse(await decrypt(file, `${text}\n`, { env })), { message: 'hello' })
  }))

test('an identity that does not fit: no word about places that sops has looked at, and no key', () =>
  withFile(async (file, env) => {
    const other: Key = makeKey()
    const error = await thrown(decrypt(file, `${other.secret}\n`, { env }))
    assert.instance(error, CommandError)
    const { stderr } = error as CommandError
    for (const text of [stderr, error.message]) {
      assert.match(
        text,
        /identity did not match any of\s+\| the recipients|did not match any of the recipients/,
      )
      assert.match(text, 'no master key was able to decrypt the file')
      for (const { recipient } of keys) assert.match(text, recipient)
      assert.not.match(text, /nonexistent|Did not find|SOPS_AGE|identities$/)
      assert.not.match(text, other.secret)
    }
  }))

test('only these identities count, whatever the environment and the home have', () =>
  withFile(async (file, env) => {
    const [{ secret, text }] = keys
    const keyFile = join(env.HOME!, 'keys.txt')
    writeFileSync(keyFile, text)
    const rich = {
      ...env,
      SOPS_AGE_KEY: secret,
      SOPS_AGE_KEY_FILE: keyFile,
      SOPS_AGE_KEY_CMD: `cat ${keyFile}`,
    }
    await thrown(decrypt(file, `${makeKey().secret}\n`, { env: rich }))
  }))

/** Comments where sops 3.13.2 computes another MAC when it reads than when it writes. */
const commented: Record<string, string> = {
  'between the entries of a list': 'stringData:\n  list:\n    - one\n    # note\n    - two\n',
  'before the first entry': 'stringData:\n  list:\n    # note\n    - one\n',
  'behind an entry, and at the end': 'list:\n  - one # note\n  - two\n  # end\n',
  'in a list of a list, and beside a mapping':
    'list:\n  - - one\n    # note\n    - two\n  -\n    # of the mapping\n    key: value\n',
}
for (const [title, text] of Object.entries(commented))
  test(`a comment ${title}: what sops has written can be read back`, () =>
    withFile(async (file, env) => {
      const [{ recipient, secret }] = keys
      const args = ['--config', '/dev/null', 'encrypt', '--age', recipient, '--filename-override', file]
      writeFileSync(file, execFileSync('sops', args, { env, input: text }))
      const decrypted = await decrypt(file, `${secret}\n`, { env })
      assert.equal(parse(decrypted), parse(text))
      for (const [note] of text.matchAll(/# .*/g)) assert.match(decrypted, note)
    }))

test('a wrong MAC is said', () =>
  withFile(async (file, env) => {
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^message: /m, 'renamed: '))
    const error = await thrown(decrypt(file, `${keys[1].secret}\n`, { env }))
    assert.match((error as CommandError).stderr, /Could not decrypt value|MAC mismatch/)
  }))

test.run()
