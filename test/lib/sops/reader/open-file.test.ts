import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openFile } from '../../../../scripts/lib/sops/reader/open-file.ts'
import type { OpenOptions, Reading } from '../../../../scripts/lib/sops/reader/reading.ts'
import { makeKey } from '../../../helpers/keys.ts'
import { ask } from '../../../helpers/sops/judge.ts'

const [ours, another, third] = [makeKey(), makeKey(), makeKey()]
const hybrid = makeKey('-pq')
const planted = 'planted-value'

function encrypt(format: string, input: string, ...args: string[]): string {
  const types = ['--input-type', format, '--output-type', format, '--filename-override', 'x']
  const recipients = args.includes('--age') ? [] : ['--age', ours.recipient]
  return execFileSync('sops', ['--config', '/dev/null', 'encrypt', ...recipients, ...args, ...types], {
    input,
    encoding: 'utf8',
  })
}

const secret = `kind: Secret
data:
  a: ${planted}
  b: other
stringData:
  c: third
`
const yaml = encrypt('yaml', secret, '--encrypted-regex', '^(data|stringData)$')

const open = (text: string, name: string, options: OpenOptions = { identities: [ours] }) =>
  openFile(Buffer.from(text), name, options)

/** Codes with their paths and lines. */
function faultsOf({ faults }: Reading): string[] {
  return faults.map(({ code, path, line }) => `${code} ${path.join('.')}:${line}`)
}

test('the name tells the format, and each format is read', async () => {
  const inputs: [name: string, format: string, input: string][] = [
    ['x.yaml', 'yaml', `a: ${planted}\n`],
    ['x.yml', 'yaml', `a: ${planted}\n`],
    ['x.json', 'json', `{"a": "${planted}"}`],
    ['x.env', 'dotenv', `a=${planted}\n`],
    ['x.ini', 'ini', `[s]\na = ${planted}\n`],
    ['x.yaml.enc', 'binary', planted],
  ]
  for (const [name, format, input] of inputs) {
    const reading = await open(encrypt(format, input), name)
    assert.is(reading.format, format)
    assert.is(reading.verdict, 'decrypts', name)
    assert.equal(
      reading.values.map(({ bytes }) => bytes?.toString()),
      [planted],
    )
    assert.equal(reading.faults, [])
  }
})

test('a file that sops has not encrypted', async () => {
  for (const [name, text] of [
    ['x.yaml', secret],
    ['x.json', '{"a": 1}'],
    ['x.env', 'A=1\n'],
    ['x.ini', '[a]\nb = 1\n'],
    ['empty.yaml', ''],
  ] as const)
    assert.is((await open(text, name)).verdict, 'no-metadata', name)
})

test('the metadata is read without a key', async () => {
  const { verdict, metadata, values } = await open(yaml, 'x.yaml', {})
  assert.is(verdict, 'not-opened')
  assert.equal(metadata?.selector, { name: 'encrypted_regex', text: '^(data|stringData)$' })
  assert.equal(
    metadata?.groups.map(({ age, others }) => [age.map(({ recipient }) => recipient), others]),
    [[[ours.recipient], []]],
  )
  assert.is(metadata?.line, yaml.split('\n').indexOf('sops:') + 1)
  assert.equal(
    values.map(({ path, selected, ciphertext, bytes }) => [path.join('.'), selected, ciphertext, !!bytes]),
    [
      ['kind', false, false, true],
      ['data.a', true, true, false],
      ['data.b', true, true, false],
      ['stringData.c', true, true, false],
    ],
  )
})

test('a value in the clear is seen without a key, with its place', async () => {
  const { verdict, faults } = await open(yaml.replace(/^ +b: .*$/m, '    b: plain'), 'x.yaml', {})
  assert.is(verdict, 'fails')
  assert.equal(faults, [{ code: 'value-plain', document: 0, path: ['data', 'b'], line: 4, column: 8 }])
  const json = encrypt('json', '{"a": {"b": "x"}}').replace('"a": {', '"a": {\n\t\t"c": 12,')
  assert.equal((await open(json, 'x.json', {})).faults, [
    { code: 'value-plain', document: 0, path: ['a', 'c'], line: 3, column: 8 },
  ])
  const env = await open(`${encrypt('dotenv', 'A=1\n')}B=2\n`, 'x.env', {})
  assert.equal(
    env.faults.map(({ path, column }) => [path, column]),
    [[['B'], 3]],
  )
  const ini = await open(encrypt('ini', '[s]\na = 1\n').replace('[s]', '[s]\nb =  2'), 'x.ini', {})
  assert.equal(
    ini.faults.map(({ path, line, column }) => [path, line, column]),
    [[['s', 'b'], 2, 6]],
  )
})

test('what the settings leave out may be in the clear, and ciphertext there is said', async () => {
  const moved = yaml.replace(/^kind: .*$/m, `kind: ${/a: (ENC.*)/.exec(yaml)![1]}`)
  assert.equal(faultsOf(await open(moved, 'x.yaml', {})), ['value-encrypted-unexpectedly kind:1'])
  assert.equal(faultsOf(await open(moved, 'x.yaml')), [
    'value-encrypted-unexpectedly kind:1',
    'mac-mismatch :7',
  ])
  assert.is((await open(yaml.replace('kind: Secret', 'kind: Other'), 'x.yaml')).verdict, 'fails')
})

test('a renamed or moved value is found again', async () => {
  const renamed = await open(yaml.replace('    a: ', '    z: '), 'x.yaml')
  assert.equal(faultsOf(renamed), ['value-broken data.z:3'])
  const former = await open(yaml.replace('    a: ', '    z: '), 'x.yaml', {
    identities: [ours],
    formerPaths: [['data', 'a']],
  })
  assert.equal(faultsOf(former), ['value-moved data.z:3'])
  assert.equal(former.faults[0]?.from, ['data', 'a'])
  const [, line] = /^( {4}a: .*\n)/m.exec(yaml)!
  const moved = await open(yaml.replace(line!, '').replace('stringData:\n', `stringData:\n${line}`), 'x.yaml')
  assert.equal(
    moved.faults.map(({ code, path, from }) => [code, path, from]),
    [['value-moved', ['stringData', 'a'], ['data', 'a']]],
  )
})

test('who can open it: not a recipient, a damaged stanza, post-quantum, key groups', async () => {
  assert.equal(faultsOf(await open(yaml, 'x.yaml', { identities: [another] })), ['not-a-recipient :7'])
  assert.equal(faultsOf(await open(yaml, 'x.yaml', { identities: [] })), ['not-a-recipient :7'])
  const damaged = yaml.replace(/(BEGIN AGE.*\n +)\w{8}/, '$1AAAAAAAA')
  const reading = await open(damaged, 'x.yaml')
  assert.equal(
    reading.faults.map(({ code, recipient }) => [code, recipient]),
    [['stanza-damaged', ours.recipient]],
  )
  const quantum = encrypt('yaml', secret, '--age', `${another.recipient},${hybrid.recipient}`)
  assert.is((await open(quantum, 'x.yaml', { identities: [hybrid] })).verdict, 'decrypts')
  assert.is((await open(quantum, 'x.yaml', { identities: [ours, another] })).verdict, 'decrypts')
})

test('a file that other keys may open is left to sops', async () => {
  const pgp = `    pgp:\n        - created_at: "2026-01-01T00:00:00Z"\n          enc: x\n          fp: ABCD\n`
  const both = yaml.replace(/^ {4}lastmodified/m, `${pgp}$&`)
  assert.is((await open(both, 'x.yaml')).verdict, 'decrypts')
  const { verdict, unsure } = await open(both, 'x.yaml', { identities: [another] })
  assert.equal([verdict, unsure?.reason], ['needs-sops', 'other-keys'])
  const noTime = both.replace('2026-01-01T00:00:00Z', 'yesterday')
  assert.is((await open(noTime, 'x.yaml')).unsure?.reason, 'metadata')
  const plugin = yaml.replace(ours.recipient, 'age1yubikey1qqqq')
  assert.is((await open(plugin, 'x.yaml', { identities: [another] })).unsure?.reason, 'other-keys')
})

test('documents of two files have different data keys, which only a key makes certain', async () => {
  const line = yaml.split('\n').length + 1
  const same = `${yaml}---\n${encrypt('yaml', secret, '--encrypted-regex', '^(data|stringData)$')}`
  for (const [options, verdict] of [
    [{}, 'not-opened'],
    [{ identities: [ours] }, 'fails'],
  ] as const) {
    const reading = await open(same, 'x.yaml', options)
    assert.is(reading.verdict, verdict)
    assert.equal(faultsOf(reading), [`different-data-keys :${line + 6}`])
  }
})

test('an unfinished merge, a MAC that is gone, metadata that cannot be read', async () => {
  const conflict = yaml.replace(/^( {4}b: .*)$/m, '<<<<<<< HEAD\n$1\n=======\n$1\n>>>>>>> other')
  assert.equal(faultsOf(await open(conflict, 'x.yaml')), ['merge-conflict :4'])
  const noMac = yaml.replace(/^ +mac: .*\n/m, '')
  assert.equal(faultsOf(await open(noMac, 'x.yaml', {})), ['mac-missing :7'])
  const noTime = await open(yaml.replace(/^ +lastmodified: .*\n/m, ''), 'x.yaml', {})
  assert.equal(
    noTime.faults.map(({ code, field }) => [code, field]),
    [['metadata-unreadable', 'lastmodified']],
  )
  const late = await open(`a: 1\n---\n${yaml}`, 'x.yaml')
  assert.equal(
    late.faults.map(({ code, field }) => [code, field]),
    [['metadata-unreadable', 'sops']],
  )
})

test('what parsers read in different ways is left to sops', async () => {
  const cases: Record<string, string> = {
    anchor: yaml.replace('kind: Secret', 'kind: &k Secret'),
    alias: yaml.replace('kind: Secret', 'kind: &k Secret\nother: *k'),
    merge: yaml.replace('kind: Secret', 'kind: Secret\n<<: {}'),
    tag: yaml.replace('kind: Secret', 'kind: !!str Secret'),
    'tag of a mapping': yaml.replace('data:', 'data: !!map'),
    directive: `%YAML 1.2\n---\n${yaml}`,
    'explicit key': yaml.replace('kind: Secret', '? kind\n: Secret'),
    'key that is a number': yaml.replace('kind: Secret', 'kind: Secret\n12: x'),
    'double key': yaml.replace('kind: Secret', 'kind: Secret\nkind: Secret'),
    octal: yaml.replace('kind: Secret', 'kind: 0777'),
    hexadecimal: yaml.replace('kind: Secret', 'kind: 0x1F'),
    underscore: yaml.replace('kind: Secret', 'kind: 1_000'),
    date: yaml.replace('kind: Secret', 'kind: 2026-01-01'),
    infinity: yaml.replace('kind: Secret', 'kind: .inf'),
    'lone carriage return': yaml.replace('kind: Secret\n', 'kind: Secret\rx: y\n'),
    'next line': yaml.replace('Secret', 'Sec\u0085ret'),
    'byte order mark': `\uFEFF${yaml}`,
    list: `- a\n---\n${yaml}`,
    'time of sops as a date': yaml.replace(/lastmodified: "(.*)"/, 'lastmodified: $1'),
    'blanks in a stanza': yaml.replace(/(BEGIN AGE.*)$/m, '$1  '),
    'control character': yaml.replace('Secret', '"\u0007"'),
    'old sops': yaml.replace(/version: .*/, 'version: 2.0.0'),
  }
  for (const [name, text] of Object.entries(cases)) {
    assert.ok(text !== yaml, name)
    assert.is((await open(text, 'x.yaml')).verdict, 'needs-sops', name)
  }
  const notUtf8 = Buffer.concat([Buffer.from(yaml), Buffer.of(0xff)])
  assert.is((await openFile(notUtf8, 'x.yaml')).unsure?.reason, 'text')
  const ini = encrypt('ini', '[s]\na = 1\n')
  for (const line of ["q = 'x'", 'a = 2', 'x = y \\', '- = 1', 'b = c ; d'])
    assert.is((await open(ini.replace('[s]', `[s]\n${line}`), 'x.ini')).verdict, 'needs-sops', line)
  assert.is((await open(`${encrypt('json', '{"a": 1}')}x`, 'x.json')).verdict, 'needs-sops')
})

test('numbers of JSON are ints of 64 bits or floats', async () => {
  const numbers = ['9223372036854775807', '9223372036854775808', '-1', '1.0', '1e3', '-0']
  const json = encrypt('json', `{"n": [${numbers}], "s": "x"}`, '--encrypted-regex', '^s$')
  const found = /"n": \[([^\]]*)/
    .exec(json)![1]!
    .split(',')
    .map((text) => text.trim())
  const { verdict, values } = await open(json, 'x.json')
  assert.is(verdict, 'decrypts', found.join())
  assert.equal(
    values.map(({ type, bytes }) => `${type} ${bytes}`),
    ['int 9223372036854775807', 'float 9223372036854776000', 'int -1', 'int 1', 'int 1000', 'int 0', 'str x'],
  )
})

test('comments decide what is encrypted, where it is certain what they belong to', async () => {
  const input = '# no\na: x\n# encrypt\nb: y # behind\nc:\n  # encrypt\n  d: z\n'
  const text = Buffer.from(input).toString('base64')
  const settings = { groups: [[ours.recipient]], selector: 'encrypted_comment_regex', selected: '^ encrypt' }
  const [answer] = await ask([{ format: 'yaml', text, ...settings }])
  const commented = Buffer.from(answer!.text!, 'base64').toString()
  const { verdict, faults, values } = await open(commented, 'x.yaml')
  assert.equal([verdict, faults], ['decrypts', []])
  assert.equal(
    values.map(({ selected }) => selected),
    [false, true, true],
  )
  const apart = await open(commented.replace('b: ', '\nb: '), 'x.yaml')
  assert.is(apart.unsure?.reason, 'comment')
})

test('mappings in mappings, more than the stack has room for', async () => {
  const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`
  for (const name of ['x.json', 'x.yaml']) assert.is((await open(deep, name)).verdict, 'needs-sops', name)
})

test('whatever is in a file, nothing is thrown, and faults hold no value and no key', async () => {
  const bytes = Buffer.from(yaml)
  const property = fc.asyncProperty(
    fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    fc.constantFrom('x.yaml', 'x.json', 'x.env', 'x.ini', 'x'),
    async (changes, name) => {
      const changed = Buffer.from(bytes)
      for (const [at, byte] of changes) changed[at] = byte
      const { faults, unsure } = await openFile(changed, name, { identities: [ours, third] })
      const said = JSON.stringify([faults, unsure])
      for (const word of [planted, ours.secret, 'ENC[']) assert.not.ok(said.includes(word))
    },
  )
  await fc.assert(property, { numRuns: 300, seed: 1 })
})

test.run()
