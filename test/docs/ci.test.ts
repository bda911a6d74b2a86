import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { blocksOf, projectRoot, readProject } from '../helpers/documents.ts'
import { exampleCluster, writeFiles } from '../helpers/files.ts'
import { encrypt, key, secret } from '../helpers/flux/encrypted-objects.ts'
import { sopsConfig } from '../helpers/keys.ts'
import { type Ended, startProgram } from '../helpers/program.ts'
import { withRepository } from '../helpers/repository.ts'
import { miseOffline } from '../helpers/task.ts'

const [workflow = ''] = blocksOf(readProject('docs/ci.md'), 'yaml')
const { steps } = parse(workflow).jobs.doctor as {
  steps: { id?: string; run?: string; uses?: string; with?: Record<string, string> }[]
}
const decryption = '  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n'

/** A repository with an encrypted Secret. */
function files(token: string): Record<string, string> {
  const cluster = exampleCluster()
  const apps = 'kubernetes/flux-system/apps.yaml'
  const listed = 'kubernetes/apps/kustomization.yaml'
  return {
    ...cluster,
    '.sops.yaml': sopsConfig(key.recipient),
    [apps]: `${cluster[apps]}${decryption}`,
    [listed]: `${cluster[listed]}  - db.enc.yaml\n`,
    'kubernetes/apps/db.enc.yaml': encrypt(secret('db', token)),
  }
}

/** Runs the commands of the workflow as a runner of GitHub does: one shell for each step, which ends at the first failure. */
async function runWorkflow(token: string): Promise<{ last: Ended; output: string }> {
  return withRepository(files(token), async ({ root, directory, env: own, git }) => {
    git('checkout', '--quiet', '--detach')
    writeFiles(directory, {
      'home/.config/mise/config.toml': `[task_config]\nincludes = [${JSON.stringify(join(projectRoot, 'tasks'))}]\n`,
      output: '',
    })
    const env = {
      ...own,
      ...miseOffline,
      MISE_TRUSTED_CONFIG_PATHS: root,
      XDG_CACHE_HOME: process.env.XDG_CACHE_HOME,
      GITHUB_OUTPUT: join(directory, 'output'),
      SOPS_AGE_KEY: key.secret,
    }
    let last: Ended | undefined
    for (const { run } of steps) {
      if (run === undefined) continue
      last = await startProgram(['bash', '-e', '-c', run], { cwd: root, env }).ended
      if (last.code !== 0) break
    }
    assert.ok(last)
    return { last, output: readFileSync(join(directory, 'output'), 'utf8') }
  })
}

test('the workflow passes on a repository that is right, and caches the programs that it runs', async () => {
  const { last, output } = await runWorkflow('planted')
  assert.is(last.code, 0, last.stdout + last.stderr)
  assert.match(last.stdout, /^healthy in 3 Kustomizations /m)
  assert.not.match(last.stdout + last.stderr, key.secret)
  const directory = /^directory=(.*)$/m.exec(output)?.[1] ?? ''
  const programs = process.env.PATH!.split(':').find((one) => basename(dirname(dirname(one))) === 'sandbox')
  assert.is(directory, dirname(programs!))
  const cache = steps.find(({ uses }) => uses?.startsWith('actions/cache@'))
  assert.match(cache?.with?.path ?? '', 'steps.sandbox.outputs.directory')
})

test('it fails on what only a real Flux refuses, and says what', async () => {
  const { last } = await runWorkflow('12345')
  assert.is(last.code, 1, last.stdout + last.stderr)
  assert.match(last.stdout, /^error: .*\(not-a-string\)/m)
  for (const hidden of [key.secret, '12345']) assert.not.match(last.stdout, hidden)
})

test.run()
