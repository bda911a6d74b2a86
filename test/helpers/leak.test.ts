import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withDirectory, writeFiles } from './files.ts'
import { assertNoLeak } from './leak.ts'

const secret = 'planted secret, ä'
const base64 = Buffer.from(secret).toString('base64')

/** By the place that the error names: what a task printed, and the files that it left. */
const leaks: Record<string, [texts: Record<string, string>, files?: Record<string, string>]> = {
  stdout: [{ stdout: `a ${secret} b` }],
  stderr: [{ stdout: 'a', stderr: `a: ${base64}\n` }],
  'a/b.yaml': [{}, { 'a/b.yaml': `a: ${secret}\n` }],
  'a/c.yaml, a/d.yaml': [{}, { 'a/c.yaml': base64, 'a/d.yaml': secret }],
  'a file name': [{}, { [`a/${base64}`]: '' }],
}

for (const [places, [texts, files = {}]] of Object.entries(leaks))
  test(`assertNoLeak: a secret in ${places}, which it does not repeat`, () =>
    withDirectory(async (directory) => {
      writeFiles(directory, { 'key.txt': secret, ...files })
      assert.throws(
        () => assertNoLeak(['another secret', secret], texts, directory, ['key.txt']),
        ({ message }: Error) => message === `secret 2 leaks into ${places}`,
      )
    }))

test('assertNoLeak: nothing where the secret is only where it may be', () =>
  withDirectory(async (directory) => {
    writeFiles(directory, { 'key.txt': secret, 'a/b.yaml': 'a: b\n' })
    assertNoLeak([secret], { stdout: 'a' }, directory, ['key.txt'])
  }))

test.run()
