import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Decryption } from '../../../scripts/flux/enable-decryption/judge.ts'
import type { Reason } from '../../../scripts/flux/enable-decryption/reasons.ts'
import {
  decryptionPatch,
  fluxKustomization,
  inSpec,
  kustomizationOf,
} from '../../helpers/flux/flux-objects.ts'
import { judgements } from '../../helpers/flux/judgements.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'

const wanted: Decryption = { provider: 'sops', secretRef: { name: 'sops-age' } }
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

const gitRepository = (name: string, url: string, ignore = '') =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: flux-system}\nspec:\n  url: ${url}\n${ignore}`
const fluxInstance = (path: string) =>
  `apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\nspec:\n  sync: {kind: GitRepository, url: https://x/fleet.git, path: ${path}}\n`
/** A Kustomization of which only a part is there. */
const partial = (name: string, spec: string) =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: ${name}-part, namespace: flux-system}\nspec: {${spec}}\n`

const given = (...files: string[]) => ({ code: 'block-given', files, key: undefined })
/** @param other the name of the Kustomization that builds the file as well */
const overlap = (file: string, other: string) => ({ code: 'built-twice', file, other })
const withName = (reason: Reason) =>
  reason.code === 'built-twice' ? { ...reason, other: reason.other.name } : reason

/** Of a kustomization file whose second line says what the first one does. */
const problem = 'duplicate key in line 2'
const notKnown = (file: string, field: string | undefined) => ({
  code: 'object-not-known',
  file,
  field,
  reach: 'object',
})
const filesNotKnown = (file: string, field: string | undefined) => ({
  code: 'files-not-known',
  file,
  field,
  reach: 'files',
})
/** Replacements that write into a field of all Flux Kustomizations. */
const replacements = (fieldPath: string) =>
  `replacements:\n  - sourceValue: x\n    targets:\n      - select: {kind: Kustomization}\n        fieldPaths: [${fieldPath}]\n`

interface Case {
  files: Record<string, string>
  needed?: boolean
  /** By name: the status, and where they matter the reasons and the file that decides. */
  found: Record<string, [status: string, reasons?: unknown[] | undefined, by?: string]>
}

const cases: Record<string, Case> = {
  'a parent with a strategic merge patch for all': {
    files: family(merge(kind)),
    found: {
      apps: ['missing'],
      one: ['parent', [given('clusters/apps.yaml')], 'clusters/apps.yaml'],
    },
  },
  'a parent with JSON6902 operations, by name': {
    files: family(add('kind: Kustomization, name: on.')),
    found: { apps: ['missing'], one: ['parent', undefined, 'clusters/apps.yaml'] },
  },
  'two parents that say the same': {
    files: {
      'a/apps.yaml': object('apps', './apps', ofParent(merge(kind))),
      'b/apps.yaml': object('apps', './apps', ofParent(merge(kind))),
      'apps/one.yaml': object('one', './one'),
    },
    found: {
      apps: ['missing'],
      one: ['parent', [given('a/apps.yaml', 'b/apps.yaml')], 'a/apps.yaml'],
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
    needed: true,
    found: { apps: ['not-needed'], one: ['parent'], two: ['not-needed'] },
  },
  'an encrypted resource without a suffix': {
    files: {
      'clusters/one.yaml': object('one', './one'),
      'one/kustomization.yaml': kustomization('secret'),
      'one/secret': secret,
    },
    needed: true,
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
  'a parent whose patch names what a prefix makes of the name': {
    files: family(add('kind: Kustomization, name: x-one'), {
      'apps/kustomization.yaml': kustomization('base'),
      'apps/base/kustomization.yaml': `namePrefix: x-\n${kustomization('../one.yaml')}`,
    }),
    found: { apps: ['missing'], one: ['parent'] },
  },
  'a parent whose patch names what a suffix made of the name before a prefix': {
    files: family(merge().replace('not-used', 'one-y\n        namespace: flux-system'), {
      'apps/kustomization.yaml': `namePrefix: z-\n${kustomization('base')}`,
      'apps/base/kustomization.yaml': `namePrefix: x-\n${kustomization('deep')}`,
      'apps/base/deep/kustomization.yaml': `nameSuffix: -y\n${kustomization('../../one.yaml')}`,
    }),
    found: { apps: ['missing'], one: ['parent'] },
  },
  'a parent whose patch comes before the prefix of the same kustomization': {
    files: family(add('kind: Kustomization, name: x-one'), {
      'apps/kustomization.yaml': `namePrefix: x-\n${kustomization('one.yaml')}`,
    }),
    found: { apps: ['missing'], one: ['missing'] },
  },
  'a parent with a prefix, whose own patch comes before it': {
    files: {
      'clusters/top.yaml': object('top', './top', ofParent(add('kind: Kustomization, name: x-apps'))),
      'top/kustomization.yaml': kustomization('apps.yaml', 'more.yaml'),
      'top/apps.yaml': object(
        'apps',
        './apps',
        `  namePrefix: x-\n${ofParent(add('kind: Kustomization, name: one'))}`,
      ),
      'top/more.yaml': object('more', './more', `  nameSuffix: -x\n${ofParent(add('name: two-x'))}`),
      'apps/one.yaml': object('one', './one'),
      'more/two.yaml': object('two', './two'),
    },
    found: { top: ['missing'], apps: ['missing'], more: ['missing'], one: ['parent'], two: ['missing'] },
  },
  'a label selector that it meets': {
    files: family(
      merge('    target:\n      labelSelector: tier in (a, b),!off\n'),
      {},
      '  labels: {tier: a}\n',
    ),
    found: { apps: ['missing'], one: ['parent'] },
  },
  'a label selector that it does not meet': {
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
  'a label that an included kustomization gives, but not the one that gets the patch': {
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
    found: { apps: ['missing'], one: ['kustomize', undefined, 'component/kustomization.yaml'] },
  },
  'a patch in a kustomization, in a file of its own': {
    files: {
      'clusters/kustomization.yaml': `${kustomization('one.yaml')}patches:\n  - path: patch.yaml\n    target: {kind: Kustomization}\n`,
      'clusters/one.yaml': object('one', './one'),
      'clusters/patch.yaml': object('not-used', './x', block),
    },
    found: {
      one: ['kustomize', [given('clusters/patch.yaml')], 'clusters/patch.yaml'],
      'not-used': ['patch', undefined, 'clusters/kustomization.yaml'],
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
      one: ['kustomize', undefined, 'clusters/patch.yaml'],
      two: ['kustomize', undefined, 'clusters/operations.yaml'],
    },
  },
  'a patch that takes the block away again': {
    files: {
      'clusters/kustomization.yaml': `${kustomization('../base')}patches:\n  - patch: '[{"op": "remove", "path": "/spec/decryption"}]'\n    target: {kind: Kustomization}\n`,
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
      one: [
        'missing',
        [{ code: 'block-given-in-part', file: 'clusters/a/apps.yaml', without: 'clusters/b/apps.yaml' }],
      ],
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
    found: { root: ['missing'], apps: ['missing'], one: ['parent', undefined, 'root/apps.yaml'] },
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
      apps: [
        'controller-wide',
        [{ code: 'controller-has-key', key: 'flux/instance.yaml' }],
        'flux/instance.yaml',
      ],
      none: ['missing', [{ code: 'controller-key-is-enough', key: 'flux/instance.yaml' }]],
      others: ['different', [{ code: 'other-block', provider: 'sops', secret: undefined }]],
    },
  },
  'the key of the controller: the Deployment': {
    files: {
      'flux-system/gotk-components.yaml': `kind: Deployment\nmetadata: {name: kustomize-controller}\nspec: {template: {spec: {containers: [{args: [--sops-age-secret=sops-age]}]}}}\n`,
      'clusters/apps.yaml': object('apps', './apps', providerOnly),
    },
    found: { apps: ['controller-wide', undefined, 'flux-system/gotk-components.yaml'] },
  },
  'the key of the controller, and a parent that gives it a block without a Secret': {
    files: {
      ...family(add('kind: Kustomization').replace(', secretRef: {name: sops-age}', '')),
      'flux-system/patch.yaml': '- {op: add, path: /x, value: --sops-age-secret=x}\n',
    },
    found: {
      apps: ['missing'],
      one: [
        'parent',
        [{ code: 'block-given', files: ['clusters/apps.yaml'], key: 'flux-system/patch.yaml' }],
      ],
    },
  },
  '--needed: resources, generators, patches, components, and what is below': {
    needed: true,
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
      plain: ['not-needed', [{ code: 'builds-nothing-encrypted' }]],
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
  - patch: '[{"op": "remove", "path": "/spec/decryption"}]'
    target: {name: one}
  - patch: '[{"op": "replace", "path": "/spec/decryption/secretRef/name", "value": "other"}]'
    target: {name: two}
`,
      'a/one.yaml': object('one', './x', block),
      'a/two.yaml': object('two', './x', block),
      'a/three.yaml': object('three', './x', block),
    },
    found: {
      one: ['different', [{ code: 'block-changed' }]],
      two: ['different', [{ code: 'block-changed' }]],
      three: ['own'],
    },
  },
  'a block that the parent completes': {
    files: {
      'a/apps.yaml': object('apps', './apps', ofParent(merge(kind))),
      'apps/one.yaml': object('one', './x', providerOnly),
    },
    found: { apps: ['missing'], one: ['own', [{ code: 'block-completed' }], 'apps/one.yaml'] },
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
    needed: true,
    found: {
      apps: ['missing', [overlap('base/secret.yaml', 'more')]],
      more: ['missing', [overlap('base/secret.yaml', 'apps')]],
    },
  },
  'variables that parents give to their children': {
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
    needed: true,
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
    needed: true,
    found: {
      one: ['not-needed', [{ code: 'path-not-here', path: './elsewhere' }]],
      two: ['not-needed', [{ code: 'path-not-here', path: `./apps/\${CLUSTER}` }]],
      three: ['not-needed', [{ code: 'builds-nothing-encrypted' }]],
    },
  },
  'an overlap: a parent that builds what its child builds into another namespace': {
    files: {
      'flux/apps.yaml': object('apps', './apps'),
      'apps/one.yaml': object('one', './apps/one', '  targetNamespace: one\n'),
      'apps/one/secret.yaml': secret,
    },
    found: {
      apps: ['missing', [overlap('apps/one/secret.yaml', 'one')]],
      one: ['missing', [overlap('apps/one/secret.yaml', 'apps')]],
    },
  },
  'no overlap: from another source': {
    files: {
      'flux/one.yaml': object('one', './apps'),
      'flux/two.yaml': object('two', './apps').replace('name: flux-system, ', 'name: other, '),
      'apps/secret.yaml': secret,
    },
    found: { one: ['missing', []], two: ['missing', []] },
  },
  'no overlap: into other namespaces, and into another cluster': {
    files: {
      'flux/one.yaml': object('one', './apps', '  targetNamespace: one\n'),
      'flux/two.yaml': object('two', './apps', '  targetNamespace: two\n'),
      'flux/three.yaml': object('three', './apps', '  kubeConfig: {secretRef: {name: three}}\n'),
      'apps/secret.yaml': secret,
    },
    found: { one: ['missing', []], two: ['missing', []], three: ['missing', []] },
  },
  'an overlap: a parent that builds all that is below it': {
    needed: true,
    files: {
      'flux/root.yaml': object('root', './'),
      'flux/apps.yaml': object('apps', './apps', block),
      'apps/kustomization.yaml': kustomization('secret.yaml'),
      'apps/secret.yaml': secret,
    },
    found: {
      root: ['missing', [overlap('apps/secret.yaml', 'apps')], 'flux/apps.yaml'],
      apps: ['own'],
    },
  },
  'not known: replacements that write into the block': {
    files: family(merge(kind), {
      'apps/kustomization.yaml': `${replacements('spec.decryption.secretRef.name')}${kustomization('one.yaml', 'two.yaml')}`,
      'apps/two.yaml': object('two', './two', block),
    }),
    found: {
      apps: ['missing'],
      one: ['not-known', [notKnown('apps/kustomization.yaml', 'replacements')], 'apps/kustomization.yaml'],
      two: ['not-known', [notKnown('apps/kustomization.yaml', 'replacements')]],
    },
  },
  'known: replacements that write elsewhere, but not what becomes of its children': {
    files: family(merge(kind), {
      'apps/kustomization.yaml': `${replacements('spec.targetNamespace')}${kustomization('one.yaml')}`,
      'one/deep.yaml': object('deep', './deep', block),
    }),
    found: {
      apps: ['missing'],
      one: ['parent'],
      deep: ['not-known', [notKnown('apps/kustomization.yaml', 'replacements')]],
    },
  },
  'not known: a transformer of a kustomization above the one that includes it': {
    files: {
      'clusters/kustomization.yaml': `transformers: [t.yaml]\n${kustomization('../base')}`,
      'clusters/t.yaml': 'apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\n',
      'base/kustomization.yaml': kustomization('one.yaml'),
      'base/one.yaml': object('one', './one', block),
    },
    found: { one: ['not-known', [notKnown('clusters/kustomization.yaml', 'transformers')]] },
  },
  'not known: a patch that deletes it': {
    files: family(
      `patches:\n  - target: {name: one}\n    patch: |\n      $patch: delete\n      kind: x\n      metadata: {name: x}\n`,
    ),
    found: {
      apps: ['missing'],
      one: ['not-known', [notKnown('clusters/apps.yaml', 'spec.patches ($patch: delete)')]],
    },
  },
  'not known: patches of an API version that Flux has removed': {
    files: family('patchesStrategicMerge:\n  - {kind: Kustomization, metadata: {name: one}}\n'),
    found: {
      apps: ['missing'],
      one: ['not-known', [notKnown('clusters/apps.yaml', 'spec.patchesStrategicMerge')]],
    },
  },
  'not known: what is beside or below a kustomization file that our parser refuses': {
    files: {
      'a/kustomization.yaml': `namespace: x\nnamespace: y\n${kustomization('one.yaml', 'deep/two.yaml', 'three')}`,
      'a/one.yaml': object('one', './one'),
      'a/deep/two.yaml': object('two', './two', block),
      'a/three/kustomization.yaml': kustomization('three.yaml'),
      'a/three/three.yaml': object('three', './three'),
      'a/four.yaml': object('"{{ four }}"', './four'),
      'b/five.yaml': object('five', './a'),
    },
    needed: true,
    found: {
      one: [
        'not-known',
        [{ ...notKnown('a/kustomization.yaml', undefined), problem }],
        'a/kustomization.yaml',
      ],
      two: ['not-known', [{ ...notKnown('a/kustomization.yaml', undefined), problem }]],
      three: ['not-needed'],
      '{{ four }}': ['not-editable', [{ code: 'not-edited', why: { refused: 'template' } }]],
      five: ['not-known', [{ ...filesNotKnown('a/kustomization.yaml', undefined), problem }]],
    },
  },
  'not known: which files are built, where nothing encrypted was seen': {
    needed: true,
    files: {
      'clusters/one.yaml': object('one', './one'),
      'clusters/two.yaml': object('two', './two'),
      'clusters/three.yaml': object('three', './three', block),
      'one/kustomization.yaml': kustomization('https://example.com/x.yaml'),
      'two/kustomization.yaml': kustomization('https://example.com/x.yaml', 'secret.yaml'),
      'two/secret.yaml': secret,
      'three/kustomization.yaml': 'helmCharts: [{name: x}]\n',
    },
    found: {
      one: [
        'not-known',
        [filesNotKnown('one/kustomization.yaml', 'resources (URL)')],
        'one/kustomization.yaml',
      ],
      two: ['missing', []],
      three: ['own'],
    },
  },
  'not known: the path of a Kustomization': {
    needed: true,
    files: {
      'clusters/kustomization.yaml': `${replacements('spec.path')}${kustomization('one.yaml')}`,
      'clusters/one.yaml': object('one', './one'),
      'one/x.yaml': 'kind: ConfigMap\n',
    },
    found: { one: ['not-known', [filesNotKnown('clusters/kustomization.yaml', 'replacements')]] },
  },
  'known: which files are built does not matter where that was not asked for': {
    files: {
      'clusters/one.yaml': object('one', './one'),
      'one/kustomization.yaml': kustomization('https://example.com/x.yaml'),
    },
    found: { one: ['missing', []] },
  },
  'not known: whether a Kustomization of flux bootstrap needs a patch': {
    files: {
      'clusters/flux-system/gotk-sync.yaml': object('flux-system', './clusters'),
      'clusters/flux-system/kustomization.yaml': kustomization(
        'gotk-sync.yaml',
        'https://example.com/x.yaml',
      ),
    },
    found: {
      'flux-system': [
        'not-known',
        [filesNotKnown('clusters/flux-system/kustomization.yaml', 'resources (URL)')],
      ],
    },
  },
  'not known: a Kustomization that takes its own patches away, and gets them back': {
    files: {
      'a/one.yaml': object(
        'one',
        './a',
        ofParent(
          'patches:\n  - target: {name: one}\n    patch: \'[{"op": "remove", "path": "/spec/patches"}]\'\n',
        ),
      ),
    },
    found: { one: ['not-known', [notKnown('a/one.yaml', 'spec')]] },
  },
  'a block without a key: none is named, and nothing gives the controller one': {
    files: {
      'clusters/one.yaml': object('one', './one', providerOnly),
      'one/secret.yaml': secret,
      'clusters/two.yaml': object('two', './two', providerOnly),
      'two/x.yaml': 'kind: ConfigMap\n',
      'clusters/three.yaml': object(
        'three',
        './three',
        '  decryption: {provider: sops, serviceAccountName: x}\n',
      ),
      'three/secret.yaml': secret,
    },
    found: {
      one: ['broken', [{ code: 'no-key-secret', file: 'one/secret.yaml' }]],
      two: ['different'],
      three: ['different'],
    },
  },
  'a block without a key, which a parent gives': {
    files: family(merge(kind).replace(/\n +secretRef:\n +name: sops-age/, '')),
    found: { apps: ['missing'], one: ['broken', [{ code: 'no-key-secret', file: 'one/secret.yaml' }]] },
  },
  'a block without a key, for files that a cloud provider opens': {
    files: {
      'clusters/one.yaml': object('one', './one', providerOnly),
      'one/secret.yaml': `kind: Secret\ndata: {x: "ENC[AES256_GCM,data:x]"}\nsops:\n  azure_kv: [{vault_url: x}]\n  mac: ENC[AES256_GCM,data:x]\n`,
    },
    found: { one: ['different'] },
  },
  'a block that Flux refuses, which a parent gives': {
    files: family(merge(kind).replace('provider: sops', 'provider: age')),
    found: {
      apps: ['missing'],
      one: [
        'broken',
        [
          {
            code: 'refused-block',
            fault: { fault: 'other-provider', provider: 'age' },
            line: undefined,
            by: 'clusters/apps.yaml',
          },
        ],
      ],
    },
  },
  'an empty block that a parent completes': {
    files: family(merge(kind), {
      'apps/one.yaml': object('one', './one', '  decryption: {}\n'),
    }),
    found: { apps: ['missing'], one: ['own', [{ code: 'block-completed' }]] },
  },
  'a block that is taken away on the way into the cluster': {
    files: {
      ...family(
        'patches:\n  - target: {kind: Kustomization}\n    patch: "- {op: remove, path: /spec/decryption}"\n',
      ),
      'apps/one.yaml': object('one', './one', block),
      'apps/two.yaml': object('two', './two', block),
      'two/x.yaml': 'kind: ConfigMap\n',
    },
    found: {
      apps: ['missing'],
      one: ['broken', [{ code: 'block-taken-away', file: 'clusters/apps.yaml' }], 'clusters/apps.yaml'],
      two: ['different', [{ code: 'block-changed' }]],
    },
  },
  'a block that a kustomization takes away': {
    files: {
      'clusters/one.yaml': object('one', './one', block),
      'clusters/kustomization.yaml': `${kustomization('one.yaml')}patches:\n  - target: {kind: Kustomization}\n    patch: |\n      apiVersion: kustomize.toolkit.fluxcd.io/v1\n      kind: Kustomization\n      metadata: {name: one}\n      spec: {decryption: null}\n`,
      'one/secret.yaml': secret,
    },
    found: { one: ['broken', [{ code: 'block-taken-away', file: 'clusters/kustomization.yaml' }]] },
  },
  'the path of a FluxInstance is built by it, and by nobody else who gives a block': {
    files: {
      'boot/flux.yaml': fluxInstance('clusters/a'),
      'clusters/a/kustomization.yaml': kustomization('apps.yaml'),
      'clusters/a/apps.yaml': object('apps', './apps'),
      'apps/secret.yaml': secret,
      'test/kustomization.yaml': `${kustomization('../clusters/a')}${merge(kind)}`,
    },
    found: { apps: ['missing'] },
  },
  'what a FluxInstance builds is applied, whatever is listed beside it': {
    files: {
      'boot/a.yaml': fluxInstance('clusters/a'),
      'boot/b.yaml': fluxInstance('clusters/b'),
      'clusters/kustomization.yaml': kustomization('a'),
      'clusters/a/kustomization.yaml': kustomization('apps.yaml'),
      'clusters/a/apps.yaml': object('apps-a', './apps'),
      'clusters/b/kustomization.yaml': kustomization('apps.yaml'),
      'clusters/b/apps.yaml': object('apps-b', './apps'),
    },
    found: { 'apps-a': ['missing'], 'apps-b': ['missing'] },
  },
  'what is no Kustomization without a patch builds nothing': {
    files: family(merge(kind), { 'unused/patch.yaml': partial('one', 'timeout: 5m') }),
    found: { apps: ['missing'], one: ['parent'], 'one-part': ['not-applied'] },
  },
  'one of another repository is no parent': {
    files: family(merge(kind), {
      'clusters/flux-system/gotk-sync.yaml': `${gitRepository('flux-system', 'https://x/fleet')}---\n${object('flux-system', './clusters')}`,
      'clusters/other.yaml': gitRepository('other', 'https://x/other'),
      'clusters/x.yaml': object('x', './apps').replace(
        'name: flux-system, namespace',
        'name: other, namespace',
      ),
    }),
    found: { 'flux-system': ['not-editable'], apps: ['missing'], one: ['parent'], x: ['missing'] },
  },
  'no overlap: the same base in two clusters': {
    files: {
      'clusters/a/apps.yaml': object('apps-a', './apps'),
      'clusters/b/apps.yaml': object('apps-b', './apps'),
      'apps/secret.yaml': secret,
    },
    found: { 'apps-a': ['missing', []], 'apps-b': ['missing', []] },
  },
}

for (const [title, { files, needed = false, found }] of Object.entries(cases))
  test(title, async () => {
    const judged = await judgements(files, { block: wanted, needed, root: false })
    // a patch can have the name of the one that it is for
    const records = judged.filter(
      ({ name, status }) => status !== 'patch' || found[`${name}`]?.[0] === 'patch',
    )
    assert.equal(
      Object.fromEntries(records.map(({ name, status }) => [name, status])),
      Object.fromEntries(Object.entries(found).map(([name, [status]]) => [name, status])),
    )
    for (const [name, [, reasons, by]] of Object.entries(found)) {
      const record = records.find((one) => one.name === name)
      if (reasons) assert.equal(record?.reasons.map(withName), reasons, name)
      if (by !== undefined) assert.is(record?.by, by, name)
    }
  })

test.run()
