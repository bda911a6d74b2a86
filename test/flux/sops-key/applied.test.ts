import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { block, fresh, old, secretFile, withApplied } from '../../helpers/flux/applied-key.ts'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { encryptSecret } from '../../helpers/keys.ts'

const plugin = 'AGE-PLUGIN-NONE-1UUQXN8'

test('what is cut over but not pushed still needs the old key: push first', () =>
  withApplied({}, async ({ sopsKey, clone, push, applied }) => {
    assert.is((await sopsKey([old.secret, fresh.secret])).code, 0)
    writeFileSync(join(clone, secretFile), encryptSecret(fresh.recipient))
    const early = await sopsKey([fresh.secret])
    assert.is(early.code, 1, early.stderr)
    assert.match(
      early.stderr,
      /1 file that is applied now:\n {2}kubernetes\/apps\/x\.enc\.yaml\nhint: .*push, wait/,
    )
    await applied('apps', await push())
    const late = await sopsKey([fresh.secret])
    assert.is(late.code, 0, late.stderr)
  }))

test('only what this cluster builds counts', () =>
  withApplied(
    {
      'scripts/token.enc.yaml': encryptSecret(fresh.recipient),
      'clusters/other/x.enc.yaml': encryptSecret(fresh.recipient),
      'docs/example.md': encryptSecret(fresh.recipient),
    },
    async ({ sopsKey, putSecret }) => {
      await putSecret({ data: { 'age.agekey': `${old.secret}\n${fresh.secret}\n` } })
      const { code, stderr } = await sopsKey([old.secret])
      assert.is(code, 0, stderr)
    },
  ))

test('a file that says another recipient in a comment is still for its own', () =>
  withApplied(
    { [secretFile]: `# for ${fresh.recipient}\n${encryptSecret(old.recipient)}` },
    async ({ sopsKey }) => {
      const { code, stderr } = await sopsKey([fresh.secret])
      assert.is(code, 1, stderr)
      assert.match(stderr, '\n  kubernetes/apps/x.enc.yaml\n')
    },
  ))

test('a plugin identity in the cluster does not hide the one beside it', () =>
  withApplied({}, async ({ sopsKey, putSecret }) => {
    await putSecret({ data: { 'age.agekey': `${plugin}\n${old.secret}\n` } })
    const refused = await sopsKey([fresh.secret])
    assert.is(refused.code, 1, refused.stderr)
    const left = await sopsKey([plugin, old.secret])
    assert.is(left.code, 0, left.stderr)
    assert.match(left.stderr, /line 1 of .*key\.txt is left out: a plugin identity/)
  }))

test('a Kustomization whose files cannot be seen is never nothing', () =>
  withApplied({}, async ({ sandbox, sopsKey, url, apply }) => {
    const other = `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: other, namespace: flux-system}\nspec: {interval: 10m, url: ${url.replace(/repository-/, 'other-')}}\n`
    const user = fluxKustomization('tenant', './x', block).replace(
      'name: flux-system, namespace',
      'name: other, namespace',
    )
    await apply(`${other}---\n${user}`)
    const { code, stderr } = await sopsKey([fresh.secret])
    assert.is(code, 1, stderr)
    await sandbox.kubectl(['delete', 'kustomization', 'apps', '-n', 'flux-system'])
    const unseen = await sopsKey([fresh.secret])
    assert.is(unseen.code, 1, unseen.stderr)
    assert.match(
      unseen.stderr,
      /cannot be seen which files .*:\n {2}kustomization flux-system\/tenant: its source flux-system\/other has fetched nothing yet\n/,
    )
  }))

test('a source of another kind is never nothing', () =>
  withApplied({}, async ({ sandbox, sopsKey, apply }) => {
    await sandbox.kubectl(['delete', 'kustomization', 'apps', '-n', 'flux-system'])
    await apply(
      fluxKustomization('tenant', './x', block)
        .replace('kind: GitRepository', 'kind: OCIRepository')
        .replace('name: flux-system, namespace', 'name: other, namespace'),
    )
    const { code, stderr } = await sopsKey([fresh.secret])
    assert.is(code, 1, stderr)
    assert.match(stderr, /\n {2}kustomization flux-system\/tenant: its source is of kind OCIRepository\n/)
    assert.is((await sopsKey([old.secret, fresh.secret])).code, 0)
  }))

test('what was pushed and is not applied still needs the old key', () =>
  withApplied({}, async ({ sandbox, sopsKey, clone, push }) => {
    await sandbox.kubectl([
      'patch',
      'kustomization',
      'apps',
      '-n',
      'flux-system',
      '--type=merge',
      '-p',
      '{"spec":{"suspend":true}}',
    ])
    writeFileSync(join(clone, secretFile), encryptSecret(fresh.recipient))
    await push()
    const { code, stderr } = await sopsKey([fresh.secret])
    assert.is(code, 1, stderr)
    assert.match(stderr, '1 file that is applied now:\n  kubernetes/apps/x.enc.yaml\n')
  }))

test('a commit that a colleague pushed is fetched, and no branch moves', () =>
  withApplied({}, async ({ sopsKey, clone, push, git, applied }) => {
    const before = await git('rev-parse', 'HEAD')
    writeFileSync(
      join(clone, 'kubernetes/apps/y.enc.yaml'),
      encryptSecret(old.recipient).replace('name: x', 'name: y'),
    )
    const theirs = await push({
      'kubernetes/apps/kustomization.yaml': kustomizationOf('x.enc.yaml', 'y.enc.yaml'),
    })
    await applied('apps', theirs)
    await git('reset', '--quiet', '--hard', before)
    await git('update-ref', 'refs/remotes/origin/main', before)
    await git('reflog', 'expire', '--expire=all', '--all')
    await git('gc', '--quiet', '--prune=now')
    const refs = await git('for-each-ref')
    const { code, stderr } = await sopsKey([fresh.secret])
    assert.is(code, 1, stderr)
    assert.match(
      stderr,
      '2 files that are applied now:\n  kubernetes/apps/x.enc.yaml\n  kubernetes/apps/y.enc.yaml\n',
    )
    assert.is(await git('for-each-ref'), refs)
    assert.is(await git('status', '--porcelain'), '')
  }))

test('a Kustomization that names no Secret may have the key of the controller', () =>
  withApplied({}, async ({ sandbox, sopsKey }) => {
    const patch = JSON.stringify([{ op: 'remove', path: '/spec/decryption/secretRef' }])
    await sandbox.kubectl(['patch', 'kustomization', 'apps', '-n', 'flux-system', '--type=json', '-p', patch])
    const { code, stderr } = await sopsKey([fresh.secret])
    assert.is(code, 1, stderr)
    assert.match(stderr, '1 file that is applied now:\n  kubernetes/apps/x.enc.yaml')
  }))

test('a path that leads out of the artifact ends at its root, as it does for the controller', () =>
  withApplied(
    { 'kubernetes/flux-system/apps.yaml': fluxKustomization('apps', './x/../../kubernetes/apps', block) },
    async ({ sopsKey }) => {
      const { code, stderr } = await sopsKey([fresh.secret])
      assert.is(code, 1, stderr)
      assert.match(stderr, '1 file that is applied now:\n  kubernetes/apps/x.enc.yaml')
    },
  ))

test('what the artifact leaves out needs no key, and what it takes in from elsewhere cannot be seen', () =>
  withApplied(
    {
      '.sourceignore': 'kubernetes/all/old.enc.yaml\n',
      'kubernetes/flux-system/apps.yaml': fluxKustomization('apps', './kubernetes/all', block),
      'kubernetes/all/x.enc.yaml': encryptSecret(fresh.recipient),
      'kubernetes/all/old.enc.yaml': encryptSecret(old.recipient).replace('name: x', 'name: y'),
    },
    async ({ sopsKey, sandbox, putSecret }) => {
      const { code, stderr } = await sopsKey([fresh.secret])
      assert.is(code, 0, stderr)
      await putSecret({ data: { 'age.agekey': `${old.secret}\n${fresh.secret}\n` } })
      const patch = '{"spec":{"recurseSubmodules":true}}'
      await sandbox.kubectl([
        'patch',
        'gitrepository',
        'flux-system',
        '-n',
        'flux-system',
        '--type=merge',
        '-p',
        patch,
      ])
      const composed = await sopsKey([fresh.secret])
      assert.is(composed.code, 1, composed.stderr)
      assert.match(
        composed.stderr,
        /apps: its source flux-system\/flux-system takes in submodules or other sources\n/,
      )
    },
    [old, fresh],
  ))

test('a file that is not pushed yet and needs the identity that goes is said', () =>
  withApplied(
    { [secretFile]: encryptSecret(fresh.recipient) },
    async ({ sopsKey, clone }) => {
      writeFileSync(join(clone, 'kubernetes/apps/y.enc.yaml'), encryptSecret(old.recipient))
      const { code, stderr } = await sopsKey([fresh.secret])
      assert.is(code, 0, stderr)
      assert.match(stderr, /warning: once they are pushed, .* kubernetes\/apps\/y\.enc\.yaml\n/)
    },
    [old, fresh],
  ))

test.run()
