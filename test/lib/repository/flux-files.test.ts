import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findFluxFiles, readFluxFiles } from '../../../scripts/lib/repository/flux-files.ts'
import type { Refusal } from '../../../scripts/lib/yaml/refusal.ts'
import { writeFiles } from '../../helpers/files.ts'
import { withRepository } from '../../helpers/repository.ts'
import { thrown } from '../../helpers/thrown.ts'

const object = (name: string, more = '', version = 'v1') =>
  `apiVersion: kustomize.toolkit.fluxcd.io/${version}\nkind: Kustomization\nmetadata:\n  name: ${name}\n${more}`

test('findFluxFiles: all that a Kustomization says', () =>
  withRepository(
    {
      'a.yaml': object(
        'apps',
        `  namespace: prod
spec:
  path: ./apps
  prune: true
  dependsOn: [{name: infra, namespace: base}, {name: crds}]
  sourceRef: {kind: GitRepository, name: repo}
  decryption: {provider: sops}
`,
      ),
    },
    async (repository) => {
      const [file, ...others] = await findFluxFiles(repository)
      assert.equal(others, [])
      const { value: _, ...found } = file!.kustomizations[0]!
      assert.equal(found, {
        file: 'a.yaml',
        document: 1,
        at: [],
        apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
        name: 'apps',
        namespace: 'prod',
        path: './apps',
        prune: true,
        dependsOn: [
          { name: 'infra', namespace: 'base' },
          { name: 'crds', namespace: undefined },
        ],
        sourceRef: { kind: 'GitRepository', name: 'repo', namespace: undefined },
        decryption: { provider: 'sops' },
      })
    },
  ))

function codeOf(refusal: Refusal): string {
  if (refusal.refused === 'in-document') return `${refusal.document}: ${codeOf(refusal.why)}`
  if (refusal.refused === 'line-end') return `line-end: ${refusal.line}`
  return refusal.refused === 'invalid-yaml' ? `invalid-yaml: ${refusal.problem}` : refusal.refused
}

/** What is found in a file of this text: `document:name`, and of a problem `!` and its code. */
const contents: Record<string, [text: string, found: string[]]> = {
  'old versions': [`${object('a', '', 'v1beta1')}---\n${object('b', '', 'v1beta2')}`, ['1:a', '2:b']],
  'several among others': [
    `---\n# nothing\n---\nkind: Secret\n---\n${object('a')}---\n\n---\n${object('b')}# end\n`,
    ['3:a', '5:b'],
  ],
  'in a list': [
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', metadata: { name: 'a' } },
      ],
    }),
    ['1:a'],
  ],
  'a kustomization of kustomize': ['apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n', []],
  'text in a ConfigMap': [
    `kind: ConfigMap\ndata:\n  a: |\n    ${object('a').replaceAll('\n', '\n    ')}\n`,
    [],
  ],
  'a ResourceSet': [
    `kind: ResourceSet\nspec:\n  resources:\n    - ${object('a').replaceAll('\n', '\n      ')}\n`,
    [],
  ],
  'another kind that names the group': [
    'kind: Role\nrules: [{apiGroups: [kustomize.toolkit.fluxcd.io]}]\n',
    [],
  ],
  'without a name': [object('').replace(/metadata:\n.*\n/, ''), ['1:undefined']],
  'a template': [`{{- if .x }}\n${object('{{ .name }}-x')}{{- end }}\n`, ['!template']],
  'a broken text': [`${object('a')}spec: [\n`, ['!invalid-yaml']],
  'a duplicate key': [
    `${object('a')}---\n${object('b', 'spec: {a: 1, a: 2}\n')}`,
    ['1:a', '!2: invalid-yaml: duplicate key in line 10'],
  ],
  'a lone carriage return': [`${object('a')}# x\r# y\n`, ['1:a', '!line-end: 5']],
  'a line separator of Unicode': [`${object('a')}# x\u2028y\n`, ['1:a', '!line-end: 5']],
  'a SOPS file': [`${object('a')}sops:\n  mac: ENC[x]\n`, ['1:a', '!encrypted']],
  'a SOPS file of several documents': [
    `${object('a')}---\nkind: Secret\nsops: {mac: x}\n`,
    ['1:a', '!2: encrypted'],
  ],
  'a template among several documents': [
    `${object('a')}---\n${object('b')}---\n${object('{{ .name }}-x')}`,
    ['1:a', '2:b', '!3: template'],
  ],
  'an alias without its anchor': [
    `${object('a')}---\n${object('b')}---\nkind: X\nx: *y\n`,
    ['1:a', '2:b', '!3: invalid-yaml: an alias without its anchor in line 1'],
  ],
}

test('findFluxFiles: what is a Kustomization, and what can not be read', () =>
  withRepository(
    Object.fromEntries(Object.entries(contents).map(([name, [text]]) => [`${name}.yaml`, text])),
    async (repository) => {
      const files = await findFluxFiles(repository)
      for (const [name, [, expected]] of Object.entries(contents)) {
        const file = files.find((one) => one.file === `${name}.yaml`)
        const found = (file?.kustomizations ?? []).map((one) => `${one.document}:${one.name}`)
        if (file?.problem) found.push(`!${codeOf(file.problem)}`)
        assert.is(found.length, expected.length, `${name}: ${found}`)
        for (const [index, text] of expected.entries())
          assert.ok(found[index]!.startsWith(text), `${name}: ${found}`)
      }
    },
  ))

test('findFluxFiles: UTF-16 and Latin-1 are seen and named', () =>
  withRepository({}, async (repository) => {
    const { root } = repository
    const bytes = (start: number[], text: Buffer) => Buffer.concat([Buffer.from(start), text])
    const utf16 = Buffer.from(object('a'), 'utf16le')
    writeFileSync(join(root, 'le.yaml'), bytes([0xff, 0xfe], utf16))
    writeFileSync(join(root, 'be.yaml'), bytes([0xfe, 0xff], Buffer.from(utf16).swap16()))
    writeFileSync(join(root, 'none.yaml'), utf16)
    writeFileSync(join(root, 'latin.yaml'), Buffer.from(`${object('a')}# ä\n`, 'latin1'))
    assert.equal(
      (await findFluxFiles(repository)).map(({ file, problem }) => `${file}: ${problem?.refused}`),
      ['be.yaml: utf-16', 'latin.yaml: not-utf-8', 'le.yaml: utf-16', 'none.yaml: utf-16'],
    )
  }))

test('findFluxFiles: a patch is what a kustomization uses as one', () =>
  withRepository(
    {
      'base/apps.yaml': object('apps', 'spec: {path: x}\n'),
      'base/kustomization.yaml': 'resources: [apps.yaml]\n',
      'over/kustomization.yml': 'resources: [../base]\npatches:\n  - path: one.yaml\n  - patch: "kind: x"\n',
      'over/one.yaml': object('apps', 'spec: {prune: true}\n'),
      'old/Kustomization':
        'patchesStrategicMerge: [../two.yaml, "kind: x"]\npatchesJson6902: [{path: three.yaml}]\n',
      'two.yaml': object('apps', 'spec: {prune: true}\n'),
      'old/three.yaml': object('apps', 'spec: {prune: true}\n'),
    },
    async (repository) => {
      const expected = [
        'apps.yaml: undefined',
        'three.yaml: old/Kustomization',
        'one.yaml: over/kustomization.yml',
        'two.yaml: old/Kustomization',
      ]
      const found = (await findFluxFiles(repository)).map(
        ({ file, patchOf }) => `${file.split('/').at(-1)}: ${patchOf}`,
      )
      assert.equal(found, expected)
      // the kustomization need not be among the paths that are looked at
      assert.is((await findFluxFiles(repository, ['over/one.yaml']))[0]!.patchOf, 'over/kustomization.yml')
    },
  ))

test('findFluxFiles: links, ignored files, other names, and paths as the user types them', () =>
  withRepository(
    {
      'dir/a.yaml': object('a'),
      'dir/b.yml': object('b'),
      'c.json.tmpl': object('c'),
      '.gitignore': 'ignored\n',
    },
    async (repository) => {
      const { root, directory } = repository
      writeFiles(directory, { 'outside.yaml': object('outside') })
      writeFiles(root, { 'ignored/i.yaml': object('i'), 'new.yaml': object('new') })
      symlinkSync('dir/a.yaml', join(root, '0.yaml'))
      symlinkSync('../outside.yaml', join(root, 'out.yaml'))
      symlinkSync('ignored/i.yaml', join(root, 'to-ignored.yaml'))
      symlinkSync('nowhere', join(root, 'dangling.yaml'))
      symlinkSync('dir', join(root, 'linked.yaml'))
      const find = async (...paths: string[]) =>
        (await findFluxFiles(repository, paths, join(root, 'dir'))).map(({ file, problem }) =>
          problem ? `${file}: ${problem.refused}` : file,
        )
      const outside = 'out.yaml: link-outside'
      const toIgnored = 'to-ignored.yaml: link-to-ignored'
      assert.equal(await find(), ['dir/a.yaml', 'dir/b.yml', 'new.yaml', outside, toIgnored])
      assert.equal(await find('..'), await find())
      assert.equal(await find('.', 'a.yaml', root), await find())
      assert.equal(await find('../linked.yaml'), ['dir/a.yaml', 'dir/b.yml'])
      assert.equal(await find('../0.yaml'), ['dir/a.yaml'])
      assert.equal(await find('../c.json.tmpl'), ['c.json.tmpl'])
      assert.equal(await find('../ignored/i.yaml'), ['ignored/i.yaml: ignored'])
      assert.equal(await find('../ignored'), [])
      assert.is((await thrown(find('nothing'))).message, 'nothing does not exist')
      assert.is(
        (await thrown(find('../../outside.yaml'))).message,
        '../../outside.yaml is outside of the repository',
      )
    },
  ))

test('readFluxFiles: can be interrupted', () =>
  withRepository({ 'a.yaml': 'a: b\n' }, async (repository) => {
    const interruption = new AbortController()
    setImmediate(() => interruption.abort(new Error('enough')))
    const names = Array.from({ length: 1_500 }, (_, index) => `${'./'.repeat(index)}a.yaml`)
    let seen = 0
    const reading = readFluxFiles({ ...repository, signal: interruption.signal }, names, {
      seen: () => seen++,
    })
    assert.is(await reading.catch((error) => error.message), 'enough')
    assert.ok(seen < 1_500)
  }))

test.run()
