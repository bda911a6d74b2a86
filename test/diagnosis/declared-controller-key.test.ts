import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { declaredControllerKey } from '../../scripts/diagnosis/keys/declared-controller-key.ts'
import { readRevision } from '../../scripts/lib/applied/revision.ts'
import { readWholeRevision } from '../../scripts/lib/applied/whole-revision.ts'
import type { GitRepository } from '../../scripts/lib/cluster/flux-objects.ts'
import { appliedKustomization, fetchedSource, snapshotWith } from '../helpers/diagnosis/snapshot.ts'
import { withRepository } from '../helpers/repository.ts'

const instance = (path: string, key: string, sync = '', namespace = 'flux-system') => `kind: FluxInstance
metadata: {name: flux, namespace: ${namespace}}
spec:
  sync: {path: ${path}${sync}}
  kustomize:
    patches:
      - patch: |
          - op: add
            path: /spec/template/spec/containers/0/args/-
            value: --sops-age-secret=${key}
`

/** No Kustomization builds these: somebody applies them by hand. */
const files = {
  'a/fleet/flux.yaml': 'kind: ConfigMap\n',
  'flux/a.yaml': instance('a/fleet', 'key-a'),
  'flux/b.yaml': instance('./b/fleet/', 'key-b'),
  'flux/named.yaml': instance('c', 'key-named', ', name: other'),
  'flux/elsewhere.yaml': instance('a/fleet', 'key-elsewhere', '', 'gitops'),
  'flux/twice.yaml': `${instance('d', 'one')}---\n${instance('d', 'two')}`,
  'flux/again.yaml': `${instance('e', 'same')}---\n${instance('e', 'same')}`,
}

test('the FluxInstance that makes the root of a cluster tells the key of its controller, and that of another cluster does not', () =>
  withRepository(files, async ({ root, env, git }) => {
    const revision = await readRevision(
      { root, env },
      git('rev-parse', 'HEAD'),
      fetchedSource() as GitRepository,
    )
    const whole = await readWholeRevision(revision)
    const keyFor = async (id: string, ...paths: string[]) => {
      const [namespace, name = ''] = id.split('/')
      const roots = paths.map((path, index) => {
        const made = appliedKustomization(index === 0 ? name : `more-${index}`, { spec: { path } })
        return { ...made, metadata: { ...made.metadata, namespace: `${namespace}` } }
      })
      const found = await declaredControllerKey({
        snapshot: snapshotWith(roots),
        revisionOf: async () => whole,
      })
      return found && `${found.namespace}/${found.name} ${found.file}`
    }
    const usual = 'flux-system/flux-system'
    assert.is(await keyFor(usual, './a/fleet'), 'flux-system/key-a flux/a.yaml')
    assert.is(await keyFor(usual, 'b/fleet'), 'flux-system/key-b flux/b.yaml')
    assert.is(await keyFor(usual, './b/fleet', './a/fleet'), 'flux-system/key-b flux/b.yaml')
    // its root is called like its source, in its namespace
    assert.is(await keyFor(usual, './c'), undefined)
    assert.is(await keyFor('flux-system/other', './c'), 'flux-system/key-named flux/named.yaml')
    assert.is(await keyFor('gitops/gitops', './a/fleet'), 'gitops/key-elsewhere flux/elsewhere.yaml')
    assert.is(await keyFor(usual, './nobody'), undefined)
    // two say which one it is, and not the same
    assert.is(await keyFor(usual, './d'), undefined)
    assert.is(await keyFor(usual, './e'), 'flux-system/same flux/again.yaml')
  }))

test.run()
