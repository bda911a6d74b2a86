import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readProject, type Transcript, transcriptsOf } from '../helpers/documents.ts'
import { exampleCluster } from '../helpers/files.ts'
import { encrypt, key, secret } from '../helpers/flux/encrypted-objects.ts'
import { putKeySecret, watched, withFlux } from '../helpers/flux/sandbox.ts'
import { sopsConfig } from '../helpers/keys.ts'
import { runTask } from '../helpers/task.ts'

const decryption = '  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n'

/** What is another one in each run: keys, commits and times. The keys keep their order. */
function withoutChance(text: string): string {
  const recipients = [...new Set(text.match(/\bage1[a-z0-9]{50,}\b/g) ?? [])]
  return recipients
    .reduce((shown, recipient, index) => shown.replaceAll(recipient, `RECIPIENT ${index + 1}`), text)
    .replace(/\b[0-9a-f]{7}\b/g, 'COMMIT')
    .replace(/ +\d+\.\d\d s/g, ' SECONDS')
}

/** The hints, without what mise says of an exit code. */
function hintsIn(stderr: string): string {
  return /^hint: [\s\S]*/m.exec(stderr)?.[0].replace(/^\[sops:rotate\].*\n/m, '') ?? ''
}

test('the transcripts of sops:rotate are what it prints: a rotation in three runs, and what the old key could open', () => {
  const cluster = exampleCluster()
  const [infrastructure, apps] = [
    'kubernetes/flux-system/infrastructure.yaml',
    'kubernetes/flux-system/apps.yaml',
  ]
  const files = {
    ...cluster,
    '.sops.yaml': sopsConfig(key.recipient),
    [infrastructure]: `${cluster[infrastructure]}${decryption}`,
    [apps]: `${cluster[apps]}${decryption}`,
    'kubernetes/infrastructure/kustomization.yaml': 'resources:\n  - db.enc.yaml\n',
    'kubernetes/infrastructure/db.enc.yaml': encrypt(secret('db')),
    'kubernetes/apps/kustomization.yaml': 'resources:\n  - greeting.yaml\n  - mail.enc.yaml\n',
    'kubernetes/apps/mail.enc.yaml': encrypt(secret('mail')),
  }
  return withFlux(files, async ({ clone, env, git, sandbox, applied }) => {
    await putKeySecret(sandbox, { data: { 'age.agekey': key.text }, metadata: watched })
    writeFileSync(join(clone, '.age-key.txt'), key.text, { mode: 0o600 })
    await applied('apps', await git('rev-parse', 'HEAD'))
    const shown: Transcript[] = []
    const whole = (all: readonly Transcript[]) =>
      all.map(({ command, output }) => `$ ${command}\n${output}`).join('')
    const transcripts = transcriptsOf(readProject('docs/tasks/sops-rotate.md'))
    assert.ok(transcripts.length > 0)
    for (const { command } of transcripts) {
      const [program, ...args] = command.split(' ')
      if (program === 'git') {
        shown.push({ command, output: '' })
        await git(...args, '--quiet')
        continue
      }
      const [verb, name, ...flags] = args
      assert.equal([program, verb, name], ['mise', 'run', 'sops:rotate'])
      const { code, stdout, stderr } = await runTask('sops:rotate', flags, { cwd: clone, env, via: 'mise' })
      assert.is(code, flags.includes('--status') ? 1 : 0, stdout + stderr)
      shown.push({ command, output: `${stdout}${hintsIn(stderr)}` })
    }
    assert.is(withoutChance(whole(shown)), withoutChance(whole(transcripts)))
  })
})

test.run()
