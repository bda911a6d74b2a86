import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readRevision } from '../../../scripts/lib/applied/revision.ts'
import { readWholeRevision } from '../../../scripts/lib/applied/whole-revision.ts'
import type { GitRepository } from '../../../scripts/lib/cluster/flux-objects.ts'
import { appliedKustomization, fetchedSource } from '../../helpers/diagnosis/snapshot.ts'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { withRepository } from '../../helpers/repository.ts'

const files = {
  'apps/kustomization.yaml': `${kustomizationOf('child.yaml')}patches: [{path: patch.yaml}]\n`,
  'apps/child.yaml': `# two objects\napiVersion: v1\nkind: Namespace\nmetadata: {name: child}\n---\n${fluxKustomization('child', './child')}`,
  'apps/patch.yaml': fluxKustomization('child', './other'),
  'child/m.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: default}\n',
  'docs/notes.md': 'x\n',
  'docs/old/notes.md': 'x\n',
  '.sourceignore': '*.md\ndocs/old/\n',
}

test('a revision tells what declares an object, what is left out, and what is built', () =>
  withRepository(files, async ({ root, env, git }) => {
    const source: GitRepository = { ...fetchedSource(), spec: { url: 'x', sparseCheckout: ['apps', 'docs'] } }
    const commit = git('rev-parse', 'HEAD')
    const wholeAt = async (one: GitRepository) =>
      readWholeRevision(await readRevision({ root, env }, commit, one))
    const whole = await wholeAt(fetchedSource() as GitRepository)
    const places = (kind: string, namespace?: string, path?: string[]) =>
      whole.declaring({ kind, name: 'child', namespace }, path).map(({ file, line }) => `${file}:${line}`)
    // a patch names an object, and declares none
    assert.equal(places('Kustomization', 'flux-system'), ['apps/child.yaml:6'])
    assert.equal(places('Kustomization', 'flux-system', ['spec', 'path']), ['apps/child.yaml:12'])
    assert.equal(places('Kustomization', 'other'), [])
    assert.equal(places('Namespace'), ['apps/child.yaml:2'])
    const built = whole.built(appliedKustomization('apps', { spec: { path: './apps' } }))
    assert.equal(
      built.flux.map(({ source: { name } }) => name),
      ['child'],
    )
    assert.equal(whole.built(appliedKustomization('nowhere', { spec: { path: './nowhere' } })).flux, [])
    const why = (path: string) => whole.leftOut(path)
    assert.equal(why('docs/old'), { pattern: 'docs/old/', by: '.sourceignore' })
    assert.equal(why('docs/notes.md'), { pattern: '*.md', by: '.sourceignore' })
    assert.is(why('apps'), undefined)
    const sparse = await wholeAt(source)
    assert.is(sparse.leftOut('child'), 'sparse-checkout')
    assert.is(sparse.leftOut('apps/child.yaml'), undefined)
  }))

test.run()
