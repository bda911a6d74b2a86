import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { objectIn } from '../../../scripts/diagnosis/condition/object-in.ts'

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

test.run()
