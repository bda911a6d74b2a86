import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  kustomizationOf as kustomization,
  fluxKustomization as object,
} from '../../helpers/flux/flux-objects.ts'
import { withRepository } from '../../helpers/repository.ts'
import { runTask } from '../../helpers/task.ts'

const namespaces: Record<
  string,
  { files: Record<string, string>; effective: (string | null)[]; hint: string[] }
> = {
  'its own': {
    files: { 'a.yaml': object('a', './a', '', '  namespace: apps\n') },
    effective: ['apps'],
    hint: ['apps'],
  },
  'none written, and a kustomization gives one': {
    files: {
      'x/a.yaml': object('a', './a', '', ''),
      'x/kustomization.yaml': `namespace: media\n${kustomization('a.yaml')}`,
    },
    effective: ['media'],
    hint: ['media'],
  },
  'the targetNamespace of the parent wins over what is written': {
    files: {
      'flux/root.yaml': object('root', './apps', '  targetNamespace: tenant\n'),
      'apps/a.yaml': object('a', './a', '', '  namespace: apps\n'),
    },
    effective: ['tenant', 'flux-system'],
    hint: ['flux-system', 'tenant'],
  },
  'the targetNamespace of the parent takes the place of the namespace of the kustomization': {
    files: {
      'flux/root.yaml': object('root', './apps', '  targetNamespace: tenant\n'),
      'apps/kustomization.yaml': `namespace: apps\n${kustomization('a.yaml')}`,
      'apps/a.yaml': object('a', './a'),
    },
    effective: ['tenant', 'flux-system'],
    hint: ['flux-system', 'tenant'],
  },
  'in two namespaces, in two clusters': {
    files: {
      'one/kustomization.yaml': `namespace: one\n${kustomization('../base')}`,
      'two/kustomization.yaml': `namespace: two\n${kustomization('../base')}`,
      'base/kustomization.yaml': kustomization('a.yaml'),
      'base/a.yaml': object('a', './a', '', ''),
    },
    effective: [null],
    hint: ['one', 'two'],
  },
  'a variable of the parent': {
    files: {
      'flux/root.yaml': object('root', './apps', '  postBuild: {substitute: {TEAM: blue}}\n'),
      'apps/a.yaml': object('a', './a', '', `  namespace: \${TEAM}\n`),
    },
    effective: ['blue', 'flux-system'],
    hint: ['blue', 'flux-system'],
  },
  'a variable that only the cluster knows': {
    files: { 'a.yaml': object('a', './a', '', `  namespace: \${TEAM}\n`) },
    effective: [null],
    hint: [],
  },
  'flux-system alone needs no words': {
    files: { 'a.yaml': object('a', './a') },
    effective: ['flux-system'],
    hint: [],
  },
}

for (const [title, { files, effective, hint }] of Object.entries(namespaces)) {
  test(`the namespace of the key Secret: ${title}`, () =>
    withRepository(files, async ({ root, env }) => {
      const call = { cwd: root, env }
      const { stdout } = await runTask('flux:enable-decryption', ['--json', '--dry-run'], call)
      const { kustomizations, hints } = JSON.parse(stdout)
      assert.equal(
        kustomizations.map(({ namespace }: { namespace: string | null }) => namespace),
        effective,
      )
      const options = hint.map((namespace) => ` --namespace ${namespace}`).join('')
      assert.equal(
        hints.flatMap(({ lines }: { lines: string[] }) => lines),
        hint.length > 0 ? [`mise run flux:sops-key${options}`] : [],
      )
    }))
}

test.run()
