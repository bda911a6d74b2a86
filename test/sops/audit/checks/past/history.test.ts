import { unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Interrupted } from '../../../../../scripts/lib/errors.ts'
import { auditIn, ofCodes } from '../../../../helpers/audit.ts'
import { silentCaller } from '../../../../helpers/caller.ts'
import { writeFiles } from '../../../../helpers/files.ts'
import { encryptSecret, encryptText, makeKey, sopsConfig } from '../../../../helpers/keys.ts'
import { type TestRepository, withRepository } from '../../../../helpers/repository.ts'
import { thrown } from '../../../../helpers/thrown.ts'

const [key, old] = [makeKey(), makeKey()]
const codes = [
  'still-in-history',
  'plain-in-history',
  'key-in-history',
  'old-key-in-history',
  'history-shallow',
]

const secret = (values: Readonly<Record<string, string>>) =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ntype: Opaque\nstringData:\n${Object.entries(values)
    .map(([name, value]) => `  ${name}: ${value}\n`)
    .join('')}`

/** Commits these files after the ones before. @returns the commit, shortened */
function commit({ root, git }: TestRepository, files: Readonly<Record<string, string>>): string {
  writeFiles(root, files)
  git('add', '--all')
  git('commit', '--quiet', '--message', 'change')
  return git('rev-parse', 'HEAD').slice(0, 7)
}

async function history(repository: TestRepository, keyFile?: string) {
  const audited = await auditIn(repository, { history: true, keyFile })
  const found = ofCodes(audited, ...codes)
  return { found, facts: audited.facts.filter(({ commits }) => commits !== undefined), audited }
}

test('a file that was encrypted after it was committed, with commit and key paths and without values', () =>
  withRepository({ '.sops.yaml': sopsConfig(key.recipient) }, async (repository) => {
    const first = commit(repository, { 'a.enc.yaml': secret({ token: 'hidden-0', password: 'hidden-1' }) })
    commit(repository, { 'a.enc.yaml': secret({ password: 'hidden-2' }) })
    commit(repository, { 'a.enc.yaml': encryptText(key.recipient, secret({ password: 'hidden-3' })) })
    const { found, facts, audited } = await history(repository)
    assert.equal(found, ['a.enc.yaml plain-in-history'])
    const commits = `commit ${first} and 1 later`
    assert.equal(facts, [{ file: 'a.enc.yaml', commits, paths: 'stringData.password, stringData.token' }])
    assert.not.match(JSON.stringify(audited), /hidden/)
    // only where it is asked for
    assert.equal(ofCodes(await auditIn(repository), ...codes), [])
  }))

test('the oldest commit is named, also where later ones bring a version back', () =>
  withRepository({}, async (repository) => {
    const plain = { 'a.enc.yaml': secret({ token: 'hidden-0' }) }
    const first = commit(repository, plain)
    commit(repository, { 'a.enc.yaml': secret({ token: 'hidden-1' }) })
    commit(repository, plain)
    commit(repository, { 'a.enc.yaml': encryptText(key.recipient, secret({ token: 'hidden-2' })) })
    const { facts } = await history(repository)
    assert.is(facts[0]?.commits, `commit ${first} and 2 later`)
  }))

test('with the key, the values that are still the same', () =>
  withRepository({}, async (repository) => {
    const keyFile = join(repository.directory, 'keys.txt')
    writeFileSync(keyFile, key.text, { mode: 0o600 })
    const first = commit(repository, {
      'a.yaml': secret({ token: 'hidden-0', password: 'hidden', pin: '"12345678"' }),
    })
    commit(repository, {
      'a.yaml': encryptText(
        key.recipient,
        secret({ token: 'hidden-0', password: 'changed', pin: '"12345678"' }),
      ),
    })
    const { found, facts } = await history(repository, keyFile)
    assert.equal(found, ['a.yaml still-in-history', 'a.yaml plain-in-history'])
    assert.equal(
      facts.map(({ commits, paths }) => [commits, paths]),
      [
        [`commit ${first}`, 'stringData.token, stringData.pin'],
        [`commit ${first}`, 'stringData.password'],
      ],
    )
  }))

test('a file that a rule would cover and that was deleted', () =>
  withRepository({ '.sops.yaml': sopsConfig(key.recipient) }, async (repository) => {
    const first = commit(repository, {
      'a.enc.yaml': secret({ password: 'hidden' }),
      'b.enc.yaml': 'data:\n  a: plain-on-purpose\n',
      'c.yaml': secret({ password: 'no rule' }),
    })
    for (const file of ['a.enc.yaml', 'b.enc.yaml', 'c.yaml']) unlinkSync(join(repository.root, file))
    commit(repository, {})
    const { found, facts } = await history(repository)
    assert.equal(found, ['a.enc.yaml plain-in-history'])
    assert.equal(facts, [{ file: 'a.enc.yaml', commits: `commit ${first}`, paths: 'stringData.password' }])
  }))

test('what was always encrypted, empty, a template or a variable is silent', () =>
  withRepository({ '.sops.yaml': sopsConfig(key.recipient) }, async (repository) => {
    commit(repository, {
      'a.enc.yaml': encryptSecret(key.recipient),
      'b.enc.yaml': secret({ password: `$${'{PASSWORD}'}`, empty: '""' }),
      'c.enc.yaml': `{{ if .x }}\n${secret({ password: 'hidden' })}{{ end }}\n`,
      'd.enc.yaml': '# to come\n',
      'e.enc.yaml': 'kind: ConfigMap\nmetadata:\n  name: x\n',
    })
    const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.enc.yaml`)
    commit(repository, Object.fromEntries(names.map((name) => [name, encryptSecret(key.recipient)])))
    assert.equal((await history(repository)).found, [])
  }))

test('a whole file', () =>
  withRepository({ 'key.pem': 'hidden\n' }, async (repository) => {
    const first = repository.git('rev-parse', 'HEAD').slice(0, 7)
    const file = join(repository.root, 'key.pem')
    const args = ['--config', '/dev/null', 'encrypt', '--age', key.recipient, '--in-place', file]
    repository.git('-c', `alias.sops=!sops`, 'sops', ...args)
    commit(repository, {})
    const { found, facts } = await history(repository)
    assert.equal(found, ['key.pem plain-in-history'])
    assert.equal(facts, [{ file: 'key.pem', commits: `commit ${first}`, paths: 'the whole file' }])
  }))

test('private keys in commits, by whether they are still in use', () =>
  withRepository({ '.sops.yaml': sopsConfig(key.recipient) }, async (repository) => {
    const base64 = Buffer.from(old.text).toString('base64')
    const first = commit(repository, {
      'keys.txt': key.text,
      'secret.yaml': `kind: Secret\ndata:\n  age.agekey: ${base64}\n`,
      'README.md': `AGE-SECRET-KEY-1${'X'.repeat(58)}\n`,
    })
    for (const file of ['keys.txt', 'secret.yaml', 'README.md']) unlinkSync(join(repository.root, file))
    commit(repository, {})
    const { found, facts, audited } = await history(repository)
    assert.equal(found, ['keys.txt key-in-history', 'secret.yaml old-key-in-history'])
    const commits = `commit ${first}`
    assert.equal(facts, [
      { recipient: key.recipient, commits },
      { recipient: old.recipient, commits },
    ])
    for (const { secret } of [key, old]) assert.not.ok(JSON.stringify(audited).includes(secret))
  }))

test('a shallow clone is said', () =>
  withRepository({ a: '1' }, async (repository) => {
    commit(repository, { a: '2' })
    assert.equal((await history(repository)).found, [])
    const root = join(repository.directory, 'clone')
    repository.git('clone', '--quiet', '--depth=1', `file://${repository.root}`, root)
    const audited = await auditIn({ root, env: repository.env }, { history: true })
    assert.equal(ofCodes(audited, ...codes), ['the repository history-shallow'])
  }))

test('it says how far it is, and ends on Ctrl-C', () =>
  withRepository({ a: '1', b: '2' }, async ({ root, env }) => {
    const controller = new AbortController()
    const said: (string | undefined)[] = []
    const caller = {
      ...silentCaller(root, env),
      signal: controller.signal,
      status(text: string | undefined) {
        said.push(text)
        if (text?.startsWith('looked at')) controller.abort(new Interrupted('SIGINT'))
      },
    }
    assert.instance(await thrown(auditIn({ root, env }, { history: true, caller })), Interrupted)
    assert.equal(said.slice(-3), ['listing all commits', 'looked at 0 of 2 old versions', undefined])
  }))

test.run()
