import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readProject, transcriptsOf } from '../helpers/documents.ts'
import { exampleCluster } from '../helpers/files.ts'
import { encrypt, key, secret } from '../helpers/flux/encrypted-objects.ts'
import { putKeySecret, watched, withFlux } from '../helpers/flux/sandbox.ts'
import { makeKey, sopsConfig } from '../helpers/keys.ts'
import { until } from '../helpers/processes.ts'
import { runTask } from '../helpers/task.ts'

const decryption = '  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n'

/** What is another one in each run: the two keys. */
function withoutChance(text: string, known: ReadonlyMap<string, string>): string {
  const named = [...known].reduce((shown, [recipient, name]) => shown.replaceAll(recipient, name), text)
  return named.replace(/\bage1[a-z0-9]+…/g, 'RECIPIENT…')
}

test('the transcript of flux:doctor is what it prints: somebody has put another key into the cluster', () => {
  const other = makeKey()
  const cluster = exampleCluster()
  const infrastructure = 'kubernetes/flux-system/infrastructure.yaml'
  const files = {
    ...cluster,
    '.sops.yaml': sopsConfig(key.recipient),
    [infrastructure]: `${cluster[infrastructure]}${decryption}`,
    'kubernetes/infrastructure/kustomization.yaml': 'resources:\n  - db.enc.yaml\n',
    'kubernetes/infrastructure/db.enc.yaml': encrypt(secret('db')),
  }
  return withFlux(files, async ({ clone, env, sandbox }) => {
    await putKeySecret(sandbox, { data: { 'age.agekey': other.text }, metadata: watched })
    const readyOf = (name: string) =>
      sandbox.kubectl([
        ...['get', 'kustomization', name, '-n', 'flux-system', '--ignore-not-found', '-o'],
        'jsonpath={.status.conditions[?(@.type=="Ready")].reason}',
      ])
    await until('infrastructure fails', async () => (await readyOf('infrastructure')) === 'BuildFailed')
    await until('apps waits', async () => (await readyOf('apps')) === 'DependencyNotReady')
    const [transcript] = transcriptsOf(readProject('docs/tasks/flux-doctor.md'))
    assert.is(transcript?.command, 'mise run flux:doctor')
    const { code, stdout, stderr } = await runTask('flux:doctor', [], { cwd: clone, env, via: 'mise' })
    assert.is(code, 1, stderr)
    const shown = [...new Set(transcript?.output.match(/\bage1[a-z0-9]{50,}\b/g) ?? [])]
    const now = new Map([
      [key.recipient, 'RECIPIENT 1'],
      [other.recipient, 'RECIPIENT 2'],
    ])
    const then = new Map(shown.map((recipient, index) => [recipient, `RECIPIENT ${index + 1}`]))
    assert.is(withoutChance(stdout, now), withoutChance(transcript?.output ?? '', then))
  })
})

test.run()
