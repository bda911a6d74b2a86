import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unifiedDiff } from '../../scripts/lib/diff.ts'
import { readFiles } from '../helpers/files.ts'
import { withRepository } from '../helpers/repository.ts'

const texts: Record<string, [before: string, after: string]> = {
  'a.yaml': ['a\nb\nc\nd\ne\n', 'a\nb\nc\nnew\nd\ne\n'],
  'no final newline.yaml': ['a\nb', 'a\nb\nnew'],
  'crlf.yaml': ['a\r\nb\r\n', 'a\r\nnew\r\nb\r\n'],
  'dir/ä.yaml': ['--- \na: 1\n--- \n', '--- \na: 1\nnew: 1\n--- \n'],
  'bom.yaml': ['\uFEFFa\n', '\uFEFFa\nnew\n'],
}

test('unifiedDiff: git apply makes the new text of it', () =>
  withRepository(
    Object.fromEntries(Object.entries(texts).map(([file, [before]]) => [file, before])),
    async ({ root, env }) => {
      const input = Object.entries(texts)
        .map(([file, [before, after]]) => unifiedDiff(file, before, after))
        .join('')
      execFileSync('git', ['apply', '-'], { cwd: root, env, input })
      const after = Object.fromEntries(Object.entries(texts).map(([file, [, text]]) => [file, text]))
      assert.equal(readFiles(root), after)
    },
  ))

test('unifiedDiff: nothing where nothing changes, and no private key from the lines around', () => {
  assert.is(unifiedDiff('a', 'x\n', 'x\n'), '')
  const diff = unifiedDiff('a', 'AGE-SECRET-KEY-1QQQ\n', 'AGE-SECRET-KEY-1QQQ\nnew\n')
  assert.match(diff, /^ <redacted>\n\+new\n$/m)
  assert.not.match(diff, '1QQQ')
})

test.run()
