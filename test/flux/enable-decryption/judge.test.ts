import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  decryptionPatch,
  fluxKustomization,
  inSpec,
  kustomizationOf,
} from '../../helpers/flux/flux-objects.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'
import { withRepository } from '../../helpers/repository.ts'
import { runTask } from '../../helpers/task.ts'

const secret = encryptSecret(makeKey().recipient)
const block = '  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n'
const providerOnly = '  decryption:\n    provider: sops\n'

const object = fluxKustomization
const kustomization = kustomizationOf

const merge = (entry = '') => decryptionPatch(entry)
const add = (target: string) => `patches:
  - patch: |
      - op: add
        path: /spec/decryption
        value: {provider: sops, secretRef: {name: sops-age}}
    target: {${target}}
`
const ofParent = inSpec
const kind = '    target:\n      group: kustomize.toolkit.fluxcd.io\n      kind: Kustomization\n'

/** The repository of a cluster whose `apps` has a child, `one`, in `apps/one.yaml`. */
const family = (patches: string, more: Record<string, string> = {}, labels = '') => ({
  'clusters/apps.yaml': object('apps', './apps', patches && ofParent(patches)),
  'apps/one.yaml': object('one', './one', '', `  namespace: flux-system\n${labels}`),
  'one/secret.yaml': secret,
  ...more,
})

interface Case {
  files: Record<string, string>
  args?: string[]
  /** By name: status, and what the reason and `by` say. */
  found: Record<string, [status: string, reason?: RegExp | null, by?: string]>
}

const cases: Record<string, Case> = {
  'a parent with a strategic merge patch for all': {
    files: family(merge(kind)),
    found: {
      apps: ['missing'],
      one: ['parent', /^clusters\/apps\.yaml gives it one$/, 'clusters/apps.yaml'],
    },
  },
  'a parent with JSON6902 operations, by name': {
    files: family(add('kind: Kustomization, name: on.')),
    found: { apps: ['missing'], one: ['parent', null, 'clusters/apps.yaml'] },
  },
  'two parents that say the same': {
    files: {
      'a/apps.yaml': object('apps', './apps', ofParent(merge(kind))),
      'b/apps.yaml': object('apps', './apps', ofParent(merge(kind))),
      'apps/one.yaml': object('one', './one'),
    },
    found: {
      apps: ['missing'],
      one: ['parent', /^a\/apps\.yaml and b\/apps\.yaml give it one$/, 'a/apps.yaml'],
    },
  },
  'files without a suffix': {
    files: family(merge(kind), {
      'apps/Kustomization': kustomization('one.yaml'),
      'apps/two.yaml': object('two', './two'),
      'one/kustomization.yaml': kustomization('secret'),
      'one/secret': secret,
      'one/secret.yaml': 'kind: ConfigMap\n',
    }),
    args: ['--needed'],
    found: { apps: ['not-needed'], one: ['parent'], two: ['not-needed'] },
  },
  'an encrypted resource without a suffix': {
    files: {
      'clusters/one.yaml': object('one', './one'),
      'one/kustomization.yaml': kustomization('secret'),
      'one/secret': secret,
    },
    args: ['--needed'],
    found: { one: ['missing'] },
  },
  'a parent whose patch has no kind in its target': {
    files: family(merge('    target:\n      name: one\n')),
    found: { apps: ['missing'], one: ['parent'] },
  },
  'a parent whose patch names another one': {
    files: family(add('kind: Kustomization, name: on')),
    found: { apps: ['missing'], one: ['missing'] },
  },
  'a parent whose patch names its object itself': {
    files: family(merge().replace('not-used', 'one\n        namespace: flux-system')),
    found: { apps: ['missing'], one: ['parent'] },
  },
  'a parent whose patch is for another namespace': {
    files: family(add('kind: Kustomization, namespace: apps')),
    found: { apps: ['missing'], one: ['missing'] },
  },
  'a label selector that takes it in': {
    files: family(
      merge('    target:\n      labelSelector: tier in (a, b),!off\n'),
      {},
      '  labels: {tier: a}\n',
    ),
    found: { apps: ['missing'], one: ['parent'] },
  },
  'a label selector that leaves it out': {
    files: family(
      merge('    target:\n      labelSelector: off notin (true)\n'),
      {},
      '  labels: {off: "true"}\n',
    ),
    found: { apps: ['missing'], one: ['missing'] },
  },
  'an annotation selector': {
    files: family(
      merge('    target:\n      annotationSelector: a/b != disabled\n'),
      {},
      '  annotations: {a/b: disabled}\n',
    ),
    found: { apps: ['missing'], one: ['missing'] },
  },
  'a label that a kustomization on the way gives, but not the one that gets the patch': {
    files: family(merge('    target:\n      labelSelector: tier=a\n'), {
      'apps/kustomization.yaml': kustomization('below', 'two.yaml'),
      'apps/two.yaml': object('two', './two'),
      'apps/one.yaml': 'kind: ConfigMap\n',
      'apps/below/kustomization.yaml': `labels:\n  - pairs: {tier: a}\n${kustomization('one.yaml')}`,
      'apps/below/one.yaml': object('one', './one'),
    }),
    found: { apps: ['missing'], one: ['parent'], two: ['missing'] },
  },
  'a label of the kustomization that gets the patch comes too late': {
    files: family(merge('    target:\n      labelSelector: tier=a\n'), {
      'apps/kustomization.yaml': `labels:\n  - pairs: {tier: a}\n${kustomization('one.yaml')}`,
    }),
    found: { apps: ['missing'], one: ['missing'] },
  },
  'a parent that reaches it through overlays, bases and components': {
    files: {
      'clusters/apps.yaml': object('apps', './overlay', ofParent(merge(kind))),
      'overlay/kustomization.yaml': `components:\n  - ../component\n${kustomization('../base')}`,
      'base/kustomization.yaml': kustomization('one.yaml'),
      'base/one.yaml': object('one', './one'),
      'component/kustomization.yaml': `kind: Component\n${kustomization('two.yaml')}`,
      'component/two.yaml': object('two', './two'),
    },
    found: { apps: ['missing'], one: ['parent'], two: ['parent'] },
  },
  'a component of the parent': {
    files: {
      'clusters/apps.yaml': object('apps', './apps', '  components: [../component]\n'),
      'apps/kustomization.yaml': kustomization('one.yaml'),
      'apps/one.yaml': object('one', './one'),
      'component/kustomization.yaml': `kind: Component\n${merge(kind)}`,
    },
    found: { apps: ['missing'], one: ['kustomize', null, 'component/kustomization.yaml'] },
  },
  'a patch in a kustomization, in a file of its own': {
    files: {
      'clusters/kustomization.yaml': `${kustomization('one.yaml')}patches:\n  - path: patch.yaml\n    target: {kind: Kustomization}\n`,
      'clusters/one.yaml': object('one', './one'),
      'clusters/patch.yaml': object('not-used', './x', block),
    },
    found: {
      one: ['kustomize', /^clusters\/patch\.yaml gives it one/, 'clusters/patch.yaml'],
      'not-used': ['patch', null, 'clusters/kustomization.yaml'],
    },
  },
  'patchesStrategicMerge and patchesJson6902': {
    files: {
      'clusters/kustomization.yaml': `${kustomization('one.yaml', 'two.yaml')}patchesStrategicMerge: [patch.yaml]\npatchesJson6902:\n  - path: operations.yaml\n    target: {kind: Kustomization, name: two}\n`,
      'clusters/one.yaml': object('one', './one'),
      'clusters/two.yaml': object('two', './two'),
      'clusters/patch.yaml': object('one', './one', block),
      'clusters/operations.yaml': '- {op: add, path: /spec/decryption, value: {provider: sops}}\n',
    },
    found: {
      one: ['kustomize', null, 'clusters/patch.yaml'],
      two: ['kustomize', null, 'clusters/operations.yaml'],
    },
  },
  'a patch that takes the block away again': {
    files: {
      'clusters/kustomization.yaml': `${kustomization('../base')}patches:\n  - patch: '[{op: remove, path: /spec/decryption}]'\n    target: {kind: Kustomization}\n`,
      'base/kustomization.yaml': `${kustomization('one.yaml')}${merge(kind)}`,
      'base/one.yaml': object('one', './one'),
    },
    found: { one: ['missing'] },
  },
  'two clusters, and only one gives it a block': {
    files: {
      'clusters/a/apps.yaml': object('apps-a', './apps', ofParent(merge(kind))),
      'clusters/b/apps.yaml': object('apps-b', './apps'),
      'apps/one.yaml': object('one', './one'),
    },
    found: {
      'apps-a': ['missing'],
      'apps-b': ['missing'],
      one: ['missing', /clusters\/a\/apps\.yaml gives it one, but not wherever it gets in/],
    },
  },
  'a parent whose own parent gives it the patch': {
    files: {
      'clusters/root.yaml': object(
        'root',
        './root',
        ofParent(
          `patches:\n  - patch: |\n      - op: add\n        path: /spec/patches\n        value:\n          - patch: |\n              - op: add\n                path: /spec/decryption\n                value: {provider: sops}\n            target: {kind: Kustomization}\n    target: {name: apps}\n`,
        ),
      ),
      'root/apps.yaml': object('apps', './apps'),
      'apps/one.yaml': object('one', './one'),
    },
    found: { root: ['missing'], apps: ['missing'], one: ['parent', null, 'root/apps.yaml'] },
  },
  'a path with a variable that the parent fills in': {
    files: {
      'clusters/root.yaml': object('root', './root', '  postBuild: {substitute: {CLUSTER: main}}\n'),
      'root/apps.yaml': object('apps', './apps/$' + '{CLUSTER}', ofParent(merge(kind))),
      'apps/main/one.yaml': object('one', './one'),
    },
    found: { root: ['missing'], apps: ['missing'], one: ['parent'] },
  },
  'a source that is another repository': {
    files: {
      ...family(''),
      'clusters/theirs.yaml': object('theirs', './', ofParent(merge(kind))).replace(
        'name: flux-system, ',
        'name: theirs, ',
      ),
    },
    found: { apps: ['missing'], one: ['missing'], theirs: ['missing'] },
  },
  'a source of which no path is here': {
    files: {
      ...family(''),
      'clusters/theirs.yaml':
        `${object('theirs', './', ofParent(merge(kind)))}---\n${object('more', './nowhere')}`.replaceAll(
          'name: flux-system, ',
          'name: theirs, ',
        ),
    },
    found: { apps: ['missing'], one: ['missing'], theirs: ['missing'], more: ['missing'] },
  },
  'the key of the controller: FluxInstance': {
    files: {
      'clusters/main/apps.yaml': object('apps', './apps', providerOnly),
      'clusters/main/none.yaml': object('none', './none'),
      'flux/instance.yaml': `apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux}\nspec:\n  sync: {path: clusters/main}\n  kustomize:\n    patches:\n      - patch: |\n          - {op: add, path: /spec/template/spec/containers/0/args/-, value: --sops-age-secret=sops-age}\n        target: {kind: Deployment}\n`,
      'clusters/other/apps.yaml': object('others', './apps', providerOnly),
    },
    found: {
      apps: ['controller-wide', /the controller has the key \(flux\/instance\.yaml\)/, 'flux/instance.yaml'],
      none: ['missing', /flux\/instance\.yaml\): --provider-only is enough/],
      others: ['different', /provider sops, no Secret/],
    },
  },
  'the key of the controller: the Deployment': {
    files: {
      'flux-system/gotk-components.yaml': `kind: Deployment\nmetadata: {name: kustomize-controller}\nspec: {template: {spec: {containers: [{args: [--sops-age-secret=sops-age]}]}}}\n`,
      'clusters/apps.yaml': object('apps', './apps', providerOnly),
    },
    found: { apps: ['controller-wide', null, 'flux-system/gotk-components.yaml'] },
  },
  'the key of the controller, and a parent that hands it on': {
    files: {
      ...family(add('kind: Kustomization').replace(', secretRef: {name: sops-age}', '')),
      'flux-system/patch.yaml': '- {op: add, path: /x, value: --sops-age-secret=x}\n',
    },
    found: {
      apps: ['missing'],
      one: ['parent', /gives it one, with the key of the controller \(flux-system\/patch\.yaml\)$/],
    },
  },
  '--needed: resources, generators, patches, components, and what is below': {
    args: ['--needed'],
    files: {
      'clusters/ks.yaml': [
        'plain',
        'resource',
        'secrets',
        'configs',
        'patched',
        'generated',
        'component',
        'dotenv',
      ]
        .map((name) => object(name, `./${name}`))
        .join('---\n'),
      'plain/x.yaml': 'kind: ConfigMap\n',
      'resource/kustomization.yaml': kustomization('../base'),
      'base/kustomization.yaml': kustomization('secret.yaml'),
      'base/secret.yaml': secret,
      'secrets/kustomization.yaml': 'secretGenerator:\n  - name: x\n    files: [a.yaml=secret.yaml]\n',
      'secrets/secret.yaml': secret,
      'configs/kustomization.yaml': 'configMapGenerator:\n  - name: x\n    files: [secret.yaml]\n',
      'configs/secret.yaml': secret,
      'patched/kustomization.yaml': 'resources: []\npatches: [{path: secret.yaml}]\n',
      'patched/secret.yaml': secret,
      'generated/deep/er/secret.yaml': secret,
      'component/kustomization.yaml': 'components: [../part]\n',
      'part/kustomization.yaml': 'kind: Component\nsecretGenerator:\n  - name: x\n    envs: [.env]\n',
      'part/.env': 'a=ENC[AES256_GCM,x]\nsops_mac=ENC[AES256_GCM,x]\n',
      'dotenv/kustomization.yaml': 'secretGenerator:\n  - name: x\n    files: [../part/.env]\n',
    },
    found: {
      plain: ['not-needed', /builds no encrypted file/],
      resource: ['missing'],
      secrets: ['missing'],
      configs: ['not-needed'],
      patched: ['missing'],
      generated: ['missing'],
      component: ['missing'],
      dotenv: ['missing'],
    },
  },
  'a comment that names the flag of the controller': {
    files: {
      'a/apps.yaml': object('apps', './apps', providerOnly),
      'flux-system/kustomization.yaml':
        'patches:\n  - patch: |\n      - op: add\n        path: /x\n        value: x\n      #   value: --sops-age-secret=x\n',
      '.github/workflows/x.yaml': "run: grep -q -- '--sops-age-secret=' x\n",
    },
    found: { apps: ['different'] },
  },
  'a block that a kustomization takes away, and one that it changes': {
    files: {
      'a/kustomization.yaml': `${kustomization('one.yaml', 'two.yaml', 'three.yaml')}patches:
  - patch: '[{op: remove, path: /spec/decryption}]'
    target: {name: one}
  - patch: '[{op: replace, path: /spec/decryption/secretRef/name, value: other}]'
    target: {name: two}
`,
      'a/one.yaml': object('one', './x', block),
      'a/two.yaml': object('two', './x', block),
      'a/three.yaml': object('three', './x', block),
    },
    found: {
      one: ['different', /changed, or taken away, before it gets into the cluster/],
      two: ['different', /changed, or taken away/],
      three: ['own'],
    },
  },
  'a block that the parent completes': {
    files: {
      'a/apps.yaml': object('apps', './apps', ofParent(merge(kind))),
      'apps/one.yaml': object('one', './x', providerOnly),
    },
    found: { apps: ['missing'], one: ['own', /^what it lacks is added/, 'apps/one.yaml'] },
  },
  'a kustomization file with an empty document behind it, or with another one': {
    files: {
      'a/apps.yaml': object('apps', './apps'),
      'a/more.yaml': object('more', './more'),
      'apps/kustomization.yaml': `---\n${kustomization('../base')}---\n`,
      'more/kustomization.yaml': `${kustomization('../base')}---\n${kustomization('../nothing')}`,
      'base/secret.yaml': secret,
      'base/kustomization.yaml': kustomization('secret.yaml'),
    },
    args: ['--needed'],
    found: { apps: ['missing', /^overlap/], more: ['missing', /^overlap/] },
  },
  'variables that are handed down': {
    files: {
      'top/a.yaml': object('a', './a', '  postBuild: {substitute: {X: x}}\n'),
      ...Object.fromEntries(
        [...'abcdefg'].map((name, index) => {
          const next = 'bcdefgh'[index]!
          const path = `./${next}/\${X}`
          return [
            index === 0 ? 'a/b.yaml' : `${name}/x/${next}.yaml`,
            object(next, path, `  postBuild: {substitute: {X: "\${X}"}}\n`),
          ]
        }),
      ),
      'h/x/secret.yaml': secret,
    },
    args: ['--needed'],
    found: {
      ...Object.fromEntries([...'abcdefg'].map((name): [string, [string]] => [name, ['not-needed']])),
      h: ['missing'],
    },
  },
  'paths that cannot be followed': {
    files: {
      'a/one.yaml': object('one', './elsewhere'),
      'a/two.yaml': object('two', `./apps/\${CLUSTER}`),
      'a/three.yaml': object('three', './apps'),
      'apps/x.yaml': 'kind: ConfigMap\n',
    },
    args: ['--needed'],
    found: {
      one: ['not-needed', /^its path \.\/elsewhere is not in this repository, so it is not known/],
      two: ['not-needed', /^its path \.\/apps\/\$\{CLUSTER\} is not in this repository/],
      three: ['not-needed', /^it builds no encrypted file$/],
    },
  },
  'an overlap: a parent that takes in what its child builds into another namespace': {
    files: {
      'flux/apps.yaml': object('apps', './apps'),
      'apps/one.yaml': object('one', './apps/one', '  targetNamespace: one\n'),
      'apps/one/secret.yaml': secret,
    },
    found: { apps: ['missing', /^overlap: /], one: ['missing', /^overlap: /] },
  },
  'no overlap: from another source': {
    files: {
      'flux/one.yaml': object('one', './apps'),
      'flux/two.yaml': object('two', './apps').replace('name: flux-system, ', 'name: other, '),
      'apps/secret.yaml': secret,
    },
    found: { one: ['missing', null], two: ['missing', null] },
  },
  'no overlap: into other namespaces, and into another cluster': {
    files: {
      'flux/one.yaml': object('one', './apps', '  targetNamespace: one\n'),
      'flux/two.yaml': object('two', './apps', '  targetNamespace: two\n'),
      'flux/three.yaml': object('three', './apps', '  kubeConfig: {secretRef: {name: three}}\n'),
      'apps/secret.yaml': secret,
    },
    found: { one: ['missing', null], two: ['missing', null], three: ['missing', null] },
  },
  'an overlap: a parent that takes in all that is below': {
    args: ['--needed'],
    files: {
      'flux/root.yaml': object('root', './'),
      'flux/apps.yaml': object('apps', './apps', block),
      'apps/kustomization.yaml': kustomization('secret.yaml'),
      'apps/secret.yaml': secret,
    },
    found: {
      root: [
        'missing',
        /^overlap: it builds apps\/secret\.yaml, which flux-system\/apps \(flux\/apps\.yaml\) builds as well/,
        'flux/apps.yaml',
      ],
      apps: ['own'],
    },
  },
  'no overlap: the same base in two clusters': {
    files: {
      'clusters/a/apps.yaml': object('apps-a', './apps'),
      'clusters/b/apps.yaml': object('apps-b', './apps'),
      'apps/secret.yaml': secret,
    },
    found: { 'apps-a': ['missing', null], 'apps-b': ['missing', null] },
  },
}

for (const [title, { files, args = [], found }] of Object.entries(cases)) {
  test(title, () =>
    withRepository(files, async ({ root, env }) => {
      const { stdout, stderr } = await runTask('flux:enable-decryption', ['--json', '--check', ...args], {
        cwd: root,
        env,
      })
      const { kustomizations } = JSON.parse(stdout)
      // a patch can have the name of the one that it is for
      const records = kustomizations.filter(
        ({ name, status }: Record<string, string>) => status !== 'patch' || found[name!]?.[0] === 'patch',
      )
      const statuses = records.map(({ name, status }: Record<string, string>) => [name, status])
      assert.equal(
        Object.fromEntries(statuses),
        Object.fromEntries(Object.entries(found).map(([name, [status]]) => [name, status])),
        stderr,
      )
      for (const [name, [, reason, by]] of Object.entries(found)) {
        const record = records.find((one: { name: string }) => one.name === name)
        if (reason === null && by === undefined) assert.is(record.reason, null, name)
        if (reason) assert.match(record.reason, reason)
        if (by) assert.is(record.by, by, name)
      }
    }),
  )
}

test.run()
