import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditIn, auditOf, ofCodes } from '../../helpers/audit.ts'
import { encryptSecret, makeKey, sopsConfig } from '../../helpers/keys.ts'
import { withRepository } from '../../helpers/repository.ts'

const key = makeKey()

test('a plain file may be nested deeper than a stack', async () => {
  const rules = sopsConfig(key.recipient).replace(/path_regex: .*/, 'path_regex: enc')
  const files = [1_000, 6_000, 200_000].map((depth) => [
    `${depth}.enc`,
    `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`,
  ])
  const audited = await auditOf({ '.sops.yaml': rules, ...Object.fromEntries(files) })
  assert.equal(ofCodes(audited, 'plain-file'), files.map(([name]) => `${name} plain-file`).toSorted())
})

test('links that lead nowhere, out of the repository or in a circle', () =>
  withRepository({ '.gitignore': '.env\n' }, async (repository) => {
    for (const name of ['.sops.yaml', '.env', 'circle', 'circle.yaml'])
      symlinkSync(name, join(repository.root, name))
    symlinkSync('/nonexistent', join(repository.root, 'nowhere.yaml'))
    symlinkSync('/etc', join(repository.root, 'outside.yaml'))
    assert.equal((await auditIn(repository)).found, ['.sops.yaml rules-none'])
  }))

test('a broken value before the first commit', () =>
  withRepository({}, async (repository) => {
    const { root, directory, git } = repository
    git('checkout', '--quiet', '--orphan', 'empty')
    const keyFile = join(directory, 'key')
    writeFileSync(keyFile, key.text)
    const text = encryptSecret(key.recipient).replace('message:', 'renamed:')
    writeFileSync(join(root, 'a.enc.yaml'), text)
    const codes = ['value-broken', 'value-moved']
    assert.equal(ofCodes(await auditIn(repository, { keyFile }), ...codes), ['a.enc.yaml:7 value-broken'])
  }))

test('what is staged and too large for a manifest is not looked at', () =>
  withRepository({ 'README.md': '' }, async (repository) => {
    const { root, git } = repository
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {}\nstringData: {a: b}\n'
    writeFileSync(join(root, 'small.yaml'), secret)
    writeFileSync(join(root, 'large.yaml'), `${secret}#${'x'.repeat(2 ** 24)}\n`)
    git('add', '--all')
    const audited = await auditIn(repository, { staged: true })
    assert.equal(ofCodes(audited, 'name-missing'), ['small.yaml:2 name-missing'])
  }))

test.run()
