import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditOf, ofCodes } from '../../../../helpers/audit.ts'
import { encrypt, map, secret, whole } from '../../../../helpers/flux/encrypted-objects.ts'
import { fluxKustomization } from '../../../../helpers/flux/flux-objects.ts'

const block = '  decryption: {provider: sops, secretRef: {name: sops-age}}\n'
const root = (more = '') => ({ 'c/a.yaml': fluxKustomization('a', './apps', block + more) })
const generated = (list: string, files: Record<string, string>, kind = 'secretGenerator') => ({
  'apps/kustomization.yaml': `${kind}:\n  - name: g\n    ${list}\n`,
  ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`apps/${name}`, text])),
})
const kustomization = (text: string, files: Record<string, string>) => ({
  'apps/kustomization.yaml': text,
  ...Object.fromEntries(Object.entries(files).map(([name, one]) => [`apps/${name}`, one])),
})

const json = whole('{"a": "b"}', 'x.json')
const env = whole('a=b\n', 'x.env')
const yaml = whole('a: b\n')
const ini = whole('[s]\na = b\n', 'x.ini')
const binary = whole('text', 'x.bin')
const minified = JSON.stringify(JSON.parse(json))
const plain =
  'apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}\nstringData: {token: x}\n'
const labelPatch =
  'patches:\n  - patch: "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: default, labels: {a: b}}}"\n'
const valuePatch = labelPatch.replace('default, labels: {a: b}}', 'default}, stringData: {token: new}')
const inComments = (rule: object) => encrypt(secret('s', 'clear # secret'), { rule })

type Case = [files: Record<string, string>, found: string[], more?: string]
const cases: Record<string, Case> = {
  'files of a generator in the format of their names': [
    generated('files: [x.json, x.env, y.yaml=x.yaml, x.ini, x.bin, plain=x.bin]', {
      'x.json': json,
      'x.env': env,
      'x.yaml': yaml,
      'x.ini': ini,
      'x.bin': binary,
    }),
    [],
  ],
  'env files of a generator': [
    generated('envs: [x.env, x.env.enc, secret]', { 'x.env': env, 'x.env.enc': env, secret: env }),
    [],
  ],
  'an env file of a ConfigMap generator': [
    generated('envs: [x.env]', { 'x.env': env }, 'configMapGenerator'),
    ['apps/kustomization.yaml:3 never-decrypted'],
  ],
  'a file of a ConfigMap generator that a Secret generator names too': [
    kustomization(
      'configMapGenerator: [{name: c, envs: [x.env]}]\nsecretGenerator: [{name: s, envs: [x.env]}]\n',
      {
        'x.env': env,
      },
    ),
    [],
  ],
  'a plain file of a ConfigMap generator': [
    generated('envs: [x.env]', { 'x.env': 'a=b\n' }, 'configMapGenerator'),
    [],
  ],
  'the single env file of a generator': [
    generated('env: x.env', { 'x.env': env }),
    ['apps/kustomization.yaml:3 never-decrypted'],
  ],
  'JSON on one line in a generator': [
    generated('files: [x.json]', { 'x.json': minified }),
    ['apps/x.json minified-json'],
  ],
  'JSON on one line as a resource, which Flux reads as an object': [
    kustomization('resources: [s.json]\n', {
      's.json': JSON.stringify(
        JSON.parse(
          encrypt('{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":"b"}}', {
            name: 'x.json',
          }),
        ),
      ),
    }),
    [],
  ],
  'a key without the ending of its file': [
    generated('files: [config=x.yaml]', { 'x.yaml': yaml }),
    ['apps/kustomization.yaml:3 format-mismatch'],
  ],
  'a key without the ending of its file, all of which is in data': [
    generated('files: [config=x.yaml]', { 'x.yaml': whole('data: b\n') }),
    [],
  ],
  'a binary file under a key of JSON': [
    generated('files: [x.json=x.bin]', { 'x.bin': binary }),
    ['apps/kustomization.yaml:3 format-mismatch'],
  ],
  'a YAML file as env file': [
    generated('envs: [x.yaml]', { 'x.yaml': yaml }),
    ['apps/kustomization.yaml:3 format-mismatch'],
  ],
  'an encrypted patch on a plain object': [
    kustomization('resources: [s.yaml]\npatches: [{path: p.yaml}]\n', {
      's.yaml': plain,
      'p.yaml': encrypt(secret('s')),
    }),
    [],
  ],
  'an encrypted patch in patchesStrategicMerge': [
    kustomization('resources: [s.yaml]\npatchesStrategicMerge: [p.yaml]\n', {
      's.yaml': plain,
      'p.yaml': encrypt(secret('s')),
    }),
    ['apps/kustomization.yaml:2 strategic-merge'],
  ],
  'an encrypted patch on an encrypted object': [
    kustomization('resources: [s.yaml]\npatches: [{path: p.yaml}]\n', {
      's.yaml': encrypt(secret('s')),
      'p.yaml': encrypt(secret('s', 'other')),
    }),
    ['apps/s.yaml:7 ciphertext-changed'],
  ],
  'a plain patch on an encrypted value': [
    kustomization(`resources: [s.yaml]\n${valuePatch}`, { 's.yaml': encrypt(secret('s')) }),
    ['apps/s.yaml:7 ciphertext-changed'],
  ],
  'a patch, a namespace, a label and a prefix on what is not encrypted': [
    kustomization(
      `resources: [s.yaml]\nnamespace: other\nnamePrefix: p-\nlabels: [{pairs: {a: b}}]\n${labelPatch}`,
      { 's.yaml': encrypt(secret('s')) },
    ),
    [],
  ],
  'a manifest that is encrypted as a whole': [
    kustomization('resources: [s.yaml]\n', { 's.yaml': whole(secret('s')) }),
    ['apps/s.yaml whole-manifest'],
  ],
  'a whole manifest under a label': [
    kustomization('resources: [s.yaml]\ncommonLabels: {a: b}\n', { 's.yaml': whole(secret('s')) }),
    ['apps/s.yaml ciphertext-changed'],
  ],
  'a whole manifest under a namespace of the Flux Kustomization': [
    kustomization('resources: [s.yaml]\n', { 's.yaml': whole(secret('s')) }),
    ['apps/s.yaml:5 ciphertext-changed'],
    '  targetNamespace: other\n',
  ],
  'all but the names and kinds encrypted': [
    kustomization('resources: [s.yaml]\ncommonLabels: {a: b}\n', {
      's.yaml': encrypt(secret('s'), { rule: { unencrypted_regex: '^(apiVersion|kind|metadata|type)$' } }),
    }),
    [],
  ],
  'values that comments select': [
    { 'apps/s.yaml': inComments({ encrypted_comment_regex: 'secret$' }) },
    ['apps/s.yaml:8 comment-selector'],
  ],
  'values that comments leave out': [
    { 'apps/s.yaml': inComments({ unencrypted_comment_regex: 'public$' }) },
    ['apps/s.yaml:8 comment-selector'],
  ],
  'a generator file in which comments select values': [
    generated('files: [x.yaml]', {
      'x.yaml': encrypt('a: b # secret\n', { rule: { encrypted_comment_regex: 'secret$' } }),
    }),
    [],
  ],
  'a Secret that is not to be decrypted': [
    { 'apps/s.yaml': encrypt(secret('s', 'clear', 'decrypt: Disabled')) },
    ['apps/s.yaml:7 decryption-disabled'],
  ],
  'a Secret that is not to be decrypted by its kustomization': [
    kustomization(
      'resources: [s.yaml]\ncommonAnnotations: {kustomize.toolkit.fluxcd.io/decrypt: disabled}\n',
      {
        's.yaml': encrypt(secret('s')),
      },
    ),
    ['apps/s.yaml decryption-disabled'],
  ],
  'another object that is not to be decrypted': [
    {
      'apps/s.yaml': encrypt(
        map('s').replace(
          'default\n',
          'default\n  annotations: {kustomize.toolkit.fluxcd.io/decrypt: disabled}\n',
        ),
      ),
    },
    [],
  ],
  'a file over 5 MiB': [
    generated('files: [x.bin]', { 'x.bin': binary + ' '.repeat(5 * 1024 * 1024) }),
    ['apps/x.bin file-too-large'],
  ],
}

const codes = ['never-decrypted', 'minified-json', 'format-mismatch', 'strategic-merge', 'file-too-large']
codes.push('comment-selector', 'decryption-disabled', 'whole-manifest', 'ciphertext-changed')

for (const [title, [files, expected, more]] of Object.entries(cases))
  test(`${title}: ${expected.length > 0 ? expected : 'nothing is found'}`, async () => {
    assert.equal(ofCodes(await auditOf({ ...root(more), ...files }), ...codes), expected)
  })

test.run()
