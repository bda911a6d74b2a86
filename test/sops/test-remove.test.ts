import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFiles, writeFiles } from '../helpers/files.ts'
import { type Example, withExample } from '../helpers/flux/example.ts'
import { type Ended, runTask } from '../helpers/task.ts'

const infrastructure = 'kubernetes/infrastructure'

function run(
  { root, env }: Example,
  task: string,
  args: string[] = [],
  via: 'node' | 'mise' = 'node',
): Promise<Ended> {
  return runTask(`sops:${task}`, args, { cwd: root, env, via })
}

async function create(example: Example, args: string[] = []): Promise<void> {
  assert.is((await run(example, 'test-create', args)).code, 0)
}

for (const via of ['node', 'mise'] as const) {
  test(`by ${via}: the exact inverse of test-create, without a key; a second run finds nothing`, () =>
    withExample({}, async (example) => {
      const before = readFiles(example.root)
      await create(example)
      const { '.age-key.txt': key, ...rest } = before
      writeFiles(example.root, { '.age-key.txt': 'unreadable\n' })
      const { code, stdout, stderr } = await run(example, 'test-remove', [], via)
      assert.is(stderr, '')
      assert.is(code, 0)
      assert.is(
        stdout,
        `secret/sops-test removed
  kustomization  flux-system/infrastructure (kubernetes/flux-system/infrastructure.yaml)
  files          ${infrastructure}/kustomization.yaml
                 ${infrastructure}/sops-test/kustomization.yaml
                 ${infrastructure}/sops-test/secret.enc.yaml
`,
      )
      assert.ok(key)
      assert.equal(readFiles(example.root), { ...rest, '.age-key.txt': 'unreadable\n' })
      assert.equal(example.changed(), [])
      const again = await run(example, 'test-remove', [], via)
      assert.is(again.code, 0)
      assert.match(again.stdout, /^secret\/sops-test absent\n/)
    }))
}

test('--commit: the tree of the commit before, and nothing else in it', () =>
  withExample({}, async (example) => {
    const { git, root, changed } = example
    await create(example, ['--commit'])
    writeFiles(root, { 'README.md': 'mine\n' })
    const { code, stdout } = await run(example, 'test-remove', ['--commit', '--json'])
    assert.is(code, 0)
    const { commit, ...report } = JSON.parse(stdout)
    assert.equal(report, {
      task: 'sops:test-remove',
      result: 'removed',
      kustomization: 'flux-system/infrastructure',
      path: infrastructure,
      files: ['kustomization.yaml', 'sops-test/kustomization.yaml', 'sops-test/secret.enc.yaml'].map(
        (file) => `${infrastructure}/${file}`,
      ),
    })
    assert.is(git('rev-parse', 'HEAD'), commit)
    assert.is(git('log', '-1', '--format=%s'), 'chore(flux): remove sops-test after verification')
    assert.is(git('rev-parse', 'HEAD^{tree}'), git('rev-parse', 'HEAD~2^{tree}'))
    assert.equal(changed(), [' M README.md'])
    assert.is((await run(example, 'test-remove', ['--commit'])).code, 0)
    assert.is(git('rev-parse', 'HEAD'), commit)
    await create(example, ['--commit'])
    const again = await run(example, 'test-remove', ['--commit'])
    assert.match(again.stdout, `commit         ${git('rev-parse', 'HEAD').slice(0, 7)}\n`)
  }))

test('--commit: what is not committed is not taken with it', () =>
  withExample({}, async (example) => {
    await create(example)
    const before = readFiles(example.root)
    const { code, stderr } = await run(example, 'test-remove', ['--commit'])
    assert.is(code, 1)
    assert.match(stderr, /cannot commit .*hint: .*leave --commit out/s)
    assert.equal(readFiles(example.root), before)
  }))

test('--commit: where a hook refuses, the Secret is there as before', () =>
  withExample({}, async (example) => {
    await create(example, ['--commit'])
    const hook = join(example.root, '.git', 'hooks', 'pre-commit')
    writeFileSync(hook, '#!/bin/sh\necho "the hook says no" >&2\nexit 1\n')
    chmodSync(hook, 0o755)
    const before = readFiles(example.root)
    const { code, stderr } = await run(example, 'test-remove', ['--commit'])
    assert.is(code, 2)
    assert.match(stderr, 'the hook says no')
    assert.equal(readFiles(example.root), before)
    assert.equal(example.changed(), [])
  }))

test('something else of that name is not touched', () =>
  withExample({ [`${infrastructure}/sops-test/kustomization.yaml`]: 'resources: []\n' }, async (example) => {
    const { code, stderr } = await run(example, 'test-remove')
    assert.is(code, 2)
    assert.match(stderr, 'sops:test-create did not make it')
    assert.equal(example.changed(), [])
  }))

test('a file that somebody has added a document to is not touched', () =>
  withExample({}, async (example) => {
    await create(example)
    const file = join(example.root, infrastructure, 'sops-test', 'secret.enc.yaml')
    writeFileSync(file, `${readFileSync(file, 'utf8')}---\nkind: ConfigMap\n`)
    const before = readFiles(example.root)
    const { code, stderr } = await run(example, 'test-remove')
    assert.is(code, 2)
    assert.match(stderr, 'sops:test-create did not make it, or not all of it')
    assert.equal(readFiles(example.root), before)
  }))

test('--kustomization: a file, from where the user stands', () =>
  withExample({}, async (example) => {
    await create(example)
    const cwd = join(example.root, 'kubernetes', 'flux-system')
    const args = ['--kustomization', './infrastructure.yaml']
    const { code, stdout, stderr } = await runTask('sops:test-remove', args, { cwd, env: example.env })
    assert.is(code, 0, stderr)
    assert.match(stdout, /^secret\/sops-test removed\n/)
    assert.equal(example.changed(), [])
  }))

test('a build that was broken meanwhile does not keep the Secret, and is told', () =>
  withExample({}, async (example) => {
    await create(example)
    const file = join(example.root, infrastructure, 'kustomization.yaml')
    writeFileSync(file, `${readFileSync(file, 'utf8')}  - nothing.yaml\n`)
    const { code, stderr } = await run(example, 'test-remove')
    assert.is(code, 0)
    assert.match(stderr, /warning: it was removed, but .*kustomize build .*nothing\.yaml/)
    assert.match(readFileSync(file, 'utf8'), /resources:\n {2}- nothing\.yaml\n$/)
  }))

test.run()
