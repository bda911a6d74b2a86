import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { markFindings } from '../../scripts/findings/fingerprint.ts'
import { auditIn, conflictIn } from '../helpers/audit.ts'
import { writeFiles } from '../helpers/files.ts'
import { encryptSecret, makeKey } from '../helpers/keys.ts'
import { withRepository } from '../helpers/repository.ts'

const prints = (findings: Parameters<typeof markFindings>[0]) =>
  markFindings(findings).map(({ fingerprint }) => fingerprint)

test('a fingerprint is 64 digits, and always the same', () => {
  const [one] = prints([conflictIn('a.yaml', { line: 3, column: 1 })])
  assert.match(one!, /^[\da-f]{64}$/)
  assert.equal(prints([conflictIn('a.yaml', { line: 3, column: 1 })]), [one])
})

test('lines do not count; code, file, object and facts do', () => {
  const first = conflictIn('a.yaml', { line: 3 })
  const alike = [
    { ...first, line: 7, column: 9 },
    { ...first, line: undefined },
  ]
  for (const one of alike) assert.equal(prints([one]), prints([first]))
  const others = [
    { ...first, file: 'b.yaml' },
    { ...first, object: 'secret default/a' },
    { ...first, facts: { file: 'b.yaml' } },
    { ...first, facts: { file: 'a.yaml', other: '' } },
  ]
  const all = prints([first, ...others])
  assert.is(new Set(all).size, all.length)
})

test('the order of the facts does not count', () => {
  const one = conflictIn('a.yaml')
  const [a, b] = [
    { ...one, facts: { x: '1', y: '2' } },
    { ...one, facts: { y: '2', x: '1' } },
  ]
  assert.equal(prints([a]), prints([b]))
})

test('of equal ones each has its own, and one that comes behind them changes none', () => {
  const two = [conflictIn('a.yaml', { line: 1 }), conflictIn('a.yaml', { line: 2 })]
  const [first, second] = prints(two)
  assert.is.not(first, second)
  assert.equal(prints([...two, conflictIn('a.yaml', { line: 3 })]).slice(0, 2), [first, second])
})

test('a file whose lines have moved keeps its fingerprints', () => {
  const text = encryptSecret(makeKey().recipient)
  const conflict = text.replace('stringData:', '<<<<<<< ours\nstringData:\n=======\nother:\n>>>>>>> theirs')
  return withRepository({ 'a.enc.yaml': conflict }, async (repository) => {
    const before = await auditIn(repository)
    writeFiles(repository.root, { 'a.enc.yaml': `# one line more\n${conflict}` })
    const after = await auditIn(repository)
    assert.ok(before.found.includes('a.enc.yaml:6 merge-conflict'))
    assert.ok(after.found.includes('a.enc.yaml:7 merge-conflict'))
    const ofConflict = ({ findings }: typeof before) =>
      prints(findings.filter(({ code }) => code === 'merge-conflict'))
    assert.equal(ofConflict(after), ofConflict(before))
  })
})

test.run()
