import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFiles } from '../../helpers/files.ts'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { manyKustomizations } from '../../helpers/flux/many-kustomizations.ts'
import { type TestRepository, withRepository } from '../../helpers/repository.ts'
import { runTask } from '../../helpers/task.ts'
import { traceCalls } from '../../helpers/trace.ts'

/** @returns what it says, and the directories that were built, sorted */
async function enable(repository: TestRepository, ...args: string[]) {
  const { root, directory } = repository
  const { env, calls } = traceCalls(directory, repository.env, ['kustomize'])
  const { code, stdout, stderr } = await runTask('flux:enable-decryption', args, { cwd: root, env })
  const built = [...calls().matchAll(/kustomize build .* (\S+)$/gm)].map(([, path = '']) =>
    path.slice(root.length + 1),
  )
  return { code, stdout, stderr, built: built.toSorted() }
}

for (const namespaces of [4, 8]) {
  test(`what a parent builds is not built again, and nothing is built twice: ${namespaces} namespaces`, () =>
    withRepository(manyKustomizations(namespaces), async (repository) => {
      const { code, stdout, stderr, built } = await enable(repository)
      assert.is(code, 0, stderr)
      assert.match(stdout, `${1 + 7.5 * namespaces} added`)
      assert.equal(
        built,
        Array.from({ length: namespaces }, (_, index) => `apps/n${index}`),
      )
    }))
}

const flux = {
  'flux/kustomization.yaml': kustomizationOf('apps.yaml'),
  'flux/apps.yaml': fluxKustomization('apps', './apps'),
}
/** Builds only as long as no Kustomization has decryption. */
const fragile =
  'patches:\n  - target: {kind: Kustomization}\n    patch: |\n      - {op: test, path: /spec/decryption, value: null}\n'

test('a top that is broken already hides nothing: what it includes is looked at by itself', () =>
  withRepository(
    {
      ...flux,
      'top/kustomization.yaml': kustomizationOf('../middle', 'nothing.yaml'),
      'middle/kustomization.yaml': kustomizationOf('../flux') + fragile,
    },
    async (repository) => {
      const before = readFiles(repository.root)
      const { code, stderr, built } = await enable(repository)
      assert.is(code, 2)
      assert.match(stderr, /cannot add decryption, for with it kustomize build middle failed: .*\nhint: /)
      assert.equal(readFiles(repository.root), before)
      // with the block, all three; without it, those that failed
      assert.equal(built, ['flux', 'middle', 'middle', 'top', 'top'])
    },
  ))

test('where all that fails was broken before, the edit stays, and --commit has it', () =>
  withRepository(
    {
      ...flux,
      'top/kustomization.yaml': kustomizationOf('../middle'),
      'middle/kustomization.yaml': kustomizationOf('../flux', 'nothing.yaml'),
      'part/kustomization.yaml': `kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n${kustomizationOf('../flux')}`,
    },
    async (repository) => {
      const { code, stderr, built } = await enable(repository, '--commit')
      assert.is(code, 0, stderr)
      assert.is(repository.git('show', '--format=', '--numstat'), '4\t0\tflux/apps.yaml')
      assert.is(repository.git('status', '--porcelain'), '')
      // of flux nothing has to be found out: the component builds it
      assert.equal(built, ['middle', 'middle', 'part', 'top', 'top'])
    },
  ))

test('a component that can not be built alone, in one that can: proved by that', () =>
  withRepository(
    {
      ...flux,
      'top/kustomization.yaml': `${kustomizationOf('deployment.yaml')}components: [../part]\n`,
      'top/deployment.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n',
      'part/kustomization.yaml': `kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n${kustomizationOf('../flux')}patches:\n  - patch: |\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: x, labels: {a: b}}\n`,
    },
    async (repository) => {
      const { code, stderr, built } = await enable(repository)
      assert.is(code, 0, stderr)
      assert.equal(built, ['top'])
    },
  ))

test.run()
