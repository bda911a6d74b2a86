import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readProject, transcriptsOf } from '../helpers/documents.ts'
import { exampleCluster } from '../helpers/files.ts'
import { encryptSecret, makeKey, sopsConfig } from '../helpers/keys.ts'
import { withRepository } from '../helpers/repository.ts'
import { runTask } from '../helpers/task.ts'

const [key, other] = [makeKey(), makeKey()]
const decryption = '  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n'
const plain =
  'apiVersion: v1\nkind: Secret\nmetadata:\n  name: mail\n  namespace: default\nstringData:\n  password: planted\n'

/** A team that forgot to encrypt one file, added a value to another one, and did not finish a merge. */
function files(): Record<string, string> {
  const cluster = exampleCluster()
  const encrypted = encryptSecret(`${key.recipient},${other.recipient}`)
  const apps = 'kubernetes/flux-system/apps.yaml'
  const listed = 'kubernetes/apps/kustomization.yaml'
  return {
    ...cluster,
    '.sops.yaml': sopsConfig(key.recipient, other.recipient),
    [apps]: `${cluster[apps]}${decryption}`,
    [listed]: `${cluster[listed]}  - db.enc.yaml\n  - mail.enc.yaml\n  - web.enc.yaml\n`,
    'kubernetes/apps/mail.enc.yaml': plain,
    'kubernetes/apps/db.enc.yaml': encrypted
      .replace('name: x', 'name: db')
      .replace('stringData:\n', 'stringData:\n    user: planted\n'),
    'kubernetes/apps/web.enc.yaml': encrypted.replace(
      'stringData:',
      '<<<<<<< HEAD\nstringData:\n=======\ndata:\n>>>>>>> topic',
    ),
  }
}

for (const page of ['README.md', 'docs/tasks/sops-audit.md'])
  test(`the transcript of sops:audit in ${page} is what it prints`, () =>
    withRepository(files(), async ({ root, directory, env }) => {
      writeFileSync(join(directory, 'keys.txt'), key.text, { mode: 0o600 })
      const transcripts = transcriptsOf(readProject(page)).filter(({ command }) =>
        command.includes('sops:audit'),
      )
      assert.ok(transcripts.length > 0)
      for (const { command, output } of transcripts) {
        const [program, verb, name, ...args] = command.split(' ')
        assert.equal([program, verb, name], ['mise', 'run', 'sops:audit'])
        const call = {
          cwd: root,
          env: { ...env, SOPS_AGE_KEY_FILE: join(directory, 'keys.txt') },
          via: 'mise',
        } as const
        const { stdout, stderr } = await runTask(name!, args, call)
        assert.is(stdout, output, stderr)
        assert.not.match(stdout, 'planted')
      }
    }))

test.run()
