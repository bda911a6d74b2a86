import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exampleCluster } from '../../helpers/files.ts'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { type Flux, withFlux } from '../../helpers/flux/sandbox.ts'
import { encryptSecret, makeKey, sopsConfig } from '../../helpers/keys.ts'
import { type Ended, runTask } from '../../helpers/task.ts'

const [old, fresh] = [makeKey(), makeKey()]
const plugin = 'AGE-PLUGIN-NONE-1UUQXN8'
const block = '  decryption: {provider: sops, secretRef: {name: sops-age}}\n'
const secretFile = 'kubernetes/apps/x.enc.yaml'

interface Place extends Flux {
  /** Runs `flux:sops-key` with a key file of these texts. */
  sopsKey(...keys: string[]): Promise<Ended>
  /** Makes the key Secret as somebody else would. */
  putSecret(agekey: string): Promise<void>
}

/** A repository whose Kustomization `apps` builds a file for the old key, applied with it. @param more files */
async function withApplied(
  more: Record<string, string>,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  const files = exampleCluster()
  files['.sops.yaml'] = sopsConfig(old.recipient)
  files['kubernetes/flux-system/apps.yaml'] = fluxKustomization('apps', './kubernetes/apps', block)
  files['kubernetes/apps/kustomization.yaml'] = kustomizationOf('x.enc.yaml')
  files[secretFile] = encryptSecret(old.recipient)
  await withFlux({ ...files, ...more }, async (flux) => {
    const { sandbox, clone, env, git, applied, directory } = flux
    const place: Place = {
      ...flux,
      async sopsKey(...keys) {
        const keyFile = join(directory, 'key.txt')
        writeFileSync(keyFile, `${keys.join('\n')}\n`, { mode: 0o600 })
        const ended = await runTask('flux:sops-key', ['--key-file', keyFile], { cwd: clone, env })
        for (const { secret } of [old, fresh]) assert.not.match(ended.stdout + ended.stderr, secret)
        return ended
      },
      async putSecret(agekey) {
        const metadata = { name: 'sops-age', namespace: 'flux-system' }
        const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'age.agekey': agekey } }
        await sandbox.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(secret))
      },
    }
    await place.putSecret(`${old.secret}\n`)
    await applied('apps', await git('rev-parse', 'HEAD'))
    await use(place)
  })
}

test('what is cut over but not pushed still needs the old key: push first', () =>
  withApplied({}, async ({ sopsKey, clone, push, applied }) => {
    assert.is((await sopsKey(old.secret, fresh.secret)).code, 0)
    writeFileSync(join(clone, secretFile), encryptSecret(fresh.recipient))
    const early = await sopsKey(fresh.secret)
    assert.is(early.code, 1, early.stderr)
    assert.match(
      early.stderr,
      /1 file that is applied now:\n {2}kubernetes\/apps\/x\.enc\.yaml\nhint: .*push, wait/,
    )
    await applied('apps', await push())
    const late = await sopsKey(fresh.secret)
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
      await putSecret(`${old.secret}\n${fresh.secret}\n`)
      const { code, stderr } = await sopsKey(old.secret)
      assert.is(code, 0, stderr)
    },
  ))

test('a file that says another recipient in a comment is still for its own', () =>
  withApplied(
    { [secretFile]: `# for ${fresh.recipient}\n${encryptSecret(old.recipient)}` },
    async ({ sopsKey }) => {
      const { code, stderr } = await sopsKey(fresh.secret)
      assert.is(code, 1, stderr)
      assert.match(stderr, '\n  kubernetes/apps/x.enc.yaml\n')
    },
  ))

test('a plugin identity in the cluster does not hide the one beside it', () =>
  withApplied({}, async ({ sopsKey, putSecret }) => {
    await putSecret(`${plugin}\n${old.secret}\n`)
    const refused = await sopsKey(fresh.secret)
    assert.is(refused.code, 1, refused.stderr)
    const left = await sopsKey(plugin, old.secret)
    assert.is(left.code, 0, left.stderr)
    assert.match(left.stderr, /line 1 of .*key\.txt is left out: a plugin identity/)
  }))

test('a Kustomization whose files cannot be seen is never nothing', () =>
  withApplied({}, async ({ sandbox, sopsKey, url }) => {
    const other = `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: other, namespace: flux-system}\nspec: {interval: 10m, url: ${url.replace(/repository-/, 'other-')}}\n`
    const user = fluxKustomization('tenant', './x', block).replace(
      'name: flux-system, namespace',
      'name: other, namespace',
    )
    await sandbox.kubectl(['apply', '--server-side', '-f', '-'], `${other}---\n${user}`)
    const { code, stderr } = await sopsKey(fresh.secret)
    assert.is(code, 1, stderr)
    await sandbox.kubectl(['delete', 'kustomization', 'apps', '-n', 'flux-system'])
    const unseen = await sopsKey(fresh.secret)
    assert.is(unseen.code, 1, unseen.stderr)
    assert.match(
      unseen.stderr,
      /cannot be seen which files .*:\n {2}kustomization flux-system\/tenant: its source flux-system\/other has fetched nothing yet\n/,
    )
  }))

test.run()
