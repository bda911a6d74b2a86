import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findKustomization } from '../../../scripts/lib/repository/find-kustomization.ts'
import { nameOf } from '../../../scripts/lib/repository/flux-file.ts'
import { withRepository } from '../../helpers/repository.ts'
import { thrown } from '../../helpers/thrown.ts'

const object = (name: string, more = '') =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: ${name}\n${more}`

test('findKustomization: by name, namespace or file, and the candidates where it is not clear', () =>
  withRepository(
    {
      'one/apps.yaml': object('apps', '  namespace: flux-system\n'),
      'two/apps.yaml': object('apps', '  namespace: two\n'),
      'infra.yaml': object('infra'),
      'patch.yaml': object('infra', '  namespace: patched\n'),
      'kustomization.yaml': 'resources: [infra.yaml]\npatches: [{path: patch.yaml}]\n',
    },
    async (repository) => {
      const find = (wanted: string) => findKustomization(repository, wanted, '--kustomization')
      assert.is((await find('infra')).file, 'infra.yaml')
      assert.is((await find('flux-system/infra')).file, 'infra.yaml')
      assert.is((await find('two/apps')).file, 'two/apps.yaml')
      assert.is((await find('one/apps.yaml')).file, 'one/apps.yaml')
      assert.is(nameOf(await find('infra')), 'infra')
      assert.is(nameOf(await find('two/apps')), 'two/apps')
      const several = await thrown(find('apps'))
      assert.match(several.message, /flux-system\/apps \(one\/apps\.yaml\)\n.*two\/apps \(two\/apps\.yaml\)$/)
      assert.match(several.hint!, '--kustomization NAMESPACE/NAME')
      const none = await thrown(find('nope'))
      assert.match(none.message, /nope.*\n.*infra \(infra\.yaml\)/)
      assert.not.match(none.message, 'patched')
      assert.is(none.exitCode, 2)
    },
  ))

test('findKustomization: a file as the user names it', () =>
  withRepository(
    { 'apps.yaml': object('root'), 'one/apps.yaml': object('one'), 'one/two/infra.yaml': object('two') },
    async (repository) => {
      const find = async (wanted: string, directory = '') => {
        const cwd = join(repository.root, directory)
        return (await findKustomization(repository, wanted, '--kustomization', cwd)).file
      }
      assert.is(await find('./one/apps.yaml'), 'one/apps.yaml')
      assert.is(await find('infra.yaml', 'one/two'), 'one/two/infra.yaml')
      assert.is(await find('../apps.yaml', 'one/two'), 'one/apps.yaml')
      assert.is(await find('./apps.yaml', 'one'), 'one/apps.yaml')
      assert.is(await find(join(repository.root, 'apps.yaml'), 'one'), 'apps.yaml')
      assert.is(await find('one/apps.yaml', 'one/two'), 'one/apps.yaml')
      symlinkSync(join(repository.root, 'one'), join(repository.directory, 'linked'))
      assert.is(await find('two/infra.yaml', '../linked'), 'one/two/infra.yaml')
      assert.match((await thrown(find('apps.yaml', 'one'))).message, 'several Flux Kustomizations')
    },
  ))

test('findKustomization: a repository without any', () =>
  withRepository({ 'a.yaml': 'a: b\n' }, async (repository) => {
    const error = await thrown(findKustomization(repository, 'a', '--kustomization'))
    assert.match(error.message, 'no Flux Kustomization in this repository')
    assert.ok(error.hint)
  }))

test.run()
