import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { readFiles, writeFiles } from '../../helpers/files.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'
import { type TestRepository, withRepository } from '../../helpers/repository.ts'
import { runTask } from '../../helpers/task.ts'

const secret = encryptSecret(makeKey().recipient)
const root = `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: flux-system
  namespace: flux-system
spec:
  path: ./cluster
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
`
const list = 'resources:\n  - gotk-sync.yaml\n'
const entry = (indent: string) =>
  `${indent}- patch: |
${indent}    apiVersion: kustomize.toolkit.fluxcd.io/v1
${indent}    kind: Kustomization
${indent}    metadata:
${indent}      name: flux-system
${indent}      namespace: flux-system
${indent}    spec:
${indent}      decryption:
${indent}        provider: sops
${indent}        secretRef:
${indent}          name: sops-age
`
const other = '- patch: "[]"\n    target: {kind: Deployment}\n'

/** What stands beside gotk-sync.yaml, and what is added at its end. */
const cases: Record<string, [before: string, added: string, after?: string]> = {
  'no patches': [list, `patches:\n${entry('  ')}`],
  'indented patches': [`${list}patches:\n  ${other}`, entry('  ')],
  'flush patches, and keys behind them': [
    `${list}patches:\n${other.replace('    ', '  ')}`,
    entry(''),
    'namePrefix: ""\n',
  ],
  'comments behind them': [`${list}patches:\n  ${other}`, entry('  '), '# end\n'],
  'no final newline': [list.trimEnd(), `\npatches:\n${entry('  ')}`.trimEnd()],
  CRLF: [list.replaceAll('\n', '\r\n'), `patches:\n${entry('  ')}`.replaceAll('\n', '\r\n')],
}

const enable = async ({ root: cwd, env }: TestRepository, ...args: string[]) => {
  const { code, stdout, stderr } = await runTask('flux:enable-decryption', ['--json', ...args], { cwd, env })
  return { code, stderr, ...JSON.parse(stdout) }
}
const withCluster = (files: Record<string, string>, use: (repository: TestRepository) => Promise<void>) =>
  withRepository({ 'cluster/flux-system/gotk-sync.yaml': root, 'cluster/secret.yaml': secret, ...files }, use)
const file = 'cluster/flux-system/kustomization.yaml'

for (const [title, [before, added, after = '']] of Object.entries(cases)) {
  test(`the patch beside gotk-sync.yaml: ${title}`, () =>
    withCluster({ [file]: before + after }, async (repository) => {
      const old = readFiles(repository.root)
      const { code, stderr, kustomizations } = await enable(repository)
      assert.is(code, 0, stderr)
      assert.equal(
        kustomizations.map(({ status, by }: Record<string, string>) => [status, by]),
        [['added', file]],
      )
      assert.equal(readFiles(repository.root), { ...old, [file]: before + added + after })
      const built = execFileSync('kustomize', ['build', 'cluster/flux-system'], {
        cwd: repository.root,
        encoding: 'utf8',
      })
      assert.equal(parse(built).spec.decryption, { provider: 'sops', secretRef: { name: 'sops-age' } })
      const again = await enable(repository)
      assert.is(again.result, 'unchanged')
      assert.equal(
        again.kustomizations.map(({ status, by }: Record<string, string>) => [status, by]),
        [['kustomize', file]],
      )
    }))
}

test('no kustomization file beside it: one is made that lists the same files, and --commit has it', () =>
  withCluster(
    { 'cluster/flux-system/gotk-components.yaml': 'kind: Namespace\napiVersion: v1\nmetadata: {name: x}\n' },
    async (repository) => {
      const { code, diff } = await enable(repository, '--dry-run')
      assert.is(code, 0)
      assert.match(diff, `--- /dev/null\n+++ b/${file}\n`)
      execFileSync('git', ['apply', '--check', '-'], { cwd: repository.root, input: diff })
      await enable(repository, '--commit')
      assert.is(repository.git('status', '--porcelain'), '')
      assert.is(
        readFiles(repository.root)[file],
        `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - gotk-components.yaml\n  - gotk-sync.yaml\npatches:\n${entry('  ')}`,
      )
    },
  ))

const refused: Record<string, [files: Record<string, string>, reason: RegExp]> = {
  'patches in flow style': [{ [file]: `${list}patches: []\n` }, /its patches are not a block list/],
  'several kustomization files': [
    { [file]: list, 'cluster/flux-system/kustomization.yml': list },
    /there is kustomization\.yml as well/,
  ],
  'a kustomization that is encrypted': [{ [file]: `${list}sops:\n  mac: x\n` }, /encrypted with SOPS/],
  'a kustomization that does not list it': [
    { [file]: 'resources:\n  - x.yaml\n', 'cluster/flux-system/x.yaml': 'kind: ConfigMap\n' },
    /kustomization\.yaml does not list it/,
  ],
  'another kustomization that includes it': [
    { 'cluster/kustomization.yaml': 'resources:\n  - flux-system/gotk-sync.yaml\n  - secret.yaml\n' },
    /^`flux bootstrap` writes this file anew, and cluster\/kustomization\.yaml includes it, so a patch beside it would have no effect$/,
  ],
  'directories that a new one would have to list': [
    { 'cluster/flux-system/more/x.yaml': 'kind: ConfigMap\n' },
    /directories that one would have to list/,
  ],
}
for (const [title, [files, reason]] of Object.entries(refused)) {
  test(`left alone, with the patch to paste: ${title}`, () =>
    withCluster(files, async (repository) => {
      const old = readFiles(repository.root)
      const { code, stderr, kustomizations } = await enable(repository)
      assert.is(code, 0)
      assert.is(kustomizations[0].status, 'not-editable')
      assert.match(kustomizations[0].reason, reason)
      assert.match(
        stderr,
        'hint: for flux-system, put this patch into the kustomization file beside cluster/flux-system/gotk-sync.yaml:',
      )
      assert.match(stderr, `patches:\n${entry('    ')}`)
      assert.equal(readFiles(repository.root), old)
      const check = await enable(repository, '--check')
      assert.equal([check.code, check.result], [1, 'missing'])
    }))
}

test('not known, and nothing to paste: a kustomization that does not parse', () =>
  withCluster({ [file]: 'a: [\n' }, async (repository) => {
    const check = await enable(repository, '--check')
    assert.equal([check.code, check.result], [1, 'missing'])
    assert.is(check.kustomizations[0].status, 'not-known')
    assert.is(check.kustomizations[0].reason, `${file} can't be read: what that makes of it is not known`)
    assert.not.match(check.stderr, 'put this patch')
  }))

test('left alone: a kustomization that git ignores, and one that a sparse checkout leaves out', () =>
  withCluster({ [file]: list }, async (repository) => {
    repository.git('update-index', '--skip-worktree', file)
    rmSync(join(repository.root, file))
    const sparse = await enable(repository, '--commit')
    assert.match(sparse.kustomizations[0].reason, `${file} is in git, but not in the working tree`)
    repository.git('rm', '--quiet', '--cached', '--sparse', file)
    writeFiles(repository.root, { [file]: list, '.gitignore': 'kustomization.yaml\n' })
    const ignored = await enable(repository)
    assert.match(ignored.kustomizations[0].reason, `git ignores ${file}`)
    assert.is(readFiles(repository.root)[file], list)
  }))

test('a root that builds nothing encrypted needs no patch', () =>
  withRepository({ 'cluster/flux-system/gotk-sync.yaml': root, [file]: list }, async (repository) => {
    const { result, stderr, kustomizations } = await enable(repository)
    assert.is(result, 'unchanged')
    assert.match(
      kustomizations[0].reason,
      /writes this file anew; it builds no encrypted file, so it needs none$/,
    )
    assert.is(stderr, '')
  }))

test('a FluxInstance that syncs encrypted files is named, with the patch to paste', () =>
  withRepository(
    {
      'instance.yaml':
        'apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\nspec:\n  sync: {path: cluster}\n',
      'cluster/secret.yaml': secret,
      'cluster/apps.yaml': root.replace('name: flux-system', 'name: apps').replace('./cluster', './apps'),
    },
    async (repository) => {
      const { stderr } = await enable(repository, '--check')
      assert.match(
        stderr,
        'hint: the FluxInstance flux syncs encrypted files: put this patch into instance.yaml:\n  spec:\n    kustomize:\n',
      )
    },
  ))

test.run()
