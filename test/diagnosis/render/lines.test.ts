import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Diagnosis } from '../../../scripts/diagnosis/diagnosis.ts'
import { diagnosisLines } from '../../../scripts/diagnosis/render/lines.ts'
import { withContext } from '../../../scripts/diagnosis/render/with-context.ts'
import { cut, wrapped } from '../../../scripts/diagnosis/render/wrap.ts'
import { finding } from '../../../scripts/findings/finding.ts'

const naming = { root: '/repository', cwd: '/repository/apps', names: false, context: undefined }

function ring(name: string, stops = [`flux-system/${name}`]): Diagnosis {
  return {
    finding: finding('dependency-ring', { object: `kustomization flux-system/${name}` }, { ring: 'a -> a' }),
    stops,
  }
}

function note(name: string, says = 'x'): Diagnosis {
  return { finding: finding('at-work', { object: `kustomization flux-system/${name}` }, { says }), stops: [] }
}

test('the five worst are shown in full, and the others on a line each', () => {
  const lines = diagnosisLines(
    [...'abcdefg'].map((name) => ring(name)),
    naming,
  )
  const full = lines.filter((line) => line.startsWith('error: '))
  assert.is(full.length, 5)
  assert.is(full[0], 'error: kustomization flux-system/a (dependency-ring)')
  assert.is(lines[2], '  fix: take one of these dependencies out of spec.dependsOn')
  const table = lines.filter((line) => line.startsWith('error    '))
  assert.equal(table, [
    'error    kustomization flux-system/f: waits for itself by spec.dependsOn: a -> a',
    'error    kustomization flux-system/g: waits for itself by spec.dependsOn: a -> a',
  ])
})

test('notes are never shown in full, and a line of them is cut where a terminal ends', () => {
  const lines = diagnosisLines([note('a', 'x'.repeat(200)), note('b')], naming)
  assert.is(lines.length, 3)
  assert.is(lines[0]?.length, 80)
  assert.match(lines[0] ?? '', /^note {5}kustomization flux-system\/a: .*…$/)
  assert.is(lines[2], '')
})

test('what it stops is counted, and named where that is wanted', () => {
  const stops = Array.from({ length: 12 }, (_, index) => `flux-system/application-${index}`)
  const counted = diagnosisLines([ring('a', stops)], naming).join('\n')
  assert.match(counted.replaceAll('\n  ', ' '), 'stops 12')
  assert.not.match(counted, 'application-11')
  const named = diagnosisLines([ring('a', stops)], { ...naming, names: true })
  assert.match(named.join('\n'), 'application-11')
  for (const line of named) assert.ok(line.length <= 80, line)
})

test('a file is called from where the user stands, in words and in commands', () => {
  const moved = finding(
    'mac-missing',
    { object: 'kustomization flux-system/a', file: 'apps/with space.yaml', line: 7 },
    { file: 'apps/with space.yaml' },
  )
  const text = diagnosisLines([{ finding: moved, stops: [] }], naming).join('\n')
  assert.match(text, '\n  with space.yaml:7: has no `mac`')
  assert.match(text, "`git log -p -- 'with space.yaml'`")
})

test('a message that begins with its file has the line there', () => {
  const place = { object: 'kustomization flux-system/a', file: 'apps/db.yaml', line: 7 }
  const wrong = finding('wrong-key', place, { what: 'apps/db.yaml', keys: '', flags: '' })
  const [, second] = diagnosisLines([{ finding: wrong, stops: [] }], naming)
  assert.match(second ?? '', /^ {2}db\.yaml:7 is encrypted to another key/)
})

test('what is to be done names the context that was named, in each command that asks a cluster', () => {
  const patch = finding('key-secret-missing', { object: 'secret a/b' }, { flags: ' --namespace a' })
  const [, , fix] = diagnosisLines([{ finding: patch, stops: [] }], { ...naming, context: 'my cluster' })
  assert.match(fix ?? '', "`mise run flux:sops-key --context 'my cluster' --namespace a`")
  assert.is(
    withContext('`kubectl get x | mise run flux:sops-key`', 'c'),
    '`kubectl --context c get x | mise run flux:sops-key --context c`',
  )
  assert.is(
    withContext('`flux migrate -f .` and `flux resume ks a`', 'c'),
    '`flux migrate -f .` and `flux --context c resume ks a`',
  )
  assert.is(withContext('`kubectl get x`', undefined), '`kubectl get x`')
})

test('a name that moves the cursor of a terminal is shown as text', () => {
  const text = diagnosisLines([ring('a\u001b[2J')], naming).join('\n')
  assert.not.match(text, '\u001b')
  assert.match(text, '\\u001b')
})

test('a text is broken between words, and never within a command', () => {
  const command = `\`kubectl annotate kustomization ${'x'.repeat(80)} -n flux-system\``
  const lines = wrapped(`${'word '.repeat(20)}${command}, and more`, '  ')
  assert.ok(lines.includes(`  ${command},`), lines.join('\n'))
  for (const line of lines.filter((one) => !one.includes('`'))) assert.ok(line.length <= 80, line)
  assert.is(lines.map((line) => line.trim()).join(' '), `${'word '.repeat(20)}${command}, and more`)
  assert.is(cut('short'), 'short')
  assert.is(cut('x'.repeat(81)), `${'x'.repeat(79)}…`)
})

test.run()
