import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseSync } from '../../../scripts/sandbox/follow/choose-sync.ts'
import { findSyncs } from '../../../scripts/sandbox/follow/syncs.ts'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'
import { withRepository } from '../../helpers/repository.ts'
import { thrown } from '../../helpers/thrown.ts'

const instance = (path: string) =>
  `kind: FluxInstance\nmetadata: {name: flux, namespace: gitops}\nspec:\n  sync: {kind: GitRepository, url: https://example.com/a/b, path: ${path}}\n`

const files = {
  // as bootstrap makes it, and as a template for it has it
  'clusters/a/flux-system/gotk-sync.yaml': `kind: GitRepository\nspec: {url: ssh://git@example.com/a/b}\n---\n${fluxKustomization('flux-system', './clusters/a/')}`,
  'clusters/b/flux-system/gotk-sync.yaml': '# written by flux bootstrap\n',
  'clusters/b/flux-system/kustomization.yaml':
    'patches:\n  - {target: {kind: Deployment}, patch: "- {op: add, path: /x, value: --sops-age-secret=of-b}"}\n',
  'clusters/b/apps.yaml': fluxKustomization('apps', './apps'),
  'clusters/c/instance.yaml': instance('clusters/c'),
  // the chart's values are one as well, and of two that say the same one counts
  'apps/flux/release.yaml': `kind: HelmRelease\nmetadata: {name: flux-instance}\nspec:\n  values:\n    instance:\n      sync: {kind: OCIRepository, url: 'oci://example.com/a/b', path: clusters/c}\n      kustomize: {patches: [{patch: "- {op: add, path: /x, value: --sops-age-secret=of-c}"}]}\n`,
  'docs/flux-instance.md': instance('clusters/d'),
}

test('what names the clusters of a repository', () =>
  withRepository(files, async ({ root, env, git }) => {
    const repository = { root, env }
    const syncs = await findSyncs(repository, git('rev-parse', 'HEAD'))
    assert.equal(
      syncs.map(({ path, file, url, kustomization: { metadata } }) => [path, file, url, metadata.namespace]),
      [
        ['clusters/a', 'clusters/a/flux-system/gotk-sync.yaml', 'ssh://git@example.com/a/b', 'flux-system'],
        ['clusters/b', 'clusters/b/flux-system/gotk-sync.yaml', undefined, 'flux-system'],
        ['clusters/c', 'apps/flux/release.yaml', 'oci://example.com/a/b', 'flux-system'],
      ],
    )
    assert.equal(
      syncs.map(({ keySecret }) => keySecret),
      [undefined, 'of-b', 'of-c'],
    )
    const chosen = async (given?: string, among = syncs) =>
      (await chooseSync(repository, 'main', given, among)).file
    assert.is(await chosen('./clusters/a/'), 'clusters/a/flux-system/gotk-sync.yaml')
    assert.is(await chosen('clusters/a/flux-system'), 'clusters/a/flux-system/gotk-sync.yaml')
    assert.is(await chosen('apps'), undefined)
    assert.is(await chosen('.'), undefined)
    assert.is(await chosen(undefined, syncs.slice(1, 2)), 'clusters/b/flux-system/gotk-sync.yaml')
    assert.match(
      (await thrown(chosen())).message,
      /^which cluster .*clusters\/a .*, clusters\/b .*, clusters\/c /,
    )
    assert.match((await thrown(chosen('clusters/x'))).message, /has no directory clusters\/x$/)
  }))

test.run()
