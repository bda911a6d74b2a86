import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decryptionCases } from '../helpers/flux/decryption-cases.ts'
import { runCases, type SeenOnFlux } from '../helpers/flux/run-cases.ts'

/** What the document says of messages: by code, the texts that they hold. */
const messages = new Map(
  [
    ...readFileSync(join(import.meta.dirname, '../../docs/decryption.md'), 'utf8').matchAll(
      /^\| `([a-z0-9-]+)` \| (.*?) \|/gm,
    ),
  ].map(([, code, texts]) => [code, [...texts!.matchAll(/`([^`]+)`/g)].map(([, text]) => text!)]),
)

let running: Promise<Map<string, SeenOnFlux>> | undefined

/** What became of each case, by its name. */
function seen(): Promise<Map<string, SeenOnFlux>> {
  running ??= runCases(decryptionCases)
  return running
}

for (const { title, name, shows } of decryptionCases)
  test(title, async () => {
    const { ready, message, code, value } = (await seen()).get(name)!
    if ('code' in shows) {
      assert.is(ready, 'False', message)
      assert.is(code, shows.code, message)
      const texts = messages.get(code) ?? []
      assert.ok(code === 'not-ready' || texts.some((text) => message.includes(text)), message)
      if (shows.message) assert.match(message, shows.message)
    } else {
      assert.is(ready, 'True', message)
      if ('value' in shows) assert.is(value, shows.value)
      else assert.match(value ?? '', 'ENC[AES256_GCM,')
    }
  })

test.run()
