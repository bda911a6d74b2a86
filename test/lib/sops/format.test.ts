import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEncryptedManifest, isEncryptedSource } from '../../../scripts/lib/sops/format.ts'
import { makeKey } from '../../helpers/keys.ts'

const { recipient } = makeKey()

function encrypt(format: string, input: string, ...more: string[]): string {
  const formats = ['--input-type', format, '--output-type', format, '--filename-override', 'x']
  const args = ['--config', '/dev/null', 'encrypt', '--age', recipient, ...formats, ...more]
  return execFileSync('sops', args, { input, encoding: 'utf8' })
}

const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, stringData: { a: 'b' } }
const json = JSON.stringify(secret)
const onlyData = ['--encrypted-regex', '^(data|stringData)$']
const pretty = encrypt('json', json, ...onlyData)
const files = {
  yaml: encrypt('yaml', 'a: b\n'),
  json: encrypt('json', '{"a": "b"}'),
  dotenv: encrypt('dotenv', 'A=b\n'),
  ini: encrypt('ini', '[a]\nb=c\n'),
  binary: encrypt('binary', 'anything'),
}
const minified = JSON.stringify(JSON.parse(files.json))

test('isEncryptedSource: the mark of the format that the name says', () => {
  const expected: [name: string, env: boolean, formats: string][] = [
    ['a.yaml', false, 'yaml'],
    ['a.yml', false, 'yaml'],
    ['a.json', false, 'json binary'],
    ['.dockerconfigjson', false, 'json binary'],
    ['x.dockerconfigjson', false, 'json binary'],
    ['a.env', false, 'dotenv'],
    ['.env', false, 'dotenv'],
    ['a.ini', false, 'ini'],
    ['a.txt', false, 'json binary'],
    ['password', false, 'json binary'],
    ['env', false, 'json binary'],
    ['a.yaml.bak', false, 'json binary'],
    ['a.env', true, 'dotenv'],
    ['settings', true, 'dotenv'],
    ['a.txt', true, 'dotenv'],
    ['a.yaml', true, 'yaml'],
    ['a.json', true, 'json binary'],
    ['a.ini', true, 'ini'],
    ['x.dockerconfigjson', true, 'json binary'],
  ]
  for (const [name, env, formats] of expected) {
    const found = Object.entries(files).filter(([, text]) => isEncryptedSource(text, name, env))
    assert.is(found.map(([format]) => format).join(' '), formats, `${name} ${env ? 'of envs' : ''}`)
    assert.not(isEncryptedSource(minified, name, env), `minified as ${name}`)
    for (const text of ['', 'a: b\n', 'sops: {}\nmac: x\n', 'A=ENC[AES256_GCM,data:x]\n'])
      assert.not(isEncryptedSource(text, name, env), `${text} as ${name}`)
  }
})

const block = encrypt('yaml', json, ...onlyData)
const configMap = (data: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n${data}`
const indented = (text: string) => text.replace(/^(?=.)/gm, '    ')
const base64 = (text: string) => Buffer.from(text).toString('base64')
const valued = (data: object, kind = 'Secret') => ({ apiVersion: 'v1', kind, metadata: { name: 'x' }, data })
const wrapped = base64(files.binary).replace(/.{76}/g, '$&\n')

const manifests: Record<string, [text: string, encrypted: boolean]> = {
  'a Secret': [block, true],
  'with all encrypted': [encrypt('yaml', 'apiVersion: v1\nkind: ConfigMap\n'), true],
  'the second document': [`${configMap('  a: b\n')}---\n${block}`, true],
  'with CRLF': [block.replaceAll('\n', '\r\n'), true],
  'with a quoted key': [block.replace('\nsops:', '\n"sops":'), true],
  JSON: [pretty, true],
  'minified JSON': [JSON.stringify(JSON.parse(pretty)), true],
  'without a MAC': [block.replace(/^ +mac: .*\n/m, ''), false],
  'JSON without a MAC': [pretty.replace(/"mac": .*,/, ''), false],
  'without metadata': [block.split('\nsops:')[0]!, false],
  'a YAML file in a ConfigMap': [configMap(`  a.yaml: |\n${indented(block)}`), false],
  'a JSON file in a ConfigMap': [configMap(`  a.json: |\n${indented(pretty)}`), false],
  'a JSON file in a ConfigMap of JSON': [JSON.stringify(valued({ 'a.json': pretty }, 'ConfigMap')), false],
  'a YAML file in stringData': [JSON.stringify({ ...secret, stringData: { 'a.yaml': files.yaml } }), false],
  'what mentions sops': [`# sops: yes\n${configMap('  sops: ENC[AES256_GCM,\n  mac: sops\n')}`, false],
  'a Flux Kustomization': ['kind: Kustomization\nspec:\n  decryption: {provider: sops}\n', false],
  'an encrypted dotenv file': [files.dotenv, false],
  '.sops.yaml': [`creation_rules:\n  - age: ${recipient}\n`, false],
  nothing: ['', false],
}
for (const [format, text] of Object.entries(files)) {
  const value = base64(text)
  manifests[`a value of a Secret, ${format}`] = [JSON.stringify(valued({ a: value }), null, 2), true]
  manifests[`a value of a minified Secret, ${format}`] = [
    JSON.stringify(valued({ a: 'YQ==', b: value })),
    true,
  ]
  manifests[`a value of a ConfigMap, ${format}`] = [
    JSON.stringify(valued({ a: value }, 'ConfigMap'), null, 2),
    false,
  ]
  manifests[`a value in YAML, ${format}`] = [`kind: Secret # x\ndata:\n  a: ${value}\n`, true]
}
manifests['a value over several lines'] = [
  `kind: Secret\ndata:\n  z: YWFh\n  a: |\n${indented(wrapped)}`,
  true,
]
manifests['a value of minified JSON'] = [`kind: Secret\ndata:\n  a: ${base64(minified)}\n`, false]
manifests['a value that is no SOPS file'] = [
  `kind: Secret\ndata:\n  a: ${base64(block.slice(0, 40).repeat(20))}\n`,
  false,
]
manifests['a SecretStore'] = [`kind: SecretStore\ndata:\n  a: ${base64(files.yaml)}\n`, false]

for (const [what, [text, expected]] of Object.entries(manifests)) {
  test(`isEncryptedManifest: ${what}: ${expected ? 'yes' : 'no'}`, () => {
    assert.is(isEncryptedManifest(text), expected)
  })
}

test.run()
