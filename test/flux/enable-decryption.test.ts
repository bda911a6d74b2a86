import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { exampleCluster, readFiles, writeFiles } from '../helpers/files.ts'
import { until } from '../helpers/processes.ts'
import { type TestRepository, withRepository } from '../helpers/repository.ts'
import { runTask, startTask } from '../helpers/task.ts'

const block = '  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n'

/** The fields without which Flux takes no Kustomization, as lines and on one. */
const required = '  interval: 10m\n  prune: true\n  sourceRef: {kind: GitRepository, name: flux-system}\n'
const requiredInFlow = 'interval: 10m, prune: true, sourceRef: {kind: GitRepository, name: flux-system}'

const object = (name: string, more = '', version = 'v1') =>
  `apiVersion: kustomize.toolkit.fluxcd.io/${version}\nkind: Kustomization\nmetadata:\n  name: ${name}\n  namespace: flux-system\nspec:\n  path: ./${name}\n${required}${more}`

/** A small repository: `apps` lacks the block, and `flux/kustomization.yaml` takes it in. */
const small = {
  'flux/kustomization.yaml': 'resources:\n  - apps.yaml\n',
  'flux/apps.yaml': object('apps'),
}

const enable = (
  repository: TestRepository,
  args: string[] = [],
  more: { via?: 'node' | 'mise'; cwd?: string } = {},
) => runTask('flux:enable-decryption', args, { cwd: repository.root, env: repository.env, ...more })

/** Runs it with `--json` and returns the document with the exit code. */
async function enableJson(repository: TestRepository, ...args: string[]) {
  const { code, stdout } = await enable(repository, ['--json', ...args])
  return { code, ...JSON.parse(stdout) }
}

const numstat = ({ git }: TestRepository) => git('diff', '--numstat').split('\n').filter(Boolean)

for (const via of ['node', 'mise'] as const) {
  test(`the layout of examples/cluster, exactly, via ${via}`, () =>
    withRepository(exampleCluster(), async (repository) => {
      const before = readFiles(repository.root)
      const first = await enable(repository, [], { via })
      assert.is(first.code, 0, first.stderr)
      const after = readFiles(repository.root)
      for (const name of ['apps', 'infrastructure']) {
        const file = `kubernetes/flux-system/${name}.yaml`
        assert.is(after[file], before[file] + block)
        assert.match(first.stdout, `  flux-system/${name} (${file})\n`)
        before[file] = after[file]!
      }
      assert.equal(after, before)
      assert.match(first.stdout, /^added:\n/)
      assert.match(first.stdout, /\n2 added\n$/)
      const second = await enable(repository, [], { via })
      assert.is(second.code, 0)
      assert.match(second.stdout, /^already there:\n/)
      assert.equal(readFiles(repository.root), after)
    }))
}

/** What is found in each file and, where it is edited, the text before and behind the block. */
const found: Record<
  string,
  [status: string, reason: RegExp | null, before: string, added?: string, after?: string]
> = {
  'plain.yaml': ['added', null, object('a'), block],
  'comments.yaml': ['added', null, object('a'), block, '  # decryption:\n\n# end\n'],
  'crlf.yaml': ['added', null, object('a').replaceAll('\n', '\r\n'), block.replaceAll('\n', '\r\n')],
  'bom.yaml': ['added', null, `\uFEFF${object('a')}`, block],
  'no-newline.yaml': ['added', null, object('a').slice(0, -1), `\n${block}`.slice(0, -1)],
  'block.yaml': ['added', null, object('a', '  patches:\n    - patch: |+\n        x\n\n'), block],
  'variables.yaml': ['added', null, object('a', `  targetNamespace: \${NAMESPACE:=x}\n`), block],
  'anchors.yaml': ['added', null, object('a', '  x: &x {y: z}\n  z:\n    <<: *x\n'), block],
  'flow.yaml': [
    'added',
    null,
    'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: f}\nspec: {path: ./f, ' +
      requiredInFlow,
    ', decryption: {provider: sops, secretRef: {name: sops-age}}',
    '}\n',
  ],
  'json.json': [
    'added',
    null,
    '{\n  "apiVersion": "kustomize.toolkit.fluxcd.io/v1",\n  "kind": "Kustomization",\n  "metadata": {"name": "j"},\n  "spec": {\n    "path": "./j",\n    "interval": "1m",\n    "sourceRef": {"kind": "GitRepository", "name": "x"},\n',
    '    "decryption": { "provider": "sops", "secretRef": { "name": "sops-age" } },\n',
    '    "prune": true\n  }\n}\n',
  ],
  'several.yaml': [
    'added',
    null,
    `---\nkind: Other\n---\n${object('a')}`,
    block,
    '---\n\n---\nkind: Other\n',
  ],
  'old.yaml': ['added', /an API version that Flux has removed: v1beta2/, object('a', '', 'v1beta2'), block],
  'older.yaml': ['added', /an API version that Flux has removed: v1beta1/, object('a', '', 'v1beta1'), block],
  'already.yaml': ['own', null, object('a') + block],
  'other-secret.yaml': ['different', /Secret sops-gpg/, object('a') + block.replace('sops-age', 'sops-gpg')],
  'no-secret.yaml': [
    'different',
    /provider sops, no Secret/,
    object('a', '  decryption:\n    provider: sops\n'),
  ],
  'empty.yaml': ['broken', /^line 11: its decryption block is empty/, object('a', '  decryption:\n')],
  'merged.yaml': ['own', null, `x: &x\n${block}${object('a', '  <<: *x\n')}`],
  'gotk-sync.yaml': ['not-editable', /flux bootstrap/, object('flux-system')],
  'encrypted.yaml': ['not-editable', /SOPS/, `${object('a')}sops:\n  mac: x\n`],
  'template.yaml': ['not-editable', /template/, object('{{ .name }}-x')],
  'quoted-template.yaml': ['not-editable', /template/, object('"{{ name }}"')],
  'bare-template.yaml': ['not-editable', /template/, object('{{ name }}')],
  'broken.yaml': ['not-editable', /not valid YAML \(/, `${object('a')}x: [\n`],
  'duplicate.yaml': ['not-editable', /duplicate key in line 11/, object('a', '  path: x\n')],
  'no-spec.yaml': ['not-editable', /no spec/, object('a').replace(/spec:[\s\S]*/, '')],
  'list-spec.yaml': ['not-editable', /not a mapping/, object('a').replace(/spec:[\s\S]*/, 'spec: []\n')],
  'alias-spec.yaml': [
    'not-editable',
    /alias/,
    object('a').replace(/spec:[\s\S]*/, `x: &x {path: a, ${requiredInFlow}}\nspec: *x\n`),
  ],
  'shared-spec.yaml': [
    'not-editable',
    /anchor/,
    object('a').replace(/spec:[\s\S]*/, `spec: &x\n  path: a\n${required}x: *x\n`),
  ],
  'end-of-block.yaml': ['not-editable', /final newline/, object('a', '  x: |\n    y').replace(/\n$/, '')],
  'patch.yaml': ['patch', /over\/kustomization\.yaml uses it as a patch/, object('a')],
  'utf-16.yaml': ['not-editable', /UTF-16/, ''],
  'link.yaml': ['not-editable', /outside of the repository/, ''],
}

test('every form: what is added, what is left alone and why, and nothing else in any file', () =>
  withRepository(
    Object.fromEntries([
      ['over/kustomization.yaml', 'patches: [{path: ../patch.yaml}]\n'],
      ...Object.entries(found).map(([file, [, , before, , after]]) => [file, before + (after ?? '')]),
    ]),
    async (repository) => {
      const { root, directory } = repository
      writeFileSync(join(root, 'utf-16.yaml'), Buffer.from(`\uFEFF${object('a')}`, 'utf16le'))
      writeFiles(directory, { 'outside.yaml': object('a') })
      execFileSync('rm', [join(root, 'link.yaml')])
      symlinkSync('../outside.yaml', join(root, 'link.yaml'))
      repository.git('commit', '--quiet', '--all', '--message', 'special files')

      const result = await enableJson(repository)
      assert.is(result.code, 0)
      const after = readFiles(root)
      for (const [file, [status, reason, before, added = '', behind = '']] of Object.entries(found)) {
        const record = result.kustomizations.find((one: { file: string }) => one.file === file)
        assert.is(record?.status, status, file)
        if (reason) assert.match(record.reason ?? '', reason)
        else assert.is(record.reason, null, file)
        if (before) assert.is(after[file], before + added + behind, file)
      }
      assert.is(result.kustomizations.length, Object.keys(found).length)
      const second = await enableJson(repository)
      assert.is(second.result, 'unchanged')
      assert.equal(readFiles(root), after)
      for (const line of numstat(repository)) {
        const [added, deleted, file] = line.split('\t')
        // a line that is added behind one without line end gives that one a line end; one line holds all of the flow
        const changesLine = ['no-newline.yaml', 'flow.yaml'].includes(file!)
        assert.is(Number(deleted), changesLine ? 1 : 0, file)
        assert.ok(Number(added) > 0)
      }
    },
  ))

test('a List in a List: the block is added to the Kustomization and to nothing else', () => {
  const release = 'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  interval: 1h\n'
  const listOf = (...items: string[]) =>
    `apiVersion: v1\nkind: List\nitems:\n${items.map((item) => `  - ${item.trimEnd().replaceAll('\n', '\n    ')}\n`).join('')}`
  const text = listOf(release, listOf(release, object('a')), object('b'))
  return withRepository({ 'all.yaml': text }, async (repository) => {
    assert.is((await enable(repository)).code, 0)
    const after = readFiles(repository.root)['all.yaml']!
    const block = { provider: 'sops', secretRef: { name: 'sops-age' } }
    const expected = parse(text)
    expected.items[1].items[1].spec.decryption = block
    expected.items[2].spec.decryption = block
    assert.equal(parse(after), expected)
  })
})

test('several in one file, with and without the block, and in a List', () =>
  withRepository(
    {
      'a.yaml': `${object('a')}---\n${object('b')}${block}---\n${object('c')}`,
      'list.yaml': `apiVersion: v1\nkind: List\nitems:\n  - ${object('d').replaceAll('\n', '\n    ').trimEnd()}\n`,
    },
    async (repository) => {
      const { kustomizations } = await enableJson(repository)
      assert.equal(kustomizations.map(Object.values), [
        ['a.yaml', 1, 'a', 'flux-system', 'added', null, 'a.yaml'],
        ['a.yaml', 2, 'b', 'flux-system', 'own', null, 'a.yaml'],
        ['a.yaml', 3, 'c', 'flux-system', 'added', null, 'a.yaml'],
        ['list.yaml', 1, 'd', 'flux-system', 'added', null, 'list.yaml'],
      ])
      assert.is(
        readFiles(repository.root)['a.yaml'],
        ['a', 'b', 'c'].map((name) => object(name) + block).join('---\n'),
      )
      assert.match(readFiles(repository.root)['list.yaml']!, `\n${block.replace(/^/gm, '    ').trimEnd()}\n`)
    },
  ))

test('one bad document: it is named with its line, what has the block already is said, and the others stay', () => {
  const text = [object('a'), object('b', block), `${object('c')}x: *nowhere\n`, object('d')].join('---\n')
  return withRepository(
    { 'a.yaml': text, 'kustomization.yaml': 'resources: [a.yaml]\n' },
    async (repository) => {
      const { kustomizations } = await enableJson(repository)
      const why =
        'the file is left alone for its document 3: it is not valid YAML (an alias without its anchor in line 37)'
      assert.equal(
        kustomizations.map(({ document, name, status, reason }: Record<string, unknown>) => [
          document,
          name,
          status,
          reason,
        ]),
        [
          [1, 'a', 'not-editable', why],
          [2, 'b', 'own', null],
          [4, 'd', 'not-editable', why],
        ],
      )
      assert.is(readFiles(repository.root)['a.yaml'], text)
      // kustomize takes a file as a whole as well
      const call = { cwd: repository.root, encoding: 'utf8', stdio: 'pipe' } as const
      assert.throws(() => execFileSync('kustomize', ['build', '.'], call), /unknown anchor/)
    },
  )
})

test('--name and --provider-only', () =>
  withRepository(small, async (repository) => {
    const bad = await enable(repository, ['--name', 'Not A Name'])
    assert.is(bad.code, 2)
    assert.match(bad.stderr, /hint: /)
    const own = await enable(repository, ['--name', '12', '--dry-run'])
    assert.match(own.stdout, '+      name: "12"\n')
    const provider = await enableJson(repository, '--provider-only')
    assert.is(provider.result, 'changed')
    assert.is(
      readFiles(repository.root)['flux/apps.yaml'],
      `${small['flux/apps.yaml']}  decryption:\n    provider: sops\n`,
    )
    assert.is((await enableJson(repository, '--provider-only')).kustomizations[0].status, 'own')
    assert.is((await enableJson(repository)).kustomizations[0].status, 'different')
  }))

test('--check: exit 1 while something is missing, writes nothing, needs no kustomize', () =>
  withRepository(small, async (repository) => {
    const bin = join(repository.directory, 'bin')
    mkdirSync(bin)
    for (const program of ['node', 'git']) {
      const path = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim()
      symlinkSync(path, join(bin, program))
    }
    const bare = { ...repository, env: { ...repository.env, PATH: bin } }
    const missing = await enable(bare, ['--check'])
    assert.is(missing.code, 1, missing.stderr)
    assert.match(missing.stdout, /^missing:\n {2}flux-system\/apps \(flux\/apps\.yaml\)\n\n1 missing\n$/)
    const without = await enable(bare)
    assert.is(without.code, 2)
    assert.match(without.stderr, /kustomize is not on PATH\nhint: /)
    assert.equal(readFiles(repository.root), small)
    await enable(repository)
    assert.is((await enable(bare, ['--check'])).code, 0)
    for (const args of [
      ['--check', '--commit'],
      ['--check', '--dry-run'],
      ['--dry-run', '--commit'],
      ['--provider-only', '--name', 'x'],
    ]) {
      const { code, stderr } = await enable(bare, args)
      assert.is(code, 2)
      assert.match(stderr, /^error: --\S+ and --\S+ exclude each other\nhint: give one of them\n$/)
    }
  }))

test('--dry-run: a diff that git apply takes, and nothing is written', () =>
  withRepository(
    { ...small, 'x y/é.yaml': object('crlf').replaceAll('\n', '\r\n'), 'end.yaml': object('end').trimEnd() },
    async (repository) => {
      const { root, env } = repository
      const before = readFiles(root)
      const { code, stdout, stderr } = await enable(repository, ['--dry-run'], { cwd: join(root, 'flux') })
      assert.is(code, 0)
      assert.match(stderr, /missing:\n/)
      assert.match(stdout, '--- a/flux/apps.yaml\n+++ b/flux/apps.yaml\n@@ ')
      assert.equal(readFiles(root), before)
      const json = await enableJson(repository, '--dry-run')
      assert.is(json.diff, stdout)
      assert.is(json.result, 'missing')
      execFileSync('git', ['apply', '-'], { cwd: root, env, input: stdout })
      const applied = readFiles(root)
      repository.git('checkout', '--quiet', '.')
      await enable(repository)
      assert.equal(readFiles(root), applied)
      assert.is((await enable(repository, ['--dry-run'])).stdout, '')
      assert.is((await enable(repository, ['--check'])).code, 0)
    },
  ))

test('paths: only what is in them, relative to the user', () =>
  withRepository(
    { ...small, 'b.yaml': object('b'), 'c/c.yaml': object('c'), 'd/x': 'x' },
    async (repository) => {
      const cwd = join(repository.root, 'flux')
      const { code, stdout } = await enable(repository, ['.', '../b.yaml'], { cwd, via: 'mise' })
      assert.is(code, 0)
      assert.match(
        stdout,
        /flux-system\/apps \(apps\.yaml\)\n.*flux-system\/b \(\.\.\/b\.yaml\)|flux-system\/b \(\.\.\/b\.yaml\)\n.*flux-system\/apps \(apps\.yaml\)/,
      )
      assert.equal(numstat(repository), ['4\t0\tb.yaml', '4\t0\tflux/apps.yaml'])
      for (const [path, why] of [
        ['../d', /no Flux Kustomization in \.\.\/d\nhint: /],
        ['nope', /nope does not exist/],
        ['../..', /outside of the repository/],
      ] as const) {
        const failed = await enable(repository, [path], { cwd })
        assert.is(failed.code, 2)
        assert.match(failed.stderr, why)
        assert.is(failed.stdout, '')
      }
    },
  ))

test('what is not known: a group of its own, left alone, and counted by --check where it builds encrypted files', () => {
  const files = {
    'flux/kustomization.yaml':
      'resources: [a.yaml, b.yaml]\nreplacements: [{sourceValue: x, targets: [{select: {name: b}, fieldPaths: [spec.decryption]}]}]\n',
    'flux/a.yaml': object('a') + block,
    'flux/b.yaml': object('b').replace('flux-system', 'other') + block,
  }
  return withRepository(files, async (repository) => {
    const plain = await enable(repository, ['--check'])
    assert.is(plain.code, 0, plain.stderr)
    assert.match(
      plain.stdout,
      /^already there:\n {2}flux-system\/a .*\nnot known:\n {2}other\/b \(flux\/b\.yaml\): flux\/kustomization\.yaml uses replacements: what that makes of it is not known\n\n1 already there · 1 not known\n$/,
    )
    writeFiles(repository.root, { 'b/secret.yaml': 'kind: Secret\nsops:\n  mac: ENC[AES256_GCM,data:x]\n' })
    const counted = await enableJson(repository, '--check')
    assert.equal([counted.code, counted.result], [1, 'missing'])
    assert.equal(counted.keyNamespaces, ['flux-system'])
    assert.equal(
      counted.kustomizations.map(({ name, namespace, status, by }: Record<string, string>) => [
        name,
        namespace,
        status,
        by,
      ]),
      [
        ['a', 'flux-system', 'own', 'flux/a.yaml'],
        ['b', null, 'not-known', 'flux/kustomization.yaml'],
      ],
    )
    assert.is((await enableJson(repository)).result, 'unchanged')
  })
})

const instance =
  'apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\nspec:\n  sync: {kind: GitRepository, url: https://x/y.git, path: clusters/a}\n'
const encrypted = 'kind: Secret\nsops:\n  mac: ENC[AES256_GCM,data:x]\n'

test('--check: a FluxInstance that syncs encrypted files is work, with the patch to paste', () =>
  withRepository({ 'flux.yaml': instance, 'clusters/a/secret.yaml': encrypted }, async (repository) => {
    const { code, stdout, stderr } = await enable(repository, ['--check'])
    assert.is(code, 1, stderr)
    assert.is(stdout, '')
    assert.match(
      stderr,
      /^hint: the FluxInstance flux lets nothing of what it syncs be decrypted: put this patch into flux\.yaml:\n {2}spec:/,
    )
    const { hints, result, code: json } = await enableJson(repository, '--check')
    assert.equal([json, result, hints.length], [1, 'missing', 1])
    assert.equal([hints[0].code, hints[0].file], ['flux-instance', 'flux.yaml'])
    // what it says mends it
    const lines: string[] = hints[0].lines
    writeFiles(repository.root, {
      'flux.yaml':
        instance +
        lines
          .slice(1)
          .map((line) => `${line}\n`)
          .join(''),
    })
    assert.equal((await enableJson(repository, '--check')).result, 'unchanged')
  }))

test('--check: a ResourceSet whose Kustomizations build encrypted files is work', () =>
  withRepository(
    {
      'set.yaml': `apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nmetadata: {name: teams}\nspec:\n  inputs: [{team: a}]\n  resources:\n    - ${object('<< inputs.team >>').trimEnd().replaceAll('\n', '\n      ').replace('path: ./', 'path: ./teams/')}\n`,
      'teams/a/secret.yaml': encrypted,
    },
    async (repository) => {
      const { code, hints } = await enableJson(repository, '--check')
      assert.is(code, 1)
      assert.match(hints[0].text, /^the ResourceSet teams makes the Kustomization << inputs\.team >>/)
      const text = readFiles(repository.root)['set.yaml']!
      const lines: string[] = hints[0].lines
      writeFiles(repository.root, { 'set.yaml': text + lines.map((line) => `        ${line}\n`).join('') })
      assert.is((await enableJson(repository, '--check')).code, 0)
    },
  ))

test('--check: the patch for a FluxInstance in the values of its chart stands among them', () =>
  withRepository(
    {
      'flux.yaml':
        'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: flux-instance, namespace: flux-system}\nspec:\n  values:\n    instance:\n      sync: {kind: GitRepository, url: https://x/y.git, path: clusters/a}\n',
      'clusters/a/secret.yaml': encrypted,
    },
    async (repository) => {
      const { code, hints } = await enableJson(repository, '--check')
      assert.is(code, 1)
      const lines: string[] = hints[0].lines
      assert.equal(lines.slice(0, 3), ['spec:', '  values:', '    instance:'])
      const text = readFiles(repository.root)['flux.yaml']!
      writeFiles(repository.root, {
        'flux.yaml':
          text +
          lines
            .slice(3)
            .map((line) => `${line}\n`)
            .join(''),
      })
      assert.is((await enableJson(repository, '--check')).code, 0)
    },
  ))

test('--check: what a ResourceSet makes of the artifacts of others needs no block', async () => {
  const ofSet = (source: string) => ({
    'set.yaml': `apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nmetadata: {name: x}\nspec:\n  resources:\n    - ${object(
      'x',
    )
      .replace('kind: GitRepository, name: flux-system', source)
      .replace('path: ./x', 'path: ./')
      .trimEnd()
      .replaceAll('\n', '\n      ')}\n`,
    'flux/source.yaml':
      'apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system, namespace: flux-system}\nspec: {url: https://x/fleet, ignore: /left}\n---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: other, namespace: flux-system}\nspec: {url: https://x/other}\n',
    'apps/secret.yaml': encrypted,
  })
  const codeOf = (files: Record<string, string>) =>
    withRepository(files, async (repository) => (await enableJson(repository, '--check')).code)
  assert.is(await codeOf(ofSet('kind: OCIRepository, name: "<< inputs.app >>"')), 0)
  assert.is(await codeOf(ofSet('kind: GitRepository, name: other')), 0)
  assert.is(await codeOf(ofSet('kind: GitRepository, name: flux-system')), 1)
  const ignored = ofSet('kind: GitRepository, name: flux-system')
  ignored['flux/source.yaml'] = ignored['flux/source.yaml'].replace('/left', '/apps')
  assert.is(await codeOf(ignored), 0)
})

test('--check: a block that decrypts nothing is work, and left to the user', () =>
  withRepository({ 'a.yaml': `${object('a')}  decryption:\n    name: sops-age\n` }, async (repository) => {
    const { code, stdout } = await enable(repository, ['--check'])
    assert.is(code, 1)
    assert.match(
      stdout,
      /^with a decryption block that decrypts nothing:\n {2}flux-system\/a \(a\.yaml\): line 12: Flux refuses the block: it knows no field name there\n/,
    )
    assert.is((await enable(repository)).code, 0)
    assert.equal(numstat(repository), [])
  }))

test('what nothing applies is listed apart, not counted by --check, and edited with --all', () =>
  withRepository(
    {
      'apps/kustomization.yaml': 'resources: [one.yaml]\n',
      'apps/one.yaml': object('one') + block,
      'apps/two.yaml': object('two'),
    },
    async (repository) => {
      const { code, stdout } = await enable(repository, ['--check'])
      assert.is(code, 0, stdout)
      assert.match(
        stdout,
        /\nnot applied by anything, so left alone:\n {2}flux-system\/two \(apps\/two\.yaml\): apps\/kustomization\.yaml lists others beside it, and not it\n/,
      )
      assert.is((await enable(repository, ['--check', '--all'])).code, 1)
      await enable(repository, ['--all'])
      assert.equal(numstat(repository), ['4\t0\tapps/two.yaml'])
    },
  ))

test('what is to be done is said once for all, behind the result', () =>
  withRepository(
    {
      'apps/one.yaml': object('one', '', 'v1beta2').replace('flux-system', 'one'),
      'apps/two.yaml': object('two', '', 'v1beta2').replace('flux-system', 'two'),
      'apps/three.yaml': object('three', '', 'v1beta1').replace('flux-system', 'two'),
    },
    async (repository) => {
      const { stdout, stderr } = await enable(repository, ['--check'])
      assert.not.match(stdout, /removed|hint/)
      assert.is(
        stderr,
        [
          'hint: 3 of them have an API version that Flux has removed: v1beta1 (in Flux 2.7) or v1beta2 (in Flux 2.8):',
          '  flux migrate -f .',
          'hint: the Secret sops-age has to be in the namespaces of these Kustomizations, one, two:',
          '  mise run flux:sops-key --namespace one --namespace two',
          '',
        ].join('\n'),
      )
      // a component that all of them have brings it
      const secret = 'kind: Secret\nmetadata:\n  name: sops-age\nsops:\n  mac: ENC[AES256_GCM,data:x]\n'
      writeFiles(repository.root, { 'components/key/sops-age.yaml': secret })
      const { hints } = await enableJson(repository, '--check')
      assert.equal(hints.at(-1), {
        code: 'key-secret',
        file: null,
        text: 'the Secret sops-age has to be in the namespaces of these Kustomizations, one, two: see that components/key/sops-age.yaml brings it there',
        lines: [],
      })
    },
  ))

test('gotk-components.yaml is never edited: flux bootstrap writes it as well', () =>
  withRepository({ 'clusters/a/flux-system/gotk-components.yaml': object('a') }, async (repository) => {
    const { kustomizations, result } = await enableJson(repository)
    assert.equal([kustomizations[0].status, result], ['not-editable', 'unchanged'])
    assert.equal(numstat(repository), [])
  }))

test('on a large repository the counts come first', () =>
  withRepository(
    { 'a.yaml': Array.from({ length: 40 }, (_, index) => object(`n${index}`)).join('---\n') },
    async (repository) => {
      const { stdout } = await enable(repository, ['--check'])
      assert.match(stdout, /^40 missing\n\nmissing:\n {2}flux-system\/n0 \(a\.yaml\)\n/)
    },
  ))

test('no Flux Kustomization, no repository: exit 2 with a hint', () =>
  withRepository({ 'a.yaml': 'a: b\n' }, async (repository) => {
    for (const [cwd, why] of [
      [repository.root, /^error: there is no Flux Kustomization in this repository\nhint: /],
      [repository.directory, /^error: .*not a git repository.*\nhint: /],
    ] as const) {
      const { code, stderr } = await enable(repository, [], { cwd })
      assert.is(code, 2)
      assert.match(stderr, why)
    }
  }))

test('--commit: just these files, whatever else is going on', () =>
  withRepository(small, async (repository) => {
    const { root, git } = repository
    writeFiles(root, { 'staged.yaml': 's\n', 'new.yaml': 'n\n' })
    git('add', 'staged.yaml')
    const { code, stdout } = await enable(repository, ['--commit'])
    assert.is(code, 0)
    assert.is(git('log', '-1', '--format=%s'), 'feat(flux): add SOPS decryption to Kustomizations')
    assert.is(git('show', '--format=', '--numstat'), '4\t0\tflux/apps.yaml')
    assert.match(stdout, `\ncommit ${git('rev-parse', 'HEAD').slice(0, 7)} feat(flux)`)
    assert.is(git('status', '--porcelain'), 'A  staged.yaml\n?? new.yaml')
    const head = git('rev-parse', 'HEAD')
    assert.is((await enable(repository, ['--commit'])).code, 0)
    assert.is(git('rev-parse', 'HEAD'), head)
  }))

test('--commit: refuses, before anything is written, where it would take work of the user with it', () =>
  withRepository({ ...small, 'b.yaml': object('b') }, async (repository) => {
    writeFiles(repository.root, { 'b.yaml': `${object('b')}# mine\n` })
    const before = readFiles(repository.root)
    const { code, stderr } = await enable(repository, ['--commit'], { cwd: join(repository.root, 'flux') })
    assert.is(code, 1)
    assert.match(stderr, /cannot commit \.\.\/b\.yaml: .*\nhint: /)
    assert.equal(readFiles(repository.root), before)
    assert.is((await enable(repository)).code, 0)
  }))

test('--commit: a hook that refuses puts everything back', () =>
  withRepository(small, async (repository) => {
    const { root, git } = repository
    writeFiles(root, { '.git/hooks/pre-commit': '#!/bin/sh\necho "not today" >&2\nexit 1\n' })
    chmodSync(join(root, '.git/hooks/pre-commit'), 0o755)
    const { code, stderr } = await enable(repository, ['--commit'])
    assert.is(code, 2)
    assert.match(stderr, 'not today')
    assert.equal(readFiles(root), small)
    assert.is(git('status', '--porcelain'), '')
  }))

/** `top` builds only as long as no Kustomization has decryption. */
const fragile = {
  ...small,
  'top/kustomization.yaml':
    'resources: [../flux]\npatches:\n  - target: {kind: Kustomization}\n    patch: |\n      - {op: test, path: /spec/decryption, value: null}\n',
}

test('a kustomization that does not build with the block: everything is put back', () =>
  withRepository({ ...fragile, 'b.yaml': object('b') }, async (repository) => {
    const before = readFiles(repository.root)
    const { code, stderr } = await enable(repository, ['--commit'])
    assert.is(code, 2, stderr)
    assert.match(stderr, /cannot add decryption, for with it kustomize build top failed: /)
    assert.not.match(stderr, repository.directory)
    assert.equal(readFiles(repository.root), before)
    assert.is(repository.git('status', '--porcelain'), '')
    // it does not take the others with it
    assert.is((await enable(repository, ['b.yaml'])).code, 0)
  }))

test('a kustomization that did not build before is not our fault', () =>
  withRepository(
    { ...small, 'top/kustomization.yaml': 'resources: [../flux, nothing.yaml]\n' },
    async (repository) => {
      assert.is((await enable(repository)).code, 0)
      assert.equal(numstat(repository), ['4\t0\tflux/apps.yaml'])
    },
  ))

test('a file that can not be written: no other one is written', () =>
  withRepository({ 'a.yaml': object('a'), 'b/b.yaml': object('b') }, async (repository) => {
    const { root, env } = repository
    // the largest file a process may write is 1 block, and that of b.yaml is larger
    writeFiles(root, { 'b/b.yaml': `${object('b')}${'# comment\n'.repeat(500)}` })
    const before = readFiles(root)
    const entry = join(import.meta.dirname, '../../tasks/flux/enable-decryption.ts')
    const limited = { ...env, XDG_CACHE_HOME: '/dev/null' }
    const script = `trap '' XFSZ; ulimit -f 1; exec node "$0" 2>&1; true`
    let said = ''
    try {
      execFileSync('bash', ['-c', script, entry], { cwd: root, env: limited, encoding: 'utf8' })
    } catch (error) {
      said = String((error as { stdout: string }).stdout)
      assert.is((error as { status: number }).status, 2)
    }
    assert.match(said, 'cannot write b/b.yaml: EFBIG')
    assert.equal(readFiles(root), before)
  }))

test('Ctrl-C while kustomize runs: everything is put back', () =>
  withRepository(small, async (repository) => {
    const { root, directory, env } = repository
    // the real kustomize, which says that it runs and then takes its time
    const real = execFileSync('sh', ['-c', 'command -v kustomize'], { encoding: 'utf8' }).trim()
    const wrapper = `#!/bin/sh\ntouch "${directory}/runs"; sleep 600; exec "${real}" "$@"\n`
    writeFiles(directory, { 'bin/kustomize': wrapper })
    chmodSync(join(directory, 'bin/kustomize'), 0o755)
    const slow = { ...env, PATH: `${directory}/bin:${env.PATH}` }
    const started = startTask('flux:enable-decryption', [], { cwd: root, env: slow })
    await until('kustomize runs', () => existsSync(join(directory, 'runs')), started)
    assert.not.equal(readFiles(root), small)
    started.child.kill('SIGINT')
    const { code, stderr } = await started.ended
    assert.is(code, 2)
    assert.match(stderr, 'interrupted (SIGINT)')
    assert.equal(readFiles(root), small)
  }))

test('no private key that stands beside a Kustomization gets into any output', () =>
  withRepository(
    {
      'a.yaml': `${object('a')}---\n# AGE-SECRET-KEY-1PLANTED\nkind: X\n`,
      'b.yaml': `${object('b')}x: [\nAGE-SECRET-KEY-1PLANTED\n`,
      'c.yaml': object('c', '  decryption: AGE-SECRET-KEY-1PLANTED\n'),
    },
    async (repository) => {
      for (const [args, status] of [
        [['--check'], 1],
        [['--dry-run'], 0],
        [['--dry-run', '--json'], 0],
        [[], 0],
      ] as const) {
        const { code, stdout, stderr } = await enable(repository, [...args])
        assert.is(code, status, stderr)
        // each of the three was read, and what is said of it
        for (const file of ['a.yaml', 'b.yaml', 'c.yaml']) assert.match(stdout + stderr, file)
        assert.not.match(stdout + stderr, 'PLANTED')
      }
    },
  ))

test.run()
