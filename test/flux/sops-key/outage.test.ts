import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { changeOf } from '../../../scripts/flux/sops-key/change.ts'
import { findOutage } from '../../../scripts/flux/sops-key/outage.ts'
import { refusalOf } from '../../../scripts/flux/sops-key/refusals.ts'
import { findUnusedIdentities } from '../../../scripts/flux/sops-key/unused.ts'
import { openWorkingTree } from '../../../scripts/flux/sops-key/working-tree.ts'
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

/** What is lost where the cluster does not say what it decrypts: the code, and the names of the files. */
async function outageOf(
  secret: ReturnType<typeof secretWith>,
  identities: (typeof old)[],
  repository: TestRepository | undefined,
  { only = false, mayList = true } = {},
) {
  const around = { applied: undefined, mayList, tree: repository && openWorkingTree(repository) }
  const outage = await findOutage(changeOf(secret, identities, only), around)
  return outage && { code: outage.code, files: 'files' in outage ? outage.files.map(({ file }) => file) : [] }
}

const refused = {
  secret: 'ns/x',
  context: 'here',
  key: { source: 'the test', recipients: ['age1x'] },
  fitting: undefined,
  nameOf: (file: string) => `../${file}`,
}

test('a Secret in several files has a command for each, whatever they are called', () => {
  const kept = { code: 'kustomization', kustomization: 'a/b', files: ["it's.yaml", 'b.yaml'] } as const
  const { hint } = refusalOf({ ...kept, files: [...kept.files] }, refused)
  assert.match(`${hint}`, "`sops edit '../it'\\''s.yaml'` and `sops edit ../b.yaml`")
})

test('an identity that files need: they are lost', () =>
  withRepository(files, async (repository) => {
    assert.equal(await outageOf(live, [fresh], repository), { code: 'files-lost', files: ['a.enc.yaml'] })
    assert.is(await outageOf(live, [old, fresh], repository), undefined)
    assert.is(await outageOf(secretWith({}), [fresh], repository), undefined)
  }))

test('an identity that stays in another data key loses nothing', () =>
  withRepository(files, async (repository) => {
    const both = secretWith({ 'age.agekey': [old], 'more.agekey': [old] })
    assert.is(await outageOf(both, [fresh], repository), undefined)
    assert.is((await outageOf(both, [fresh], repository, { only: true }))?.code, 'files-lost')
  }))

test('an identity that no file needs can go', () =>
  withRepository({ 'a.enc.yaml': encryptSecret(fresh.recipient) }, async (repository) => {
    assert.is(await outageOf(live, [fresh], repository), undefined)
    assert.is((await outageOf(live, [fresh], repository, { mayList: false }))?.code, 'users-unseen')
    assert.is(await outageOf(live, [old, fresh], repository, { mayList: false }), undefined)
  }))

test('a key of another kind counts as one, and what only lies beside it does not', () =>
  withRepository(
    { 'a.enc.yaml': files['a.enc.yaml']!.replace('    age:\n', '    pgp:\n        - fp: ABC\n    age:\n') },
    async (repository) => {
      const beside = (...names: string[]) =>
        outageOf(secretWith({ 'age.agekey': [old] }, names), [fresh], repository)
      assert.is(await beside('team.asc'), undefined)
      assert.is((await beside('readme.txt'))?.code, 'files-lost')
      // a key, but not of this kind
      assert.is((await beside('sops.vault-token'))?.code, 'files-lost')
      assert.is((await beside())?.code, 'files-lost')
    },
  ))

test('where the files cannot be seen, nothing is taken out', async () => {
  assert.equal(await outageOf(live, [fresh], undefined), { code: 'no-repository', files: [] })
  await withRepository(files, async (repository) => {
    repository.git('sparse-checkout', 'set', '--no-cone', '/*', '!/a.enc.yaml')
    assert.equal(await outageOf(live, [fresh], repository), { code: 'sparse-checkout', files: [] })
  })
})

test('an identity that is new, opens no file and is in no rule is not used', () =>
  withRepository(files, async (repository) => {
    const unused = (lives: (typeof live)[]) =>
      findUnusedIdentities(lives, [old, fresh], openWorkingTree(repository))
    assert.equal(await unused([live]), [fresh.recipient])
    assert.equal(await unused([secretWith({ 'age.agekey': [old, fresh] })]), [])
    assert.equal(await findUnusedIdentities([live], [fresh], undefined), [])
  }))

test('a refusal is exit 1, and names 20 files at most', () => {
  const names = Array.from({ length: 22 }, (_, index) => `${index}.yaml`)
  const files = names.map((file) => ({ file, documents: [] }))
  const { message, exitCode } = refusalOf({ code: 'files-lost', files }, refused)
  assert.is(exitCode, 1)
  assert.match(message, /secret ns\/x: .* 22 files of this repository:\n {2}\.\.\/0\.yaml\n/)
  assert.match(message, /\.\.\/19\.yaml\n {2}… and 2 more$/)
  for (const code of ['no-repository', 'sparse-checkout'] as const)
    assert.is(refusalOf({ code }, refused).exitCode, 1)
})

test.run()
