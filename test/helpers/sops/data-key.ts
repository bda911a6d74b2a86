import { execFileSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import type { Key } from '../keys.ts'

/** The data key of a file whose first recipient has this key, as a text could hold it. */
export function dataKeyOf(text: string, { secret }: Pick<Key, 'secret'>): string[] {
  const [armored = ''] =
    /-----BEGIN AGE[\s\S]*?-----END AGE ENCRYPTED FILE-----/.exec(text.replace(/^ +/gm, '')) ?? []
  const args = ['-c', 'age --decrypt --identity - /dev/fd/3 3<<END\n$armored\nEND']
  const key = execFileSync('sh', args, { input: secret, env: { PATH: process.env.PATH, armored } })
  assert.is(key.length, 32)
  return [key.toString('hex'), key.toString('base64').replace(/=+$/, ''), key.toString('latin1')]
}
