import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asText, countsAsText } from '../../../scripts/findings/render/text.ts'
import { conflictIn, manyConflicts } from '../../helpers/audit.ts'

const asIs = (file: string) => file

test('a file is named once, with its findings below; what to do is said in their own words where there is one', () => {
  const findings = [conflictIn('a.yaml', { line: 3, column: 1 }), conflictIn('a.yaml', { line: 12 })]
  assert.equal(
    asText(findings, (file) => `../${file}`),
    [
      '../a.yaml',
      '  3:1  error    holds the marks of an unfinished merge (merge-conflict)',
      '  12   error    holds the marks of an unfinished merge (merge-conflict)',
      '',
      'what to do:',
      '  merge-conflict: take the file of one side: `git checkout --ours ../a.yaml` or `--theirs` while the merge goes on, `git checkout HEAD^1 -- ../a.yaml` where it is committed; then `sops edit ../a.yaml` for what the other side changed',
      '',
    ],
  )
})

test('what to do about several files is said once', () => {
  const lines = asText(manyConflicts(300), asIs)
  const fixes = lines.filter((line) => line.includes('git checkout'))
  assert.is(fixes.length, 1)
  assert.match(fixes[0]!, '`git checkout --ours FILE`')
})

test('a finding without a line, and one of an object', () => {
  const { facts, code } = conflictIn('a.yaml')
  assert.equal(
    asText([conflictIn('a.yaml'), { code, facts, object: 'secret default/a' }], asIs).slice(0, 5),
    [
      'a.yaml',
      '  error    holds the marks of an unfinished merge (merge-conflict)',
      '',
      'secret default/a',
      '  error    holds the marks of an unfinished merge (merge-conflict)',
    ],
  )
})

test('a name cannot begin a line of its own', () => {
  const lines = asText([conflictIn('a\n::error::b\u001b[2J.yaml')], asIs)
  for (const line of lines) assert.not.match(line, /\p{Cc}/u)
  assert.is(lines[0], 'a\\u000a::error::b\\u001b[2J.yaml')
})

test('counts', () => {
  assert.is(countsAsText([]), 'no findings')
  assert.is(countsAsText(manyConflicts(1)), '1 error')
  assert.is(countsAsText(manyConflicts(3)), '3 errors')
})

test.run()
