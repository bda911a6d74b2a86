import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseKustomizationFile } from '../../../scripts/lib/kustomize/kustomization-file.ts'
import {
  directoryAt,
  kustomizationAround,
  makeFileTree,
  topsOf,
} from '../../../scripts/lib/repository/file-tree.ts'
import { parseFluxFile } from '../../../scripts/lib/repository/flux-file.ts'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'

const kustomization = (file: string, text: string) => parseKustomizationFile(() => undefined, file, text)
const flux = (file: string) => parseFluxFile(file, Buffer.from(fluxKustomization('a', './a')))!

test('makeFileTree: the directories of files, with all that are above them', () => {
  const { files, directories } = makeFileTree(['x.yaml', 'a/b/c/y.yaml', 'a/z.yaml'], [], [], () => '')
  assert.equal([...files], ['x.yaml', 'a/b/c/y.yaml', 'a/z.yaml'])
  assert.equal(Object.fromEntries(directories), {
    '.': { files: ['x.yaml'], directories: ['a'] },
    a: { files: ['a/z.yaml'], directories: ['a/b'] },
    'a/b': { files: [], directories: ['a/b/c'] },
    'a/b/c': { files: ['a/b/c/y.yaml'], directories: [] },
  })
  assert.equal([...makeFileTree([], [], [], () => '').directories.keys()], ['.'])
})

test('makeFileTree: kustomization files by directory, and none where there are several', () => {
  const one = kustomization('a/kustomization.yaml', 'resources: [x]\n')
  const two = [kustomization('b/kustomization.yml', ''), kustomization('b/Kustomization', '')]
  const { kustomizations } = makeFileTree([], [], [one, ...two], () => '')
  assert.equal([...kustomizations], [['a', one]])
})

test('makeFileTree: Flux Kustomizations by file, patches left out', () => {
  const patch = { ...flux('patch.yaml'), patchOf: 'kustomization.yaml' }
  const { flux: found } = makeFileTree([], [flux('a.yaml'), patch], [], () => '')
  assert.equal([...found.keys()], ['a.yaml'])
  assert.is(found.get('a.yaml')![0]!.name, 'a')
})

test('makeFileTree: what Flux decrypts, each manifest looked at once', () => {
  const read: string[] = []
  const tree = makeFileTree([], [], [], (file) => {
    read.push(file)
    return file === 's.yaml' ? 'kind: Secret\nsops:\n  mac: ENC[AES256_GCM,data:x]\n' : ''
  })
  for (const file of ['s.yaml', 'x.yaml', 's.yaml', 'x.yaml'])
    assert.is(tree.isEncryptedManifest(file), file === 's.yaml')
  assert.equal(read, ['s.yaml', 'x.yaml'])
  assert.ok(tree.isEncryptedSource('s.yaml', 's.yaml', false))
  assert.not(tree.isEncryptedSource('s.yaml', 's.ini', false))
})

test('topsOf: what no other kustomization includes', () => {
  const kustomizations = [
    kustomization('kustomization.yaml', 'resources: [base/]\ncomponents: [part]\n'),
    kustomization('base/kustomization.yaml', 'resources: [../deep/er]\n'),
    kustomization('deep/er/kustomization.yaml', 'resources: [x.yaml]\n'),
    kustomization('part/kustomization.yaml', 'kind: Component\n'),
    kustomization('other/kustomization.yaml', 'resources: [https://example.com/x]\n'),
  ]
  assert.equal(topsOf(kustomizations), ['.', 'other'])
})

test('kustomizationAround: beside a file, or in the nearest directory above it', () => {
  const files = ['kustomization.yaml', 'a/b/kustomization.yml'].map((file) => kustomization(file, ''))
  const around = (file: string, of = files) =>
    kustomizationAround(
      file,
      makeFileTree([], [], of, () => ''),
    )?.file
  assert.is(around('a/b/x.yaml'), 'a/b/kustomization.yml')
  assert.is(around('a/b/c/d/x.yaml'), 'a/b/kustomization.yml')
  assert.is(around('a/x.yaml'), 'kustomization.yaml')
  assert.is(around('x.yaml'), 'kustomization.yaml')
  assert.is(around('a/x.yaml', files.slice(1)), undefined)
})

test('directoryAt: as Flux takes spec.path', () => {
  for (const path of ['', '.', './', '/', '//', './.']) assert.is(directoryAt(path), '.')
  for (const path of ['a/b', './a/b', '/a/b/', 'a//b', './a/../a/b/']) assert.is(directoryAt(path), 'a/b')
  for (const path of ['..', '../a', 'a/../../b']) assert.is(directoryAt(path), undefined)
})

test.run()
