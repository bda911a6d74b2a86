import { execFileSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import type { Key } from '../keys.ts'

/** The keys whose identities are in a text, in their order. */
export function keysIn(text: string | undefined): Key[] {
  return [...`${text}`.matchAll(/AGE-SECRET-KEY-[A-Z0-9-]+/g)].map(([secret]) => {
    const options = { input: secret, encoding: 'utf8' } as const
    return { text: `${secret}\n`, secret, recipient: execFileSync('age-keygen', ['-y'], options).trim() }
  })
}

/** The recipients of the identities in a text, in their order. */
export function recipientsOf(text: string | undefined): string[] {
  return keysIn(text).map(({ recipient }) => recipient)
}

/** No private key is in what was said, as text or in base64. */
export function assertUnsaid(keys: readonly Pick<Key, 'secret'>[], said: string): void {
  for (const { secret } of keys)
    for (const form of [secret, Buffer.from(secret).toString('base64').slice(0, 60)])
      assert.not(said.includes(form), 'a private key was printed')
}
