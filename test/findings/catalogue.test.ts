import { globSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { catalogue } from '../../scripts/findings/catalogue.ts'
import type { Entry } from '../../scripts/findings/entry.ts'

const entries: [code: string, entry: Entry][] = Object.entries(catalogue)

test('a code stands once, and its family is in the catalogue', async () => {
  const directory = join(import.meta.dirname, '../../scripts/findings/catalogue')
  const codes: string[] = []
  for (const file of globSync('**/*.ts', { cwd: directory })) {
    const families: Record<string, Record<string, Entry>> = await import(join(directory, file))
    codes.push(...Object.values(families).flatMap((family) => Object.keys(family)))
  }
  assert.equal(codes.toSorted(), Object.keys(catalogue).toSorted())
})

test('the texts of an entry are sentences as they are shown', () => {
  for (const [code, { seen, means, fix, source }] of entries) {
    assert.match(code, /^[a-z\d]+(-[a-z\d]+)*$/)
    assert.not.match(seen, /\.$/, `${code}: ${seen}`)
    assert.match(means, /\.$/, `${code}: ${means}`)
    // no fix is a question, or sends back to the message
    assert.not.match(fix, /[.?]$|see the message|nothing was changed|none needed/, `${code}: ${fix}`)
    assert.match(source, /\S/, code)
    for (const text of [seen, means, fix, source]) {
      // the documents are made of them: what stands between backticks has both
      assert.is(text.split('`').length % 2, 1, `${code}: ${text}`)
      assert.not.match(text.replace(/`[^`]*`/g, '``'), /!(?!\/)|\s$/, `${code}: ${text}`)
    }
  }
})

test.run()
