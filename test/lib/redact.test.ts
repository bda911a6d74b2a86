import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { oneLine, redact } from '../../scripts/lib/redact.ts'
import { withDirectory, writeFiles } from '../helpers/files.ts'
import { makeKey } from '../helpers/keys.ts'

/** Values that a Secret may hold; each is planted in each message. */
const values = [
  'hunter2',
  'two words',
  'a}b',
  'x] y',
  "it's",
  'a: b',
  '{"a":"b"}',
  'p@$$\\w0rd',
  'ü💥',
  'tab\there',
  '$&',
  '$1',
  'a}: b',
]

/** Messages with a decrypted value in them (docs/decryption.md#what-messages-can-hold); Go quotes strings as JSON does, as far as this matters. */
const messages: Record<string, (value: string) => string> = {
  'B6, a number': () => typed('12345678'),
  'B6, a map': (value) =>
    typed(`map[string]interface {}{"a":${JSON.stringify(value)}, "b":${JSON.stringify(value)}}`),
  'B6, a list': (value) => typed(`[]interface {}{${JSON.stringify(value)}}`),
  'B6 as other types say it': (value) =>
    `Secret/ns/t dry-run failed: failed to create typed patch object (ns/t; /v1, Kind=Secret): .data: expected map, got &{${value}}`,
  'B13d, a line of a file': (value) =>
    `Secret/ns/t dry-run failed (Invalid): Secret "t" is invalid: data[${value}]: Invalid value: ${JSON.stringify(value)}: a valid config key must consist of alphanumeric characters`,
  'B13d, stringData': (value) =>
    `stringData[${value}]: Invalid value: ${JSON.stringify(value)}: a valid config key must consist of`,
  'an object as invalid value': (value) =>
    `spec.x: Invalid value: {"password":${JSON.stringify(value)}}: must be a string`,
  'an object as Go prints it': (value) =>
    `spec.template: Invalid value: core.PodTemplateSpec{ObjectMeta:v1.ObjectMeta{Name:""}, Env:[]core.EnvVar{core.EnvVar{Name:"A", Value:${JSON.stringify(value)}, ValueFrom:(*core.EnvVarSource)(nil)}}}: field is immutable`,
  'an object that is encrypted as a whole': (value) =>
    `error unmarshaling JSON: while decoding JSON: Object 'Kind' is missing in '{"apiVersion":"a/b/c","x":${JSON.stringify(value)}}'`,
  'a pointer as Go prints it': (value) =>
    `Job "x" is invalid: [spec.x: Invalid value: &v1.X{A:map[string]string{"a":${JSON.stringify(value)}}}: no, spec.y: Invalid value: []v1.X{v1.X{A:${JSON.stringify(value)}}}: field is immutable]`,
  'a map as Go prints it': (value) => `x: Duplicate value: map[string]string{"a":${JSON.stringify(value)}}`,
  'a key of a file': (value) => `${JSON.stringify(value)} is not a valid key name for a ConfigMap: no`,
  'a time': (value) =>
    `parsing time ${JSON.stringify(value)} as "2006-01-02": cannot parse ${JSON.stringify(value)} as "2006"`,
  'a number': (value) => `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`,
  'an unsupported value': (value) =>
    `type: Unsupported value: ${JSON.stringify(value)}: supported values: "a"`,
  'sops, a plaintext value': (value) =>
    `Error walking tree: Could not decrypt value: Input string ${value} does not match sops' data format`,
  'sops, a line of a dotenv file': (value) =>
    `failed to load encrypted dotenv data: invalid dotenv input line: ${value}`,
  'sops, a line of an INI file': (value) =>
    `Could not unmarshal input data: key-value delimiter not found: ${value}`,
  'sops, a section of an INI file': (value) => `Could not unmarshal input data: unclosed section: [${value}`,
  'YAML, a text with the tag of a number': (value) => `yaml: cannot decode !!str \`${value}\` as a !!int`,
  'YAML, a text for a mapping': (value) =>
    `yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str \`${value}\` into map[string]interface {}\n  line 2: cannot unmarshal !!str \`${value}\` into int`,
}

function typed(value: string): string {
  return `Secret/ns/t dry-run failed: failed to create typed patch object (ns/t; /v1, Kind=Secret): .stringData.token: expected string, got &value.valueUnstructured{Value:${value}}\n`
}

for (const [name, message] of Object.entries(messages)) {
  test(`${name}: the value is taken out, the frame stays`, () => {
    for (const value of values) {
      const text = `before\n${message(value)}\nafter`
      for (const clean of [redact(text), redact(oneLine(text)), oneLine(redact(text))]) {
        assert.not.ok(clean.includes(value), clean)
        assert.not.ok(clean.includes(JSON.stringify(value).slice(1, -1)), clean)
        assert.not.match(clean, /12345678/)
        assert.match(clean, /<redacted>/)
      }
      assert.match(redact(text), /^before\n/)
      assert.match(redact(text), /\nafter$/)
    }
  })
}

test('the number that JSON cannot hold', () => {
  assert.is(
    redact('json: cannot unmarshal number 12345678 into Go struct field'),
    'json: cannot unmarshal number <redacted> into Go struct field',
  )
})

/** What kustomize says of a Secret that is patched with this. */
function patchedWith(fields: string): Promise<string> {
  const object = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: t\n'
  return withDirectory(async (directory) => {
    writeFiles(directory, {
      'kustomization.yaml': 'resources: [s.yaml]\npatches: [{path: p.yaml}]\n',
      's.yaml': `${object}stringData:\n  token: hunter2\n`,
      'p.yaml': `${object}${fields}`,
    })
    return spawnSync('kustomize', ['build', directory], { encoding: 'utf8' }).stderr
  })
}

test('what kustomize says of a decrypted patch that it cannot merge', async () => {
  for (const fields of [
    'stringData: hunter2\n',
    'stringData:\n  - hunter2\n  - hunter2\n',
    'stringData: |\n  token: hunter2\n  other: hunter2\n',
    'stringData:\n  token: !!int hunter2\n',
  ]) {
    const said = await patchedWith(fields)
    assert.match(said, /hunter2/)
    assert.match(redact(said), /^Error: .*<redacted>/s)
    assert.not.match(redact(said), /hunter2/)
  }
})

test('a whole object, up to the end: nobody sees where it ends', () => {
  for (const frame of [
    'failed to decode Kubernetes apiVersion, kind and name from: ',
    'failed to emit encrypted YAML file as decrypted dotenv: cannot use complex value in dotenv file: ',
  ])
    assert.is(redact(`${frame}[{a hunter2}]\nb: hunter2\n`), `${frame}<redacted>`)
})

test('what stands around an object stays', () => {
  assert.is(
    redact(
      'spec.template: Invalid value: core.X{A:[]string{"x}: y"}, B:v1.B{}}: field is immutable (always)',
    ),
    'spec.template: Invalid value: <redacted>: field is immutable (always)',
  )
  assert.is(
    redact('x: Invalid value: core.X{A:v1.B{}, Value:"hunter2", C:\n"hunter3'),
    'x: Invalid value: <redacted>',
  )
  assert.is(redact('a: Duplicate value: {"name":"x"}\nb'), 'a: Duplicate value: <redacted>\nb')
  assert.is(redact('a: Invalid value: 5: too much (3)'), 'a: Invalid value: <redacted>: too much (3)')
})

test('private keys, whatever is around them', () => {
  const keys = [
    makeKey().secret,
    makeKey('-pq').secret,
    'AGE-PLUGIN-YUBIKEY-1QQQQ',
    makeKey().secret.toLowerCase(),
  ]
  const frames = [
    '%',
    ' %',
    '"%"',
    "'%'",
    'KEY=%',
    '\ufeff%',
    'a\n%\nb',
    '[%]',
    '%,%',
    '\t%\r\n',
    '{"key":"%\\n"}',
    'a%b',
    '`%`',
  ]
  for (const key of keys) {
    const middle = key.slice(20, 40)
    for (const frame of frames) {
      const clean = redact(frame.replaceAll('%', key))
      assert.not.ok(clean.includes(middle), clean)
      assert.match(clean, /<redacted>/)
    }
  }
})

test('what age-keygen says about a line that it cannot read', () => {
  const { secret } = makeKey()
  for (const line of [
    ` ${secret}`,
    `\t${secret}`,
    `\ufeff${secret}`,
    `"${secret}"`,
    `KEY=${secret}`,
    secret.toLowerCase(),
    `x${secret}`,
  ]) {
    const { stderr } = spawnSync('age-keygen', ['-y'], { input: line, encoding: 'utf8' })
    const middle = secret.slice(20, 50)
    assert.match(stderr.toUpperCase(), middle)
    assert.not.match(redact(stderr).toUpperCase(), middle)
    assert.match(redact(stderr), /error at line 1: unknown identity type: <redacted>/)
  }
})

test('the key of another kind', () => {
  const lines = [
    '-----BEGIN OPENSSH PRIVATE KEY-----',
    'b3BlbnNzaC1rZXk',
    'AAAAB3NzaC1',
    '-----END OPENSSH PRIVATE KEY-----',
  ]
  assert.is(redact(`a\n${lines.join('\n')}\nb`), 'a\n<redacted>\nb')
  assert.is(redact(`a\n${lines.slice(0, 3).join('\n')}`), 'a\n<redacted>')
})

test('values that the caller knows', () => {
  assert.is(redact('x hunter2 y hunter2', ['hunter2', '']), 'x <redacted> y <redacted>')
  assert.is(redact('a.c abc', ['a.c']), '<redacted> abc')
  assert.is(redact('x $& y', ['$&']), 'x <redacted> y')
})

test('messages without a value stay as they are', () => {
  for (const text of [
    'secrets "sops-age" not found',
    'age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq: FAILED',
    `Secret/ns/t is SOPS encrypted, configuring decryption is required for this secret to be reconciled`,
    "failed to import 'age.agekey' data from sops decryption Secret 'ns/sops-age': failed to parse and add to age identities: unknown identity type",
    'malformed secret key: invalid character data part: s[58]=32',
    'Secret "im" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    'error decoding from json: illegal base64 data at input byte 3',
    'spec.decryption.provider: Required value',
  ])
    assert.is(redact(text), text)
})

test('oneLine takes the frame of sops away', () => {
  const framed = `Group 0: FAILED
  age1x: FAILED
    - | failed to create reader for decrypting sops data key with
      | age: identity did not match any of the recipients: incorrect
      | identity for recipient block

Recovery failed\n`
  assert.is(
    oneLine(framed),
    'Group 0: FAILED age1x: FAILED failed to create reader for decrypting sops data key with age: identity did not match any of the recipients: incorrect identity for recipient block Recovery failed',
  )
})

test('credentials in URLs, whatever characters a password has, and lines of files that are no UTF-8', () => {
  const cases = [
    [
      "resources from 'https://oauth2:glpat-SECRET@gitlab.example.com/a'",
      "resources from 'https://gitlab.example.com/a'",
    ],
    ['clone https://u:p@ss/SECRET@h.example.com/x: no', 'clone https://h.example.com/x: no'],
    ['https://SECRET@h.example.com/x', 'https://h.example.com/x'],
    ['http://127.0.0.1:80/x and a@b', 'http://127.0.0.1:80/x and a@b'],
    [`"http://127.0.0.1:80/x" and 'a@b'`, `"http://127.0.0.1:80/x" and 'a@b'`],
    // as Go says that a URL is none
    [
      `parse url 'https://u:SEC RET@h.example.com/x': parse "https://u:SEC RET@h.example.com/x": no`,
      `parse url 'https://h.example.com/x': parse "https://h.example.com/x": no`,
    ],
    [
      'parse "https://u:SECRET#x@h.example.com": invalid port ":SECRET" after host',
      'parse "https://h.example.com": invalid port <redacted> after host',
    ],
    ['line [80 65] has invalid utf8 bytes : PASSWORD=SECRET', 'line <redacted> has invalid utf8 bytes'],
  ]
  for (const [said, clean] of cases) assert.is(redact(said!), clean)
})

test.run()
