import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildingFindings } from '../../../scripts/findings/catalogue/building.ts'
import { auditIn, auditOf, ofCodes } from '../../helpers/audit.ts'
import { encrypt, key, map, secret, whole } from '../../helpers/flux/encrypted-objects.ts'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'
import { runCases, type SeenOnFlux } from '../../helpers/flux/run-cases.ts'
import { withSandbox } from '../../helpers/flux/sandbox.ts'
import { makeKey, makeSshRecipient } from '../../helpers/keys.ts'
import { withRepository } from '../../helpers/repository.ts'

/** What Flux makes of a case: it refuses all, applies all but the object, ciphertext, or the value `clear`. */
type Outcome = 'refused' | 'absent' | 'ciphertext' | 'decrypted'
/** In a text `NAME` stands for the name of the case. */
type Text = string | ((name: string) => string)
type Files = Record<string, Text>
type Case = [
  title: string,
  files: Files,
  code: string | undefined,
  outcome: Outcome,
  spec?: string,
  links?: Record<string, string>,
]

const block = '  decryption: {provider: sops, secretRef: {name: NAME}}\n'
const generated = (list: string, files: Files, kind = 'secretGenerator'): Files => ({
  'kustomization.yaml': `generatorOptions: {disableNameSuffixHash: true}\n${kind}: [{name: NAME, namespace: default, ${list}}]\n`,
  ...files,
})
const wholeSecret = (name: string) => whole(secret(name))
const resource = (text: Text, more = ''): Files => ({
  'kustomization.yaml': `resources: [s.yaml]\n${more}`,
  's.yaml': text,
})
const env = whole('token=clear\n', 'x.env')
const json = whole('{"data": "clear"}', 'x.json')
const patch = (body: string) => `patches: [{target: {kind: Secret}, patch: '${body}'}]\n`
const object = '"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"'
const inComments = (name: string) => secret(name, 'clear # secret')

const cases: Case[] = [
  ['an env file of secretGenerator', generated('envs: [x.env]', { 'x.env': env }), undefined, 'decrypted'],
  ['the single env file', generated('env: x.env', { 'x.env': env }), 'never-decrypted', 'ciphertext'],
  [
    'an env file of configMapGenerator',
    generated('envs: [x.env]', { 'x.env': env }, 'configMapGenerator'),
    'never-decrypted',
    'ciphertext',
  ],
  [
    'an env file of configMapGenerator that a secretGenerator names too',
    {
      'kustomization.yaml':
        'generatorOptions: {disableNameSuffixHash: true}\nconfigMapGenerator: [{name: NAME, namespace: default, envs: [x.env]}]\nsecretGenerator: [{name: NAME-other, namespace: default, envs: [x.env]}]\n',
      'x.env': env,
    },
    undefined,
    'decrypted',
  ],
  [
    'an indented JSON file',
    generated('files: [token=x.bin]', { 'x.bin': whole('clear', 'x.bin') }),
    undefined,
    'decrypted',
  ],
  [
    'a JSON file on one line',
    generated('files: [token=x.json]', { 'x.json': JSON.stringify(JSON.parse(json)) }),
    'minified-json',
    'ciphertext',
  ],
  [
    'a JSON manifest on one line',
    {
      'kustomization.yaml': 'resources: [s.json]\n',
      's.json': JSON.stringify(
        JSON.parse(
          encrypt(
            `{${object.replace('"x"', '"NAME", "namespace": "default"')}}, "stringData": {"token": "clear"}}`,
            {
              name: 'x.json',
            },
          ),
        ),
      ),
    },
    undefined,
    'decrypted',
  ],
  [
    'a YAML file under a key without an ending',
    generated('files: [token=x.yaml]', { 'x.yaml': whole('a: clear\n') }),
    'format-mismatch',
    'refused',
  ],
  [
    'a YAML file under a key without an ending, all of it in data',
    generated('files: [token=x.yaml]', { 'x.yaml': whole('data: clear\n') }),
    undefined,
    'decrypted',
  ],
  [
    'a dotenv file under a key without an ending',
    generated('files: [token=x.env]', { 'x.env': env }),
    'format-mismatch',
    'refused',
  ],
  [
    'a YAML file as env file',
    generated('envs: [x.yaml]', { 'x.yaml': whole('token: clear\n') }),
    'format-mismatch',
    'refused',
  ],
  [
    'a file over 5 MiB',
    generated('files: [token=x.bin]', { 'x.bin': whole('clear', 'x.bin') + ' '.repeat(5 * 1024 * 1024) }),
    'file-too-large',
    'refused',
  ],
  [
    'an encrypted patch',
    {
      'kustomization.yaml': 'resources: [s.yaml]\npatches: [{path: p.yaml}]\n',
      's.yaml': secret('NAME', 'not yet'),
      'p.yaml': encrypt(secret('NAME')),
    },
    undefined,
    'decrypted',
  ],
  [
    'an encrypted patch on an encrypted object',
    {
      'kustomization.yaml': 'resources: [s.yaml]\npatches: [{path: p.yaml}]\n',
      's.yaml': encrypt(secret('NAME', 'not yet')),
      'p.yaml': encrypt(secret('NAME')),
    },
    'ciphertext-changed',
    'refused',
  ],
  [
    'an encrypted patch of patchesStrategicMerge',
    {
      'kustomization.yaml': 'resources: [s.yaml]\npatchesStrategicMerge: [p.yaml]\n',
      's.yaml': `${secret('NAME', 'not yet')}  other: x\n`,
      'p.yaml': encrypt(secret('NAME')),
    },
    'strategic-merge',
    'refused',
  ],
  [
    'a plain patch on an encrypted value',
    resource(encrypt(secret('NAME')), patch(`{${object}}, "stringData": {"token": "new"}}`)),
    'ciphertext-changed',
    'refused',
  ],
  [
    'a plain patch on a label',
    resource(encrypt(secret('NAME')), patch(`{${object}, "labels": {"a": "b"}}}`)),
    undefined,
    'decrypted',
  ],
  ['a whole manifest', resource(wholeSecret), 'whole-manifest', 'decrypted'],
  [
    'a whole manifest under a label',
    resource(wholeSecret, 'commonLabels: {a: b}\n'),
    'ciphertext-changed',
    'refused',
  ],
  [
    'a whole manifest under a namespace',
    resource(wholeSecret, 'namespace: default\n'),
    'ciphertext-changed',
    'refused',
  ],
  [
    'a whole manifest under targetNamespace',
    resource(wholeSecret),
    'ciphertext-changed',
    'refused',
    `${block}  targetNamespace: default\n`,
  ],
  [
    'values alone under a namespace and a label',
    resource(encrypt(secret('NAME')), 'namespace: default\ncommonLabels: {a: b}\n'),
    undefined,
    'decrypted',
  ],
  [
    'values that comments select',
    { 's.yaml': encrypt(inComments('NAME'), { rule: { encrypted_comment_regex: 'secret$' } }) },
    'comment-selector',
    'ciphertext',
  ],
  [
    'values that comments leave out',
    {
      's.yaml': encrypt(inComments('NAME').replace(/^(apiVersion|kind|metadata):/gm, '# public\n$1:'), {
        rule: { unencrypted_comment_regex: 'public$' },
      }),
    },
    'comment-selector',
    'refused',
  ],
  [
    'decrypt: disabled',
    { 's.yaml': encrypt(secret('NAME', 'clear', 'decrypt: Disabled')) },
    'decryption-disabled',
    'ciphertext',
  ],
  [
    'two key groups, and one key',
    { 's.yaml': encrypt(secret('NAME'), { to: [[key], [makeKey()]] }) },
    'several-key-groups',
    'refused',
  ],
  [
    'a symbolic link that is listed',
    { 'kustomization.yaml': 'resources: [s.yaml]\n', 'other/s.txt': encrypt(secret('NAME')) },
    'symbolic-link',
    'refused',
    block,
    { 's.yaml': 'other/s.txt' },
  ],
  [
    'a symbolic link in a directory without a kustomization file',
    { 'm.yaml': map('NAME-other'), 's.txt': encrypt(secret('NAME')) },
    'symbolic-link',
    'absent',
    block,
    { 's.yaml': 's.txt' },
  ],
  [
    'a file that the artifact leaves out',
    { ...resource(encrypt(secret('NAME'))), '.sourceignore': 's.yaml\n' },
    'left-out',
    'refused',
  ],
  [
    'a file that is not listed',
    {
      'kustomization.yaml': 'resources: [m.yaml]\n',
      'm.yaml': map('NAME-other'),
      's.yaml': encrypt(map('NAME')),
    },
    'not-listed',
    'absent',
  ],
  [
    'a file that only an SSH key opens, beside another',
    {
      'm.yaml': encrypt(map('NAME-other')),
      's.yaml': encrypt(secret('NAME'), { to: [[{ ...key, recipient: makeSshRecipient() }]] }),
    },
    'no-recipient-for-flux',
    'refused',
  ],
  ['no decryption', { 's.yaml': encrypt(secret('NAME')) }, 'built-without-decryption', 'ciphertext', ''],
  [
    'no decryption of a ConfigMap',
    { 's.yaml': encrypt(map('NAME')) },
    'built-without-decryption',
    'ciphertext',
    '',
  ],
  [
    'a block without a Secret',
    { 's.yaml': encrypt(secret('NAME')) },
    'no-key-secret',
    'refused',
    '  decryption: {provider: sops}\n',
  ],
]

const named = cases.map(([title, files, code, outcome, spec = block, links = {}], index) => {
  const name = `building-${index}`
  const inFiles = Object.entries(files).map(([path, text]) => [
    path,
    typeof text === 'string' ? text.replaceAll('NAME', name) : text(name),
  ])
  return {
    title,
    name,
    links,
    code,
    outcome,
    files: () => Object.fromEntries(inFiles) as Record<string, string>,
    spec: spec.replace('NAME', name),
  }
})

let running: Promise<[Map<string, SeenOnFlux>, string[]]> | undefined

/** What Flux makes of the cases, and what the audit finds in a repository of all of them. */
function seen(): Promise<[Map<string, SeenOnFlux>, string[]]> {
  running ??= Promise.all([
    runCases(named.map((one) => ({ ...one, keys: { 'age.agekey': key.secret } }))),
    audited(),
  ])
  return running
}

/** What is found of this family, and of what the cases expect, in a repository of all cases. */
async function audited(): Promise<string[]> {
  const files = named.flatMap(({ name, files: own, spec }) => [
    [`cluster/${name}.yaml`, fluxKustomization(name, `./${name}`, spec)],
    ...Object.entries(own()).map(([path, text]) => [`${name}/${path}`, text]),
  ])
  return withRepository(Object.fromEntries(files), async (repository) => {
    for (const { name, links } of named)
      for (const [path, target] of Object.entries(links))
        symlinkSync(target, join(repository.root, name, path))
    repository.git('add', '--all')
    const wanted = [...Object.keys(buildingFindings), ...named.flatMap(({ code }) => code ?? [])]
    return ofCodes(await auditIn(repository), ...wanted)
  })
}

function outcomeOf({ ready, value = '' }: SeenOnFlux): Outcome {
  if (ready === 'False') return 'refused'
  if (value.includes('ENC[AES256_GCM,')) return 'ciphertext'
  if (value === '') return 'absent'
  assert.is(value, 'clear')
  return 'decrypted'
}

for (const { title, name, code, outcome } of named)
  test(`${title}: ${code ?? 'nothing'} is found, and Flux makes of it: ${outcome}`, async () => {
    const [onFlux, found] = await seen()
    const own = found.filter((one) => new RegExp(`(^|/)${name}[./]`).test(one))
    assert.equal(
      own.map((one) => one.split(' ').at(-1)),
      code === undefined ? [] : [code],
    )
    const state = onFlux.get(name)!
    assert.is(outcomeOf(state), outcome, state.message)
  })

test('the API server knows no version that the audit calls removed', () =>
  withSandbox(async ({ kubectl }) => {
    const text = fluxKustomization('a', './x')
    for (const version of ['v1beta1', 'v1beta2']) {
      const files = { 'a.yaml': text.replace('/v1\n', `/${version}\n`) }
      assert.equal(ofCodes(await auditOf(files), 'removed-version'), ['a.yaml:1 removed-version'])
      const applied = kubectl(['apply', '--dry-run=server', '-f', '-'], files['a.yaml'])
      const problem = await applied.then(
        () => '',
        (error) => `${error.stderr ?? error.message}`,
      )
      assert.match(problem, /no matches for kind "Kustomization"/)
    }
  }))

test.run()
