import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditIn, auditOf, ofCodes } from '../../../helpers/audit.ts'
import { writeFiles } from '../../../helpers/files.ts'
import { fluxKustomization } from '../../../helpers/flux/flux-objects.ts'
import { encryptAs, encryptSecret, encryptText, makeKey, sopsConfig } from '../../../helpers/keys.ts'
import { withRepository } from '../../../helpers/repository.ts'

const { recipient } = makeKey()
const rules = { '.sops.yaml': sopsConfig(recipient) }

/** A Secret with one value under `stringData`, in line 6. */
function secret(value: string, field = 'stringData', key = 'password'): string {
  return `apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\n${field}:\n  ${key}: ${value}\n`
}

function rule(pathRegex: string): string {
  return `creation_rules:\n  - path_regex: ${pathRegex}\n    encrypted_regex: ^(data|stringData)$\n    age: ${recipient}\n`
}

/** Flux builds the directory `apps`. */
const flux = { 'clusters/apps.yaml': fluxKustomization('apps', './apps') }

test('a plain file that a rule selects, with the line of its first value', async () => {
  const audited = await auditOf({
    ...rules,
    'apps/db.enc.yaml': secret('hunter22'),
    'apps/ok.enc.yaml': encryptSecret(recipient),
    'apps/base64.enc.yaml': secret('aHVudGVyMjI=', 'data'),
  })
  assert.equal(ofCodes(audited, 'plain-file', 'empty-file'), [
    'apps/base64.enc.yaml:6 plain-file',
    'apps/db.enc.yaml:6 plain-file',
  ])
  assert.ok(audited.facts.some(({ rule: by }) => by?.startsWith('creation rule 1 of .sops.yaml (')))
})

test('a file of another format that a rule selects, also one that is no YAML', async () => {
  const audited = await auditOf({
    '.sops.yaml': rule('\\.enc(\\.\\w+)?$'),
    'a.enc.env': 'HOST=a\nPASSWORD=hunter22\n',
    'b.enc.ini': '[db]\npassword = hunter22\n',
    'c.enc': 'hunter22',
    'd.enc.json': '{\n"password": "hunter22"}',
    'e.enc.env': `HOST=\${HOST}\n`,
  })
  assert.equal(ofCodes(audited, 'plain-file'), [
    'a.enc.env:2 plain-file',
    'b.enc.ini:2 plain-file',
    'c.enc plain-file',
    'd.enc.json:2 plain-file',
  ])
})

test('a file that a rule selects and that was emptied', async () => {
  const audited = await auditOf({
    ...rules,
    'a.enc.yaml': '',
    'b.enc.yaml': '---\n# nothing\n',
    'other.yaml': '',
  })
  assert.equal(ofCodes(audited, 'empty-file', 'plain-file'), [
    'a.enc.yaml empty-file',
    'b.enc.yaml empty-file',
  ])
})

const innocent: Record<string, string> = {
  empty: '""',
  variable: `\${PASSWORD}`,
  'part of a variable': `postgres://x:\${PASSWORD}@db`,
  jinja: "'{{ password }}'",
  placeholder: 'CHANGE_ME',
  'angle brackets': '<password>',
  'a reference': 'op://vault/item/field',
  'a switch': '"true"',
}

test('templates, references, placeholders and what is empty are no values', async () => {
  const files = Object.values(innocent).map((value, index) => [`${index}.enc.yaml`, secret(value)])
  const base64 = Buffer.from(`\${PASSWORD}`).toString('base64')
  const audited = await auditOf({
    ...rules,
    ...Object.fromEntries(files),
    'base64.enc.yaml': secret(base64, 'data'),
    'names.enc.yaml': secret('https://example.com/x.git', 'stringData', 'url'),
    'template.enc.yaml.j2': secret('hunter22'),
    'examples/secret.enc.yaml': secret('hunter22'),
    'kustomization.yaml': 'resources: []\n',
  })
  assert.equal(ofCodes(audited, 'plain-file', 'plain-secret', 'empty-file'), [])
})

test('a password that is written out beside a variable is a value', async () => {
  const audited = await auditOf({ ...rules, 'a.enc.yaml': secret(`postgres://x:hunter22@\${HOST}/db`) })
  assert.equal(ofCodes(audited, 'plain-file'), ['a.enc.yaml:6 plain-file'])
})

test('a rule for all YAML files means Secrets', async () => {
  const audited = await auditOf({
    '.sops.yaml': rule('.*\\.yaml'),
    'apps/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: b\n',
    'apps/empty.yaml': '',
    'apps/secret.yaml': secret('hunter22'),
    'apps/token.yaml':
      'apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ntype: kubernetes.io/service-account-token\n',
  })
  assert.equal(ofCodes(audited, 'plain-file', 'empty-file'), ['apps/secret.yaml:6 plain-file'])
})

test('a rule whose files are encrypted, mostly, means what is no other object as well', async () => {
  const audited = await auditOf({
    '.sops.yaml': rule('secrets/.*\\.yaml'),
    'secrets/a.yaml': encryptSecret(recipient),
    'secrets/b.yaml': encryptSecret(recipient),
    'secrets/c.yaml': encryptSecret(recipient),
    'secrets/values.yaml': 'db:\n  password: hunter22\n',
    'secrets/store.yaml': 'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nspec:\n  data: [x]\n',
    'secrets/kustomization.yaml': 'resources: [a.yaml]\n',
    'secrets/empty.yaml': '',
  })
  assert.equal(ofCodes(audited, 'plain-file', 'empty-file'), ['secrets/values.yaml:2 plain-file'])
})

const env = 'PASSWORD=hunter22\n'
const values = 'db:\n  password: hunter22\n'

/** Files that a rule means, or does not, before any of its files is encrypted. */
const firstOnes: [pathRegex: string, file: string, text: string, found: boolean][] = [
  ['talos/secrets\\.yaml$', 'talos/secrets.yaml', values, true],
  ['talos/tal(secret|env)\\.yaml', 'talos/talsecret.yaml', values, true],
  ['talsecret\\.yaml', 'talos/talsecret.yaml', values, true],
  ['secrets/.*', 'secrets/prod.env', env, true],
  ['secrets/.*\\.ya?ml$', 'secrets/db.yaml', values, true],
  ['secrets/.*\\.ya?ml$', 'secrets/db.yaml', secret('hunter22'), true],
  ['.*[-_]credentials\\.json$', 'a/aws-credentials.json', '{\n"password": "hunter22"}', true],
  ['^config/main\\.ini$', 'config/main.ini', '[db]\npassword = hunter22\n', true],
  ['^config.yaml', 'config.yaml', values, true],
  ['values\\.yaml$', 'apps/values.yaml', values, false],
  ['apps/.*\\.yaml$', 'apps/values.yaml', values, false],
  ['external-secrets/.*\\.yaml$', 'external-secrets/values.yaml', values, false],
  ['secretary/.*\\.yaml$', 'secretary/values.yaml', values, false],
]

for (const [pathRegex, file, text, isFound] of firstOnes)
  test(`the first file of ${pathRegex}: ${file}${isFound ? '' : ' is not meant'}`, async () => {
    const audited = await auditOf({ '.sops.yaml': rule(pathRegex), [file]: text })
    assert.is(ofCodes(audited, 'plain-file').length, isFound ? 1 : 0)
  })

test('what is no Secret in a directory of secrets', async () => {
  const object = (kind: string, spec: string) =>
    `apiVersion: example.com/v1\nkind: ${kind}\nmetadata:\n  name: x\nspec:\n  ${spec}\n`
  const audited = await auditOf({
    '.sops.yaml': rule('secrets/.*'),
    'secrets/kustomization.yaml': 'resources: [store.yaml]\n',
    'secrets/store.yaml': object('ExternalSecret', 'data: [x]'),
    'secrets/sealed.yaml': object('SealedSecret', 'encryptedData: {password: AgBy3i4OJSWK}'),
    'secrets/release.yaml': object('HelmRelease', 'values: {password: hunter22}'),
    'secrets/namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n',
    'secrets/README.md': 'Not a word.\n',
    'secrets/Makefile': 'all:\n\tsops encrypt -i db.yaml\n',
    'secrets/.gitkeep': '',
    'secrets/main.tf': 'resource "a" "b" {}\n',
  })
  assert.equal(ofCodes(audited, 'plain-file', 'empty-file'), [])
})

test('a plain Secret that Flux builds and no rule selects, with the rule that just misses it', async () => {
  const audited = await auditOf({
    ...flux,
    '.sops.yaml': rule('^apps/db/.*\\.enc\\.yaml$'),
    'apps/db/ok.enc.yaml': encryptSecret(recipient),
    'apps/db/secret.yaml': secret('hunter22'),
    'apps/web/secret.enc.yaml': secret('hunter22'),
    'apps/web/names.yaml': secret('git', 'stringData', 'type'),
    'elsewhere/secret.yaml': secret('hunter22'),
  })
  assert.equal(ofCodes(audited, 'plain-secret', 'plain-file'), [
    'apps/db/secret.yaml:6 plain-secret',
    'apps/web/secret.enc.yaml:6 plain-secret',
  ])
  const near = audited.facts.flatMap((facts) => facts.near ?? [])
  const rule1 = 'creation rule 1 of .sops.yaml (path_regex: ^apps/db/.*\\.enc\\.yaml$)'
  assert.equal(near, Array(2).fill(`${rule1} would select apps/db/secret.enc.yaml`))
})

test('a plain Secret in a repository whose Flux Kustomizations are elsewhere', async () => {
  const files = {
    ...rules,
    'apps/kustomization.yaml': 'resources: [secret.yaml]\n',
    'apps/secret.yaml': secret('hunter22'),
    'examples/secret.yaml': secret('hunter22'),
  }
  assert.equal(ofCodes(await auditOf(files), 'plain-secret'), ['apps/secret.yaml:6 plain-secret'])
})

test('a Secret in one of many documents, in JSON, and in a reference only', async () => {
  const mode = 'apiVersion: v1\nkind: Pod\nspec:\n  mode: 0400\n---\n'
  const json = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', data: { a: 'aHVudGVyMjI=' } })
  const reference =
    'apiVersion: v1\nkind: X\nspec:\n  valuesFrom:\n    - kind: Secret\n      name: x\ndata:\n  a: b\n'
  const list = { 'a.yaml': `${mode}${secret('hunter22')}`, 'b.json': json, 'c.yaml': reference }
  const files = Object.entries(list).map(([name, text]) => [`apps/${name}`, text])
  const kustomization = 'resources: [a.yaml, b.json, c.yaml]\n'
  const audited = await auditOf({
    ...flux,
    ...Object.fromEntries(files),
    'apps/kustomization.yaml': kustomization,
  })
  assert.equal(ofCodes(audited, 'plain-secret'), [
    'apps/a.yaml:11 plain-secret',
    'apps/b.json:1 plain-secret',
  ])
  assert.is(audited.facts[0]?.near, 'there is no .sops.yaml in its directory or above')
})

/** Other ways to write a Secret, with the line of its value. */
const written: [what: string, text: string, line: number][] = [
  ['several blanks', secret('hunter22').replace('kind: ', 'kind:   '), 6],
  ['a blank before the colon', secret('hunter22').replace('kind:', 'kind :'), 6],
  ['a key in quotes', secret('hunter22').replace('kind:', '"kind":'), 6],
  ['a comment and CRLF', secret('hunter22').replace('Secret', 'Secret # x').replaceAll('\n', '\r\n'), 6],
  [
    'a List',
    `apiVersion: v1\nkind: List\nitems:\n  - ${secret('hunter22').trim().replaceAll('\n', '\n    ')}\n`,
    9,
  ],
  [
    'a List that is not indented',
    `apiVersion: v1\nkind: List\nitems:\n- kind: ConfigMap\n  data: {a: b}\n- ${secret('hunter22').trim().replaceAll('\n', '\n  ')}\n`,
    11,
  ],
  [
    'a List in JSON',
    '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Secret",\n"stringData":{"a":"hunter22"}}]}',
    2,
  ],
]

for (const [what, text, line] of written)
  test(`a Secret that is written with ${what}`, async () => {
    const file = text.startsWith('{') ? 'secret.json' : 'secret.yaml'
    const kustomization = `resources: [${file}]\n`
    const audited = await auditOf({
      ...flux,
      'apps/kustomization.yaml': kustomization,
      [`apps/${file}`]: text,
    })
    assert.equal(ofCodes(audited, 'plain-secret'), [`apps/${file}:${line} plain-secret`])
  })

test('a rule with an expression that sops takes for one that never matches', async () => {
  const broken = rule('\\.enc\\.yaml$').replace('^(data|stringData)$', '(?!x)')
  const audited = await auditOf({ '.sops.yaml': broken, 'a.enc.yaml': secret('hunter22') })
  assert.equal(ofCodes(audited, 'plain-file'), ['a.enc.yaml:6 plain-file'])
})

test('what is about to be committed: a plain Secret, wherever it is', () =>
  withRepository({ ...rules, 'a.yaml': secret('hunter22') }, async (repository) => {
    writeFiles(repository.root, { 'b.yaml': secret('hunter22'), 'c.enc.yaml': secret('hunter22') })
    repository.git('add', '.')
    const audited = await auditIn(repository, { staged: true })
    assert.equal(ofCodes(audited, 'plain-secret', 'plain-file'), [
      'b.yaml:6 plain-secret',
      'c.enc.yaml:6 plain-file',
    ])
  }))

test('a value that was added to an encrypted file, with its path and line', async () => {
  const text = encryptSecret(recipient)
  const added = text.replace('stringData:\n', 'stringData:\n    token: hunter22\n')
  const audited = await auditOf({ 'a.enc.yaml': added, 'b.enc.yaml': text })
  assert.equal(ofCodes(audited, 'plain-value', 'nothing-encrypted'), ['a.enc.yaml:7 plain-value'])
  assert.is(audited.facts.find(({ path }) => path)?.path, 'stringData.token')
})

test('a comment in the clear, and ciphertext where nothing is encrypted', async () => {
  const text = encryptSecret(recipient)
  const comment = text.replace('stringData:\n', 'stringData:\n    # the old one was hunter22\n')
  const moved = text
    .replace('stringData:\n', 'other:\n')
    .replace('sops:\n', 'stringData:\n    a: ""\nsops:\n')
  const audited = await auditOf({ 'a.yaml': comment, 'b.yaml': moved, 'c.yaml': text })
  assert.equal(ofCodes(audited, 'plain-comment', 'ciphertext-left', 'plain-value'), [
    'a.yaml:7 plain-comment',
    'b.yaml:7 ciphertext-left',
  ])
})

test('metadata of sops, and nothing is encrypted', async () => {
  const decrypted = encryptSecret(recipient).replace(/(message: )ENC\[.*\]/, '$1hunter22')
  const audited = await auditOf({
    'values.yaml': encryptText(recipient, 'db:\n    password: hunter22\n'),
    'values.env': encryptAs('x.env', 'A=b\n', '--age', recipient, '--encrypted-regex', '^data$'),
    'decrypted.yaml': decrypted,
    'nothing.yaml': encryptText(recipient, 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ndata: {}\n'),
    'some.yaml': encryptText(recipient, 'a: b\ndata: c\n'),
  })
  assert.equal(ofCodes(audited, 'nothing-encrypted', 'plain-value'), [
    'decrypted.yaml:7 nothing-encrypted',
    'values.env:1 nothing-encrypted',
    'values.yaml:2 nothing-encrypted',
  ])
})

test.run()
