import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fresh, old, secretFile, withApplied } from '../../helpers/flux/applied-key.ts'
import { encryptSecret, sopsConfig } from '../../helpers/keys.ts'

const both = { '.sops.yaml': sopsConfig(old.recipient, fresh.recipient) }
const named = { 'identity.agekey': `${old.secret}\n` }

test('identities under other names are named in every answer, and stay', () =>
  withApplied(both, async ({ sopsKey, putSecret, held, sandbox }) => {
    await sandbox.kubectl(['delete', 'secret', 'sops-age', '-n', 'flux-system'])
    await putSecret({ data: named })
    for (const result of ['configured', 'unchanged']) {
      const { code, stdout, stderr } = await sopsKey([fresh.secret])
      assert.is(code, 0, stderr)
      assert.match(stdout, `secret/sops-age ${result}\n`)
      assert.match(stdout, new RegExp(`\\n {2}also holds +${old.recipient} \\(identity\\.agekey\\)\\n`))
      assert.match(stdout, '1 other identity stays in the Secret; --only takes it out\n')
    }
    assert.equal(await held(), { ...named, 'age.agekey': `${fresh.secret}\n` })
    const { stdout } = await sopsKey([fresh.secret], ['--json'])
    assert.equal(JSON.parse(stdout).namespaces[0].otherEntries, [
      { dataKey: 'identity.agekey', recipients: [old.recipient] },
    ])
  }))

test('--only takes the other identities out, where no file needs them', () =>
  withApplied(both, async ({ sopsKey, putSecret, held, push, applied }) => {
    await putSecret({ data: { ...named, 'age.agekey': `${fresh.secret}\n`, 'note.txt': 'ours' } })
    const refused = await sopsKey([fresh.secret], ['--only'])
    assert.is(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, '1 file that is applied now:\n  kubernetes/apps/x.enc.yaml\n')
    await applied('apps', await push({ [secretFile]: encryptSecret(fresh.recipient) }))
    const dry = await sopsKey([fresh.secret], ['--only', '--dry-run'])
    assert.match(
      dry.stdout,
      /configured \(dry run: nothing was written\)\n[\s\S]*taken out +identity\.agekey\n/,
    )
    assert.ok((await held())!['identity.agekey'])
    const { code, stdout, stderr } = await sopsKey([fresh.secret], ['--only', '--json'])
    assert.is(code, 0, stderr)
    assert.equal(JSON.parse(stdout).namespaces[0].removedEntries, ['identity.agekey'])
    assert.equal(await held(), { 'age.agekey': `${fresh.secret}\n`, 'note.txt': 'ours' })
    assert.match((await sopsKey([fresh.secret], ['--only'])).stdout, 'secret/sops-age unchanged')
  }))

test('--only takes out what the controller cannot read', () =>
  withApplied(both, async ({ sopsKey, putSecret, held }) => {
    await putSecret({ data: { 'age.agekey': `${old.secret}\n`, 'bad.agekey': 'x' } })
    const { code, stderr } = await sopsKey([old.secret], ['--only'])
    assert.is(code, 0, stderr)
    assert.not.match(stderr, 'cannot read bad.agekey')
    assert.equal(await held(), { 'age.agekey': `${old.secret}\n` })
  }))

test.run()
