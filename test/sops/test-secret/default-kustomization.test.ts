import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseKustomization } from '../../../scripts/sops/test-secret/default-kustomization.ts'
import { withExample } from '../../helpers/flux/example.ts'
import { withRepository } from '../../helpers/repository.ts'
import { runTask } from '../../helpers/task.ts'
import { thrown } from '../../helpers/thrown.ts'

const kustomization = (name: string, path: string, more = '') =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: ${name}
  namespace: flux-system
spec:
  path: ${path}
  interval: 10m
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
${more}`

const decrypts = '  decryption: {provider: sops}\n'
const paths = { 'apps/a.yaml': '', 'infra/controllers/a.yaml': '', 'infra/configs/a.yaml': '' }

/** The Kustomizations of a repository, and the name that is chosen, or the candidates. */
const cases: Record<string, { files: Record<string, string>; chosen?: string; candidates?: string[] }> = {
  infrastructure: {
    files: {
      'apps.yaml': kustomization('apps', './apps', decrypts),
      'infrastructure.yaml': kustomization('infrastructure', './infra'),
    },
    chosen: 'infrastructure',
  },
  'the only one': { files: { 'apps.yaml': kustomization('apps', './apps') }, chosen: 'apps' },
  'the only one that decrypts': {
    files: {
      'apps.yaml': kustomization('apps', './apps'),
      'controllers.yaml': kustomization('infra-controllers', './infra/controllers', decrypts),
    },
    chosen: 'infra-controllers',
  },
  "several that decrypt, as in Flux's own layout": {
    files: {
      'apps.yaml': kustomization('apps', './apps'),
      'infrastructure.yaml': `${kustomization('infra-controllers', './infra/controllers', decrypts)}---\n${kustomization('infra-configs', './infra/configs', decrypts)}`,
    },
    candidates: ['infra-controllers', 'infra-configs'],
  },
  'the only one whose path and source are in the repository': {
    files: {
      'apps.yaml': kustomization('apps', './apps'),
      'gone.yaml': kustomization('gone', './gone', decrypts),
      'oci.yaml': kustomization('oci', './infra', '  sourceRef: {kind: OCIRepository, name: x}\n'),
    },
    chosen: 'apps',
  },
  'none whose path is in the repository': {
    files: { 'gone.yaml': kustomization('gone', './gone') },
    candidates: ['gone'],
  },
}

for (const [what, { files, chosen, candidates }] of Object.entries(cases)) {
  test(`chooseKustomization: ${what}`, () =>
    withRepository({ ...paths, ...files }, async (repository) => {
      const choosing = chooseKustomization(repository, 'sops-test', false)
      if (chosen) {
        assert.is((await choosing).name, chosen)
        return
      }
      const { message, hint } = await thrown(choosing)
      const listed = [...message.matchAll(/^ {2}flux-system\/(\S+) /gm)].map(([, name]) => name)
      assert.equal(listed, candidates)
      assert.match(`${hint}`, '--kustomization NAME')
    }))
}

test('without --kustomization: made in the only one that can be meant, and removed from where it is', () => {
  const files = {
    'kubernetes/flux-system/infrastructure.yaml': undefined,
    'kubernetes/flux-system/apps.yaml': kustomization('apps', './kubernetes/apps'),
  }
  return withExample(files, async (example) => {
    const { root, env, changed } = example
    const call = { cwd: root, env }
    const created = await runTask('sops:test-create', ['--json'], call)
    assert.is(created.code, 0, created.stderr)
    assert.is(JSON.parse(created.stdout).kustomization, 'flux-system/apps')
    assert.match((await runTask('sops:test-remove', [], call)).stdout, /^secret\/sops-test removed\n/)
    assert.equal(changed(), [])
  })
})

test('without --kustomization: removed from where it is, also where there is an infrastructure', () =>
  withExample({}, async ({ root, env, changed }) => {
    const call = { cwd: root, env }
    const created = await runTask('sops:test-create', ['--kustomization', 'apps'], call)
    assert.is(created.code, 0, created.stderr)
    const removed = await runTask('sops:test-remove', [], call)
    assert.match(removed.stdout, /^secret\/sops-test removed\n {2}kustomization {2}flux-system\/apps /)
    assert.equal(changed(), [])
  }))

test.run()
