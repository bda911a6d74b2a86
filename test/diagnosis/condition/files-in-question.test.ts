import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { filesInQuestion, objectIn } from '../../../scripts/diagnosis/condition/files-in-question.ts'
import { silentCaller } from '../../helpers/caller.ts'
import { withRepository } from '../../helpers/repository.ts'

test('objectIn: the object that a controller complains of', () => {
  const named = (message: string) => {
    const found = objectIn(message)
    return found && `${found.kind} ${found.name}`
  }
  const rows: [message: string, object: string | undefined][] = [
    [
      "decryption failed for 'Secret.v1.[noGrp]/db': failed to decrypt and format 'apps/db' Secret data: x",
      'Secret db',
    ],
    ["failed to decrypt and format 'apps/db' Secret field 'a': x", 'Secret db'],
    ["post build failed for 'ConfigMap.v1.[noGrp]/t': envsubst error", 'ConfigMap t'],
    ['Secret/apps/db.x is SOPS encrypted, configuring decryption is required', 'Secret db.x'],
    ['HelmRelease/apps/t dry-run failed: failed to create typed patch object', 'HelmRelease t'],
    ['Secret/nowhere/t not found: namespaces "nowhere" not found', 'Secret t'],
    ['kustomization path not found: stat /tmp/x', undefined],
    ["kustomize build failed: accumulating resources: accumulation err='x'", undefined],
  ]
  for (const [message, object] of rows) assert.is(named(message), object, message)
})

test('filesInQuestion: the files that declare it', () =>
  withRepository(
    {
      'apps/db.enc.yaml': 'kind: Secret\nmetadata:\n  name: db\nsops: {}\n',
      'apps/db.json': '{"kind": "Secret", "metadata": {"name": "db"}}',
      'apps/other.yaml': 'kind: ConfigMap\nmetadata: {name: db}\n',
      'apps/db-2.yaml': 'kind: Secret\nmetadata:\n  name: db-2\n',
    },
    async ({ root, env, directory }) => {
      const caller = silentCaller(root, env)
      const db = { kind: 'Secret', name: 'db' }
      assert.equal(await filesInQuestion(db, caller), ['apps/db.enc.yaml', 'apps/db.json'])
      assert.equal(await filesInQuestion({ kind: 'Secret', name: 'gone' }, caller), [])
      assert.equal(await filesInQuestion(db, { ...caller, cwd: directory }), [])
    },
  ))

test.run()
