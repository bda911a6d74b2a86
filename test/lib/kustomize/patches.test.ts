import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { patched, patchesIn } from '../../../scripts/lib/kustomize/patches.ts'
import { parseDocuments } from '../../../scripts/lib/yaml/documents.ts'
import type { Mapping } from '../../../scripts/lib/yaml/values.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'

const apiVersion = 'kustomize.toolkit.fluxcd.io/v1'
const decryption = { provider: 'sops', secretRef: { name: 'sops-age' } }
const other = { name: 'other' }

const apps = {
  apiVersion,
  kind: 'Kustomization',
  metadata: { name: 'apps', namespace: 'flux-system', labels: { tier: 'web' }, annotations: { a: 'b' } },
  spec: { path: './apps', prune: true, decryption, dependsOn: [{ name: 'one' }, { name: 'two' }] },
}
const plain = { ...apps, spec: { path: './apps' } }
const nowhere = { ...apps, metadata: { name: 'apps' } }
const inDefault = { ...apps, metadata: { name: 'apps', namespace: 'default' } }

const target = { kind: 'Kustomization' }
const text = (patch: string, other: Mapping | undefined = target) => ({ target: other, patch })
const merge = (patch: Mapping) =>
  text(JSON.stringify({ apiVersion, kind: 'Any', metadata: { name: 'any' }, ...patch }))
const spec = (spec: unknown) => merge({ spec })
const metadata = (metadata: Mapping) => merge({ metadata, spec: { wait: true } })
const untargeted = (metadata: Mapping, more: Mapping = {}) => ({
  patch: JSON.stringify({ apiVersion, kind: 'Kustomization', metadata, spec: { wait: true }, ...more }),
})
const operations = (...list: unknown[]) => text(JSON.stringify(list))
const operation = (op: string, path: string, more: Mapping = {}) => operations({ op, path, ...more })
const to = (target: Mapping) => ({ ...spec({ wait: true }), target })
const yaml = (spec: string, name = 'apps') =>
  `apiVersion: ${apiVersion}\nkind: Kustomization\nmetadata: {name: ${name}, namespace: flux-system}\nspec: ${spec}\n`
const removed = '- op: remove\n  path: /spec/decryption\n'

type Row = [expected: 'changed' | 'same' | 'refused', entry: Mapping, object?: Mapping]

const tables: Record<string, Row[]> = {
  'a strategic merge patch merges mappings and replaces all else': [
    ['changed', spec({ prune: false, wait: true })],
    ['changed', spec({ decryption: { secretRef: other } })],
    ['changed', spec({ decryption }), plain],
    ['changed', spec({ decryption: { provider: 'sops' } }), { ...apps, spec: { decryption: null } }],
    ['changed', spec({ dependsOn: [other] })],
    ['changed', spec({ dependsOn: [] })],
    ['changed', spec({ dependsOn: [{ $patch: 'replace' }, other] })],
    ['changed', spec({ $retainKeys: ['path'], '$setElementOrder/dependsOn': [other] })],
    ['changed', spec({ x: { y: {} } })],
    ['changed', merge({ status: { a: 1 } })],
    ['same', spec({ decryption: {} })],
    ['same', spec({ decryption })],
  ],
  'null takes a key away': [
    ['changed', spec({ decryption: null })],
    ['changed', spec({ decryption: { provider: null, secretRef: null } })],
    ['changed', spec({ path: null, dependsOn: null })],
    ['changed', spec({ healthCheck: { a: null, b: 1 } })],
    ['changed', spec({ dependsOn: [{ name: null, x: 1 }] })],
    ['changed', spec(null)],
    ['same', spec({ wait: null })],
    ['same', spec({ decryption: null }), plain],
  ],
  '$patch: delete and $patch: replace': [
    ['changed', spec({ decryption: { $patch: 'delete' } })],
    ['changed', spec({ decryption: { $patch: 'delete', provider: { a: 1 } } })],
    ['changed', spec({ decryption: { secretRef: { $patch: 'delete' } } })],
    ['changed', spec({ $patch: 'delete' })],
    ['changed', spec({ other: { x: { $patch: 'delete' } } })],
    ['same', spec({ other: { $patch: 'delete' } })],
    ['same', spec({ decryption: { $patch: 'delete' } }), plain],
    ['changed', spec({ decryption: { $patch: 'replace', provider: 'x' } })],
    ['changed', spec({ decryption: { $patch: 'replace', provider: 'x' } }), plain],
    ['changed', spec({ decryption: { $patch: 'replace', provider: { a: 1 }, x: null } })],
    ['changed', spec({ decryption: { $patch: 'replace' } })],
    ['changed', spec({ $patch: 'replace', path: './x' })],
    ['same', merge({ $patch: 'replace', spec: { path: './x' } })],
    ['changed', spec({ decryption: { $patch: 'merge', provider: 'x' } })],
    ['refused', spec({ decryption: { $patch: 'other', provider: 'x' } })],
  ],
  'a value of another kind is refused': [
    ['refused', spec({ path: { a: 'b' } })],
    ['refused', spec({ path: { $patch: 'delete' } })],
    ['refused', spec({ decryption: 'sops' })],
    ['refused', spec({ decryption: [decryption] })],
    ['refused', spec({ dependsOn: { name: 'one' } })],
    ['refused', spec({ wait: true, dependsOn: { $patch: 'replace', name: 'one' } })],
  ],
  'with a target, what the patch calls itself does not matter, but it must do so': [
    ['changed', metadata({ name: 'other', namespace: 'other' })],
    ['changed', metadata({ name: 'other', namespace: 'other' }), nowhere],
    ['changed', metadata({ name: 'other', namespace: null })],
    ['changed', metadata({ name: 'other', labels: { c: 'd' }, annotations: { e: 'f' } }), nowhere],
    ['changed', metadata({ name: 'other', labels: { tier: 'db', c: 'd' } })],
    ['changed', metadata({ name: 'other', $patch: 'replace' })],
    ['same', merge({ apiVersion: 'v1', kind: 'Secret' })],
    ['same', merge({ apiVersion: undefined })],
    ['refused', merge({ kind: undefined, spec: { wait: true } })],
    ['refused', merge({ metadata: undefined, spec: { wait: true } })],
    ['refused', metadata({ namespace: 'flux-system' })],
    ['refused', metadata({ name: '' })],
  ],
  'without a target, the patch names its object': [
    ['changed', untargeted(apps.metadata)],
    ['changed', untargeted({ name: 'apps' }), nowhere],
    ['changed', untargeted({ name: 'apps', namespace: '' }), nowhere],
    ['changed', untargeted({ name: 'apps', namespace: 'default' }), nowhere],
    ['changed', untargeted({ name: 'apps' }), inDefault],
    ['refused', untargeted({ name: 'apps' })],
    ['refused', untargeted({ name: 'app.*', namespace: 'flux-system' })],
    ['refused', untargeted({ name: 'apps', namespace: 'other' })],
    ['refused', untargeted(apps.metadata, { apiVersion: 'kustomize.toolkit.fluxcd.io/v1beta2' })],
    ['refused', untargeted(apps.metadata, { apiVersion: 'kustomize.config.k8s.io/v1' })],
    ['refused', untargeted(apps.metadata, { kind: 'HelmRelease' })],
    ['refused', { patch: removed }],
  ],
  'add, replace and remove': [
    ['changed', operation('add', '/spec/decryption', { value: decryption }), plain],
    ['changed', operation('add', '/spec/decryption', { value: { provider: 'x' } })],
    ['changed', operation('add', '/spec/decryption/secretRef/name', { value: 'x' })],
    ['changed', operation('add', '/spec/dependsOn/-', { value: other })],
    ['changed', operation('add', '/spec/dependsOn/0', { value: other })],
    ['changed', operation('add', '/spec/dependsOn/2', { value: other })],
    ['changed', operation('add', '/spec/x', { value: null })],
    ['changed', operation('add', '/metadata/annotations/a~1b~0c', { value: 'x' })],
    ['refused', operation('add', '/spec/dependsOn/3', { value: other })],
    ['refused', operation('add', '/spec/dependsOn/x', { value: other })],
    ['refused', operation('add', '/spec/decryption/provider', { value: 'sops' }), plain],
    ['refused', operation('add', '/spec/path/x', { value: 1 })],
    ['changed', operation('replace', '/spec/decryption', { value: decryption }), plain],
    ['changed', operation('replace', '/spec/decryption/provider', { value: 'x' })],
    ['changed', operation('replace', '/spec/dependsOn/1', { value: other })],
    ['refused', operation('replace', '/spec/dependsOn/2', { value: other })],
    ['refused', operation('replace', '/spec/decryption/provider', { value: 'x' }), plain],
    ['changed', operation('remove', '/spec/decryption')],
    ['changed', operation('remove', '/spec/decryption/secretRef/name')],
    ['changed', operation('remove', '/spec/dependsOn/0')],
    ['changed', operation('remove', '/metadata/labels/tier')],
    ['refused', operation('remove', '/spec/dependsOn/2')],
    ['refused', operation('remove', '/spec/decryption'), plain],
    ['changed', operation('replace', '/metadata/name', { value: 'x' })],
    ['changed', operation('replace', '/metadata/namespace', { value: 'x' })],
    ['changed', operation('replace', '/kind', { value: 'Other' })],
  ],
  'test, copy and move; all operations or none': [
    ['same', operation('test', '/spec/prune', { value: true })],
    ['same', operation('test', '/spec/decryption', { value: decryption })],
    ['same', operation('test', '/spec/x', { value: null })],
    ['refused', operation('test', '/spec/prune', { value: 'true' })],
    ['refused', operation('test', '/spec/x', { value: 1 })],
    ['changed', operation('copy', '/spec/other', { from: '/spec/decryption' })],
    ['changed', operation('move', '/spec/other', { from: '/spec/decryption' })],
    ['refused', operation('move', '/spec/other', { from: '/spec/decryption' }), plain],
    ['changed', text(`- {op: test, path: /spec/prune, value: true}\n${removed}`)],
    ['refused', text(`${removed}- {op: test, path: /spec/prune, value: false}`)],
    ['refused', text(`${removed}${removed}`)],
    ['refused', operation('merge', '/spec/decryption', { value: {} })],
    ['refused', operations({ path: '/spec/x', value: 1 })],
    ['refused', operations({ op: 'add', value: 1 })],
    ['refused', operations('remove')],
    ['same', operations()],
  ],
  'a target is met by group, version, kind, name and namespace, all anchored patterns': [
    ['changed', to({})],
    ['changed', to({ group: 'kustomize.toolkit.fluxcd.io' })],
    ['changed', to({ group: 'kustomize\\..*' })],
    ['same', to({ group: 'kustomize' })],
    ['changed', to({ version: 'v1' })],
    ['changed', to({ version: 'v.' })],
    ['same', to({ version: 'v' })],
    ['same', to({ version: 'v1beta2' })],
    ['changed', to({ kind: 'HelmRelease|Kustomization' })],
    ['changed', to({ kind: '(?i)kustomization' })],
    ['same', to({ kind: 'kustomization' })],
    ['same', to({ kind: 'Kustom' })],
    ['changed', to({ name: 'apps' })],
    ['changed', to({ name: '' })],
    ['changed', to({ name: '^a.*$' })],
    ['same', to({ name: 'app' })],
    ['same', to({ name: 'pps' })],
    ['same', to({ name: 'app|pps' })],
    ['refused', to({ name: '(' })],
    ['changed', to({ namespace: 'flux-.*' })],
    ['same', to({ namespace: 'flux' })],
    ['same', to({ namespace: 'default' })],
    ['changed', to({ namespace: 'default' }), nowhere],
    ['same', to({ namespace: 'flux-system' }), nowhere],
    ['changed', to({ group: '.*', version: 'v1', kind: 'Kustomization', name: 'apps', namespace: '.*' })],
    ['same', to({ kind: 'Kustomization', name: 'infrastructure' })],
  ],
  'a target is met by its selectors': [
    ['changed', to({ labelSelector: 'tier in (web)', annotationSelector: 'a' })],
    ['same', to({ labelSelector: 'tier!=web' })],
    ['same', to({ labelSelector: 'tier', annotationSelector: 'a=c' })],
    ['same', to({ annotationSelector: 'tier=web' })],
    ['changed', to({ labelSelector: '!tier', annotationSelector: '!a' }), nowhere],
    ['refused', to({ labelSelector: 'tier in web' })],
  ],
  'a text with several documents, and one that is no patch': [
    ['changed', text(`---\n# x\n---\n${yaml('{wait: true}')}---\n`)],
    ['changed', { patch: `${yaml('{wait: true}')}---\n${yaml('{x: 1}')}` }],
    ['refused', text(`${yaml('{wait: true}')}---\n${yaml('{x: 1}')}`)],
    ['changed', text('{"kind": "x", "metadata": {"name": "x"}, "spec": {"wait": true}}')],
    ['changed', text(yaml('{a: &a {b: c}, d: *a, e: {<<: *a, f: g}}'))],
    ['changed', text(`# why\n---\n${removed}`)],
    ['changed', text(`${removed}---\n- {op: remove, path: /spec/path}\n`)],
    ['changed', text(`${removed}---\n${yaml('{wait: true}')}`)],
    ['refused', text(`${yaml('{wait: true}')}---\n${removed}`)],
    ['refused', text(`${yaml('{wait: true}')}---\na: {\n`)],
    ['refused', text('[{op: remove, path: /spec/decryption}]')],
    ['refused', text(' [{op: remove, path: /spec/decryption}]')],
    ['changed', text('---\n[{op: remove, path: /spec/decryption}]')],
    ['refused', text('hello')],
    ['refused', text('a: {')],
    ['refused', text('spec: {wait: true}')],
    ['refused', text('')],
    ['same', text('# nothing')],
    ['same', text('null')],
  ],
}

/** What kustomize makes of an object: `undefined` where it refuses, `null` where nothing is left. */
function kustomize(directory: string, object: Mapping, entries: Mapping): unknown {
  writeFiles(directory, {
    'object.json': JSON.stringify(object),
    'kustomization.yaml': JSON.stringify({ resources: ['object.json'], ...entries }),
  })
  const { status, stdout } = spawnSync('kustomize', ['build', directory], { encoding: 'utf8' })
  return status === 0 ? (parseDocuments(stdout)[0]?.value ?? null) : undefined
}

const isSame = (a: unknown, b: unknown) => {
  try {
    assert.equal(a, b)
    return true
  } catch {
    return false
  }
}

const read = (entry: unknown) => {
  const fileOf = (file: string) => ({ file, text: () => '' })
  return patchesIn([entry], { field: 'patches', file: 'x.yaml', fileOf })
}

for (const [title, rows] of Object.entries(tables)) {
  test(`patched, as kustomize: ${title}`, () =>
    withDirectory(async (directory) => {
      for (const [expected, entry, object = apps] of rows) {
        const what = JSON.stringify(entry)
        const built = kustomize(directory, object, { patches: [entry] })
        const came = built === undefined ? 'refused' : isSame(built, object) ? 'same' : 'changed'
        assert.is(came, expected, `kustomize: ${came} by ${what}`)
        const before = structuredClone(object)
        const ours = read(entry).reduce<Mapping>(patched, object)
        assert.equal(ours, built ?? object, what)
        assert.equal(object, before, `${what} changed the object itself`)
      }
    }))
}

test('patched: what kustomize would delete stays', () =>
  withDirectory(async (directory) => {
    const entry = merge({ $patch: 'delete' })
    assert.is(kustomize(directory, apps, { patches: [entry] }), null)
    assert.is(patched(apps, read(entry)[0]!), apps)
  }))

test('patchesIn: texts and files, of all three fields', () =>
  withDirectory(async (directory) => {
    const operation = JSON.stringify([{ op: 'add', path: '/spec/wait', value: true }])
    const files: Record<string, string> = { 'a.yaml': yaml('{wait: true}'), 'b.json': operation }
    writeFiles(directory, files)
    const fileOf = (path: string) => ({ file: `at/${path}`, text: () => files[path] ?? '' })
    const flow = JSON.stringify({ ...apps, spec: { wait: true } })
    const named = { kind: 'Kustomization', name: 'apps' }
    const entries: [field: string, by: string, entry: unknown][] = [
      ['patches', 'at/a.yaml', { path: 'a.yaml' }],
      ['patches', 'at/b.json', { path: 'b.json', target }],
      ['patches', 'k.yaml', untargeted(apps.metadata)],
      ['patchesStrategicMerge', 'at/a.yaml', 'a.yaml'],
      ['patchesStrategicMerge', 'k.yaml', yaml('{wait: true}')],
      ['patchesStrategicMerge', 'k.yaml', flow],
      ['patchesJson6902', 'at/b.json', { path: 'b.json', target: named }],
      ['patchesJson6902', 'k.yaml', { patch: operation, target: named }],
    ]
    for (const [field, by, entry] of entries) {
      const built = kustomize(directory, apps, { [field]: [entry] })
      const found = patchesIn([entry], { field, file: 'k.yaml', fileOf })
      assert.equal(
        found.map((patch) => patch.by),
        [by],
        JSON.stringify(entry),
      )
      assert.equal(patched(apps, found[0]!), built, JSON.stringify(entry))
      assert.equal(built, { ...apps, spec: { ...apps.spec, wait: true } })
    }
    assert.equal(patchesIn([{}, 1, null, { patch: '' }], { field: 'patches', file: 'k.yaml', fileOf }), [])
  }))

test.run()
