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
  interval: 10m
  path: ./cluster
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
`
const list = 'resources:\n  - gotk-sync.yaml\n'
const entry = (indent: string) =>
  `${indent}- patch: |
${indent}    - op: add
${indent}      path: /spec/decryption
${indent}      value:
${indent}        provider: sops
${indent}        secretRef:
${indent}          name: sops-age
${indent}  target:
${indent}    group: kustomize.toolkit.fluxcd.io
${indent}    kind: Kustomization
${indent}    name: flux-system
`
/** What this task wrote before, and what others write. */
const pinned = (indent: string, version: string, secret = 'sops-age') =>
  `${indent}- patch: |
${indent}    apiVersion: kustomize.toolkit.fluxcd.io/${version}
${indent}    kind: Kustomization
${indent}    metadata:
${indent}      name: flux-system
${indent}      namespace: flux-system
${indent}    spec:
${indent}      decryption:
${indent}        provider: sops
${indent}        secretRef:
${indent}          name: ${secret}
`
const instance =
  'apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\nspec:\n  sync: {path: cluster}\n'
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

/** The block that the real kustomize gives the root. */
const built = ({ root: cwd }: TestRepository) =>
  parse(execFileSync('kustomize', ['build', 'cluster/flux-system'], { cwd, encoding: 'utf8', stdio: 'pipe' }))
    .spec.decryption
/** What is to be pasted, by the hint that says where. */
const pasted = (hints: { text: string; lines: string[] }[], where: string) =>
  `${hints.find(({ text }) => text === where)?.lines.join('\n')}\n`
const found = ({ kustomizations }: { kustomizations: Record<string, string>[] }) =>
  kustomizations.map(({ status, by }) => [status, by])

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
      assert.equal(built(repository), { provider: 'sops', secretRef: { name: 'sops-age' } })
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
      const { code, hints, kustomizations } = await enable(repository)
      assert.is(code, 0)
      assert.is(kustomizations[0].status, 'not-editable')
      assert.match(kustomizations[0].reason, reason)
      assert.is(
        pasted(
          hints,
          'for flux-system, put this patch into the kustomization file beside cluster/flux-system/gotk-sync.yaml:',
        ),
        `patches:\n${entry('  ')}`,
      )
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
    assert.is(
      check.kustomizations[0].reason,
      `${file} can't be read (bad indent in line 2): what that makes of it is not known`,
    )
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

for (const version of ['v1beta1', 'v1beta2', 'v1'])
  test(`the patch outlives that gotk-sync.yaml is written anew, from ${version}`, () =>
    withCluster({ [file]: list }, async (repository) => {
      const sync = 'cluster/flux-system/gotk-sync.yaml'
      writeFiles(repository.root, { [sync]: root.replace('fluxcd.io/v1', `fluxcd.io/${version}`) })
      assert.is((await enable(repository)).code, 0)
      const before = readFiles(repository.root)
      writeFiles(repository.root, { [sync]: root.replace('fluxcd.io/v1', 'fluxcd.io/v2') })
      assert.equal(built(repository), { provider: 'sops', secretRef: { name: 'sops-age' } })
      const again = await enable(repository)
      assert.equal([again.code, again.result, found(again)], [0, 'unchanged', [['kustomize', file]]])
      assert.is(readFiles(repository.root)[file], before[file])
    }))

/** A patch for a version that is gone, and what becomes of the file. */
const mended: Record<string, [before: string, after: string]> = {
  'ours, alone': [`${list}patches:\n${pinned('  ', 'v1beta2')}`, `${list}patches:\n${entry('  ')}`],
  'flush, between others': [
    `${list}patches:\n${other.replace('    ', '  ')}${pinned('', 'v1beta1')}${other.replace('    ', '  ')}namePrefix: ""\n`,
    `${list}patches:\n${other.replace('    ', '  ')}${entry('')}${other.replace('    ', '  ')}namePrefix: ""\n`,
  ],
  'two, of which the second one works': [
    `${list}patches:\n${pinned('  ', 'v1beta2')}${pinned('  ', 'v1')}`,
    `${list}patches:\n${entry('  ')}`,
  ],
  'CRLF, and a comment behind': [
    `${list}patches:\n${pinned('  ', 'v1beta2')}# end\n`.replaceAll('\n', '\r\n'),
    `${list}patches:\n${entry('  ')}# end\n`.replaceAll('\n', '\r\n'),
  ],
  'no final newline': [
    `${list}patches:\n${pinned('  ', 'v1beta2')}`.trimEnd(),
    `${list}patches:\n${entry('  ')}`.trimEnd(),
  ],
}
for (const [title, [before, after]] of Object.entries(mended))
  test(`a patch for a version that is gone is written anew: ${title}`, () =>
    withCluster({ [file]: before }, async (repository) => {
      assert.throws(() => built(repository), /no matches for Id/)
      const check = await enable(repository, '--check')
      assert.equal([check.code, found(check)], [1, [['missing', file]]])
      assert.match(check.kustomizations[0].reason, /kustomization\.yaml is for a version that it has no more/)
      const { code, stderr, kustomizations } = await enable(repository)
      assert.equal([code, kustomizations[0].status], [0, 'added'], stderr)
      assert.is(readFiles(repository.root)[file], after)
      assert.equal(built(repository), { provider: 'sops', secretRef: { name: 'sops-age' } })
      assert.is((await enable(repository)).result, 'unchanged')
    }))

/** What is not just that: it stays, and nothing is added to what can't be built. */
const foreign: Record<string, string> = {
  'another Secret': pinned('  ', 'v1beta2', 'sops-gpg'),
  'more in it': `${pinned('  ', 'v1beta2')}        interval: 5m\n`,
  'a patch of something else':
    '  - patch: |\n      apiVersion: v1\n      kind: ConfigMap\n      metadata: {name: gone}\n',
}
for (const [title, patch] of Object.entries(foreign))
  test(`a build that is broken already gets no patch: ${title}`, () =>
    withCluster({ [file]: `${list}patches:\n${patch}` }, async ({ root: cwd, env }) => {
      const before = readFiles(cwd)
      const { code, stdout, stderr } = await runTask('flux:enable-decryption', [], { cwd, env })
      assert.equal([code, stdout], [2, ''])
      assert.match(
        stderr,
        /^error: cannot add decryption by a patch, for without it as well kustomize build cluster\/flux-system failed: .*no matches for Id.*\nhint: /s,
      )
      assert.equal(readFiles(cwd), before)
    }))

test('a patch that has no effect is not added again', () =>
  withCluster(
    {
      [file]: `${list}patches:\n${entry('  ')}  - patch: '[{"op": "remove", "path": "/spec/decryption"}]'\n    target: {kind: Kustomization}\n`,
    },
    async (repository) => {
      const { code, kustomizations } = await enable(repository, '--check')
      assert.is(code, 1)
      assert.match(kustomizations[0].reason, /it has the patch already, without effect/)
    },
  ))

test('--root: the root has its patch before the first encrypted file is there', () =>
  withRepository({ 'cluster/flux-system/gotk-sync.yaml': root, [file]: list }, async (repository) => {
    const check = await enable(repository, '--root', '--check')
    assert.equal([check.code, found(check)], [1, [['missing', file]]])
    const { code, stderr, kustomizations } = await enable(repository, '--root', '--needed', '--commit')
    assert.equal([code, kustomizations[0].status], [0, 'added'], stderr)
    assert.is(readFiles(repository.root)[file], `${list}patches:\n${entry('  ')}`)
    for (const args of [['--root'], ['--check'], ['--root', '--check']]) {
      const again = await enable(repository, ...args)
      assert.equal([again.code, again.result, found(again)], [0, 'unchanged', [['kustomize', file]]])
    }
  }))

test('--root: exit 2 with the patch to paste where it can not be given, and where there is no root', () =>
  withRepository(
    { 'cluster/flux-system/gotk-sync.yaml': root, [file]: `${list}patches: []\n` },
    async (repository) => {
      const left = await enable(repository, '--root')
      assert.equal([left.code, found(left)], [2, [['not-editable', null]]])
      assert.is(left.hints[0].lines.join('\n'), `patches:\n${entry('  ')}`.trimEnd())
      assert.is((await enable(repository, '--root', '--check')).code, 1)
      assert.is((await enable(repository)).code, 0)
      repository.git('mv', 'cluster/flux-system/gotk-sync.yaml', 'cluster/flux-system/sync.yaml')
      const { code, stderr } = await runTask('flux:enable-decryption', ['--root'], {
        cwd: repository.root,
        env: repository.env,
      })
      assert.is(code, 2)
      assert.match(stderr, /^error: there is no root: .*\nhint: leave out --root/)
    },
  ))

test('--root: of a FluxInstance the patch to paste, until it has it', () =>
  withRepository(
    { 'flux.yaml': instance, 'apps/app.yaml': 'kind: ConfigMap\n' },
    async ({ root: cwd, env }) => {
      const run = (...args: string[]) => runTask('flux:enable-decryption', args, { cwd, env })
      for (const [args, code] of [
        [['--root'], 2],
        [['--root', '--check'], 1],
        [['--root', '--dry-run'], 0],
      ] as const) {
        const ended = await run(...args)
        assert.is(ended.code, code, ended.stderr)
        assert.match(ended.stderr, 'put this patch into flux.yaml:\n  spec:\n    kustomize:\n')
      }
      const { stderr } = await run('--root')
      const [, pasted] = /flux\.yaml:\n {2}spec:\n((?: {4}.*\n)+)/.exec(stderr)!
      writeFiles(cwd, { 'flux.yaml': `${instance}${pasted?.replace(/^ {2}/gm, '')}` })
      const after = await run('--root')
      assert.equal([after.code, after.stderr], [0, ''])
    },
  ))

test('a root that builds nothing encrypted needs no patch', () =>
  withRepository({ 'cluster/flux-system/gotk-sync.yaml': root, [file]: list }, async (repository) => {
    const { result, stderr, kustomizations } = await enable(repository)
    assert.is(result, 'unchanged')
    assert.match(
      kustomizations[0].reason,
      /writes this file anew; it builds no encrypted file, so it needs no patch yet \(--root adds it\)$/,
    )
    assert.is(stderr, '')
  }))

test('a FluxInstance that syncs encrypted files is named, with the patch to paste', () =>
  withRepository(
    {
      'instance.yaml': instance,
      'cluster/secret.yaml': secret,
      'cluster/apps.yaml': root.replace('name: flux-system', 'name: apps').replace('./cluster', './apps'),
    },
    async (repository) => {
      const { hints } = await enable(repository, '--check')
      assert.match(
        pasted(
          hints,
          'the FluxInstance flux lets nothing of what it syncs be decrypted: put this patch into instance.yaml:',
        ),
        /^spec:\n {2}kustomize:\n/,
      )
    },
  ))

test.run()
