import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findKustomization } from '../../../scripts/lib/repository/find-kustomization.ts'
import { nameOf } from '../../../scripts/lib/repository/flux-file.ts'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'
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
      assert.match(several.hint!, '--kustomization NAME, NAMESPACE/NAME, FILE, FILE:NAME')
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

/** The calls that an error lists. */
const listed = (message: string) => [...message.matchAll(/^ {2}(\S+)/gm)].map(([, call = '']) => call)

const inDirectory = (name: string, directory: string, more = '') =>
  `${object(name, '  namespace: flux-system\n')}spec:\n  path: ./${directory}/${name}\n${more}`

/** Repositories in which names alone are not enough: what is asked for, and what each candidate finds. */
const alike: Record<string, { files: Record<string, string>; wanted: string; found: string[] }> = {
  'two clusters that declare the same names in files of several': {
    files: Object.fromEntries(
      ['staging', 'production'].flatMap((cluster) => [
        [`clusters/${cluster}/apps.yaml`, inDirectory('apps', cluster)],
        [
          `clusters/${cluster}/infrastructure.yaml`,
          `${inDirectory('controllers', cluster)}---\n${inDirectory('configs', cluster)}`,
        ],
      ]),
    ),
    wanted: 'flux-system/configs',
    found: [
      'clusters/production/infrastructure.yaml ./production/configs',
      'clusters/staging/infrastructure.yaml ./staging/configs',
    ],
  },
  'one file with one name in several namespaces': {
    files: {
      'a/all.yaml': ['one', 'two']
        .map((one) => `${object('x', `  namespace: ${one}\n`)}spec: {path: ./${one}}\n`)
        .join('---\n'),
      'b/all.yaml': ['one', 'two']
        .map((one) => `${object('x', `  namespace: ${one}\n`)}spec: {path: ./b/${one}}\n`)
        .join('---\n'),
    },
    wanted: 'x',
    found: ['a/all.yaml ./one', 'a/all.yaml ./two', 'b/all.yaml ./b/one', 'b/all.yaml ./b/two'],
  },
  'a name without a namespace, and the same one with it': {
    files: {
      'a.yaml': `${object('x')}spec: {path: ./a}\n`,
      'b.yaml': `${object('x', '  namespace: other\n')}spec: {path: ./b}\n`,
    },
    wanted: 'x',
    found: ['a.yaml ./a', 'b.yaml ./b'],
  },
  'one declaration in two overlays': {
    files: {
      'base/kustomization.yaml': 'resources: [x.yaml]\n',
      'base/x.yaml': `${object('x')}spec: {path: ./x}\n`,
      'one/kustomization.yaml': 'resources: [../base]\nnamespace: one\n',
      'two/kustomization.yaml': 'resources: [../base]\nnamespace: two\n',
    },
    wanted: 'base/x.yaml',
    found: ['base/x.yaml ./x', 'base/x.yaml ./x'],
  },
  'a file with a colon in its name': {
    files: { 'a:b.yaml': inDirectory('x', 'a'), 'c:x': '', 'd.yaml': inDirectory('x', 'd') },
    wanted: 'x',
    found: ['a:b.yaml ./a/x', 'd.yaml ./d/x'],
  },
}
for (const [title, { files, wanted, found }] of Object.entries(alike))
  test(`findKustomization: each candidate can be given as it is listed: ${title}`, () =>
    withRepository(files, async (repository) => {
      const { message } = await thrown(findKustomization(repository, wanted, '--kustomization'))
      const calls = listed(message)
      const one = async (call: string) => {
        const { file, path } = await findKustomization(repository, call, '--kustomization')
        return `${file} ${path}`
      }
      assert.equal(await Promise.all(calls.map(one)), found, calls.join(' '))
      assert.is(new Set(calls).size, found.length)
    }))

test('findKustomization: names, namespaces and paths are those of the cluster', () =>
  withRepository(
    {
      'flux/kustomization.yaml': 'resources: [a.yaml, b.yaml]\nnamespace: tenants\nnamePrefix: p-\n',
      'flux/a.yaml': fluxKustomization('a', './a', '', '  namespace: written\n'),
      'flux/b.yaml': fluxKustomization('b', `./apps/\${cluster}`, '', ''),
      'top.yaml': fluxKustomization(
        'top',
        './flux',
        '  targetNamespace: other\n  postBuild: {substitute: {cluster: blue}}\n',
      ),
    },
    async (repository) => {
      const find = async (wanted: string) => {
        const found = await findKustomization(repository, wanted, '--kustomization')
        return [nameOf(found), found.path]
      }
      assert.equal(await find('other/p-a'), ['other/p-a', './a'])
      assert.equal(await find('flux/a.yaml:p-a'), ['other/p-a', './a'])
      assert.equal(await find('flux/a.yaml:other/p-a'), ['other/p-a', './a'])
      // as its file says
      assert.equal(await find('b'), ['other/p-b', './apps/blue'])
      for (const wrong of ['written/a', 'written/p-a', 'tenants/p-a', 'flux-system/b', 'flux/b.yaml:p-a']) {
        const { message } = await thrown(find(wrong))
        assert.match(message, /other\/p-a \(flux\/a\.yaml\)\n {2}other\/p-b \(flux\/b\.yaml\)/, wrong)
      }
    },
  ))

test('findKustomization: what nothing applies is not meant where something else is', () =>
  withRepository(
    {
      'clusters/apps.yaml': fluxKustomization('apps', './apps'),
      'unused/patch.yaml': object('apps', '  namespace: flux-system\nspec: {timeout: 5m}\n'),
      'unused/other.yaml': object('other', '  namespace: flux-system\nspec: {timeout: 5m}\n'),
    },
    async (repository) => {
      const find = async (wanted: string) =>
        (await findKustomization(repository, wanted, '--kustomization')).file
      assert.is(await find('apps'), 'clusters/apps.yaml')
      assert.is(await find('flux-system/apps'), 'clusters/apps.yaml')
      assert.is(await find('other'), 'unused/other.yaml')
    },
  ))

test('findKustomization: of many candidates the first twenty', () =>
  withRepository(
    { 'a.yaml': Array.from({ length: 30 }, (_, index) => object(`n${index}`)).join('---\n') },
    async (repository) => {
      const { message, hint } = await thrown(findKustomization(repository, 'x', '--kustomization'))
      assert.is(listed(message).length, 21)
      assert.match(message, /\n {2}n19 \(a\.yaml\)\n {2}and 10 more$/)
      assert.ok(hint)
    },
  ))

test('findKustomization: a repository without any', () =>
  withRepository({ 'a.yaml': 'a: b\n' }, async (repository) => {
    const error = await thrown(findKustomization(repository, 'a', '--kustomization'))
    assert.match(error.message, 'no Flux Kustomization in this repository')
    assert.ok(error.hint)
  }))

test.run()
