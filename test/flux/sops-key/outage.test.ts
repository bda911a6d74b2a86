import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findOutage, findUnusedIdentities } from '../../../scripts/flux/sops-key/outage.ts'
import { refusalOf } from '../../../scripts/flux/sops-key/words.ts'
import { encryptSecret, makeKey, sopsConfig } from '../../helpers/keys.ts'
import { type TestRepository, withRepository } from '../../helpers/repository.ts'

const [old, fresh] = [makeKey(), makeKey()]
const files = { 'a.enc.yaml': encryptSecret(old.recipient), '.sops.yaml': sopsConfig(old.recipient) }

/** What a Secret holds, by data key. */
const secretWith = (entries: Record<string, (typeof old)[]>, otherDataKeys: string[] = []) => ({
  ageEntries: Object.entries(entries).map(([dataKey, identities]) => ({
    dataKey,
    identities,
    pluginLines: [],
    badLine: undefined,
  })),
  otherDataKeys,
})
const live = secretWith({ 'age.agekey': [old] })

/** A cluster that does not say what it decrypts. */
const around = (repository: TestRepository | undefined) => ({
  secret: { namespace: 'flux-system', name: 'sops-age' },
  use: undefined,
  repository,
})
const refused = { secret: 'ns/x', source: 'the test', nameOf: (file: string) => `../${file}` }

test('an identity that files need: they are lost', () =>
  withRepository(files, async (repository) => {
    assert.equal(await findOutage(live, [fresh], around(repository)), {
      code: 'files-lost',
      files: ['a.enc.yaml'],
    })
    assert.is(await findOutage(live, [old, fresh], around(repository)), undefined)
    assert.is(await findOutage(secretWith({}), [fresh], around(repository)), undefined)
  }))

test('an identity that stays in another data key loses nothing', () =>
  withRepository(files, async (repository) => {
    const both = secretWith({ 'age.agekey': [old], 'more.agekey': [old] })
    assert.is(await findOutage(both, [fresh], around(repository)), undefined)
  }))

test('an identity that no file needs can go', () =>
  withRepository({ 'a.enc.yaml': encryptSecret(fresh.recipient) }, async (repository) => {
    assert.is(await findOutage(live, [fresh], around(repository)), undefined)
  }))

test('where the files cannot be seen, nothing is taken out', async () => {
  assert.equal(await findOutage(live, [fresh], around(undefined)), { code: 'no-repository' })
  await withRepository(files, async (repository) => {
    repository.git('sparse-checkout', 'set', '--no-cone', '/*', '!/a.enc.yaml')
    assert.equal(await findOutage(live, [fresh], around(repository)), { code: 'sparse-checkout' })
  })
})

test('an identity that is new, opens no file and is in no rule is not used', () =>
  withRepository(files, async (repository) => {
    const unused = (lives: (typeof live)[]) => findUnusedIdentities(lives, [old, fresh], repository)
    assert.equal(await unused([live]), [fresh.recipient])
    assert.equal(await unused([secretWith({ 'age.agekey': [old, fresh] })]), [])
    assert.equal(await findUnusedIdentities([live], [fresh], undefined), [])
  }))

test('a refusal is exit 1, and names 20 files at most', () => {
  const names = Array.from({ length: 22 }, (_, index) => `${index}.yaml`)
  const { message, exitCode } = refusalOf({ code: 'files-lost', files: names }, refused)
  assert.is(exitCode, 1)
  assert.match(message, /secret ns\/x: .* 22 files of this repository:\n {2}\.\.\/0\.yaml\n/)
  assert.match(message, /\.\.\/19\.yaml\n {2}… and 2 more$/)
  for (const code of ['no-repository', 'sparse-checkout'] as const)
    assert.is(refusalOf({ code }, refused).exitCode, 1)
})

test.run()
