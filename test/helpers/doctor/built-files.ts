import { encrypt, secret } from '../flux/encrypted-objects.ts'

/** A path that Flux cannot apply for what is in its files; or, without a code, one that it applies. */
export interface FileCase {
  name: string
  files(name: string): Readonly<Record<string, string>>
  links?: Record<string, string>
  /** More lines of `spec`. */
  spec?: string
  noDecryption?: boolean
  /** As `FluxCase`. */
  objects?: string
  /** As `FluxCase`. */
  before?(name: string): Readonly<Record<string, string>>
  /** What the doctor says; `undefined`: nothing. */
  code?: string
  /** What it says with the key at hand; the same where it is not given. */
  withKey?: string
  /** Where, relative to the path; `s.yaml` where it is not given. */
  file?: string
  /** What the line holds that it names. */
  line?: string
  /** What the line holds that it names with the key at hand. */
  lineWithKey?: string
  message?: RegExp
}

const substituting = '  postBuild: {substitute: {defined: x}}\n'
const valued = (value: string) => (name: string) => ({ 's.yaml': secret(name, value) })
const encryptedValue = (value: string) => (name: string) => ({ 's.yaml': encrypt(secret(name, value)) })
const listing =
  (list: string, files: (name: string) => Readonly<Record<string, string>> = () => ({})) =>
  (name: string) => ({
    'kustomization.yaml': list,
    ...files(name),
  })
const listed = 'resources:\n  - s.yaml\n'
const inNamespace = (name: string, rest: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: flux-system}\n${rest}`
const custom = (name: string) =>
  `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: ${name}\n  namespace: default\nspec:\n  interval: 1h\n  chart: {spec: {chart: x, sourceRef: {kind: HelmRepository, name: x}}}\n`
const other = (name: string) =>
  `apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: ${name}\n  namespace: default\n`
const crd =
  'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec:\n  group: example.com\n  scope: Namespaced\n  names: {kind: Widget, plural: widgets}\n  versions: [{name: v1beta1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]\n'

/** The causes that lie in what is built. */
export const builtFileCases: readonly FileCase[] = [
  {
    name: 'not-set',
    files: valued(`"\${UNDEFINED}"`),
    spec: substituting,
    code: 'variable-not-set',
    line: 'token:',
    message: /UNDEFINED/,
  },
  {
    name: 'not-set-encrypted',
    lineWithKey: 'token:',
    files: encryptedValue(`"\${UNDEFINED}"`),
    spec: substituting,
    code: 'variable-not-set',
    message: /UNDEFINED/,
  },
  { name: 'set', files: valued(`"\${defined}"`), spec: substituting },
  { name: 'escaped', files: valued(`"$\${UNDEFINED}"`), spec: substituting },
  {
    name: 'array',
    files: valued(`"\${defined[@]}"`),
    spec: substituting,
    code: 'variable-unreadable',
    line: 'token:',
  },
  {
    name: 'from-missing',
    files: valued('x'),
    spec: '  postBuild: {substituteFrom: [{kind: Secret, name: nope}]}\n',
    code: 'substitute-from-missing',
    message: /nope/,
  },
  {
    name: 'from-optional',
    files: valued('x'),
    spec: '  postBuild: {substituteFrom: [{kind: Secret, name: nope, optional: true}]}\n',
  },
  {
    name: 'from-declared',
    files: valued('x'),
    spec: '  postBuild: {substituteFrom: [{kind: Secret, name: provided}]}\n',
    code: 'substitute-from-missing',
    message: /provider/,
  },
  {
    name: 'provider',
    files: () => ({
      'v.yaml': secret('provided')
        .replace('default', 'flux-system')
        .replace('stringData', 'immutable: 1\nstringData'),
    }),
    code: 'field-refused',
  },
  {
    name: 'bad-variable',
    files: valued('x'),
    spec: '  postBuild: {substitute: {a-b: x}}\n',
    code: 'variable-name',
    message: /a-b/,
  },
  {
    name: 'no-crd',
    files: (name) => ({ 's.yaml': secret(name), 'c.yaml': custom(name) }),
    code: 'kind-unknown',
  },
  {
    name: 'crd-elsewhere',
    files: (name) => ({ 'c.yaml': other(name) }),
    code: 'kind-unknown',
  },
  { name: 'crds', files: () => ({ 'crd.yaml': crd }) },
  {
    name: 'config',
    files: (name) => ({
      's.yaml': secret(name),
      '.sops.yaml': 'creation_rules: []\n',
      '.sourceignore': 'x\n',
    }),
    code: 'config-applied',
    file: '.sops.yaml',
  },
  {
    name: 'twice',
    files: (name) =>
      listing('resources:\n  - s.yaml\n  - t.yaml\n', () => ({
        's.yaml': secret(name),
        't.yaml': secret(name, 'plover'),
      }))(name),
    code: 'declared-twice',
    message: /twice\/s\.yaml.*twice\/t\.yaml|twice\/t\.yaml.*twice\/s\.yaml/,
  },
  {
    name: 'twice-unlisted',
    files: (name) => ({ 's.yaml': secret(name), 't.yaml': secret(name, 'plover') }),
    code: 'declared-twice',
  },
  {
    name: 'gone',
    files: listing('resources:\n  - gone.yaml\n'),
    code: 'listed-missing',
    file: 'kustomization.yaml',
    line: 'gone.yaml',
  },
  {
    name: 'gone-patch',
    files: listing('resources: [s.yaml]\npatches:\n  - path: gone.yaml\n', valued('x')),
    code: 'listed-missing',
    file: 'kustomization.yaml',
    line: 'gone.yaml',
  },
  {
    name: 'gone-source',
    files: listing('secretGenerator:\n  - name: a\n    files:\n      - gone.yaml\n'),
    code: 'listed-missing',
    file: 'kustomization.yaml',
    line: 'gone.yaml',
  },
  {
    name: 'gone-source-plain',
    files: listing('secretGenerator:\n  - name: a\n    files:\n      - gone.yaml\n'),
    noDecryption: true,
    code: 'listed-missing',
    file: 'kustomization.yaml',
    line: 'gone.yaml',
  },
  {
    name: 'gone-deeper',
    files: listing('resources:\n  - below\n', () => ({
      'below/kustomization.yaml': 'resources:\n  - gone.yaml\n',
    })),
    code: 'listed-missing',
    file: 'below/kustomization.yaml',
    line: 'gone.yaml',
  },
  {
    name: 'ignored',
    files: listing(listed, (name) => ({ 's.yaml': secret(name), '.sourceignore': '# none\ns.yaml\n' })),
    code: 'left-out',
    message: /ignored\/\.sourceignore.*s\.yaml/,
  },
  {
    name: 'link-listed',
    files: listing(listed, (name) => ({ 'other/s.txt': secret(name) })),
    links: { 's.yaml': 'other/s.txt' },
    code: 'symbolic-link',
    file: 's.yaml',
  },
  {
    name: 'link-out',
    files: listing(listed),
    links: { 's.yaml': '../set/s.yaml' },
    code: 'symbolic-link',
    file: 's.yaml',
  },
  { name: 'no-object', files: () => ({ 's.yaml': 'a: plover\n' }), code: 'no-object', line: 'a:' },
  {
    name: 'no-object-listed',
    files: listing(listed, () => ({ 's.yaml': 'a: plover\n' })),
    code: 'no-object',
  },
  {
    name: 'no-kind',
    files: (name) => ({ 's.yaml': secret(name).replace('kind: Secret\n', '') }),
    code: 'no-object',
  },
  {
    name: 'no-name',
    files: (name) => ({ 's.yaml': secret(name).replace(/ {2}name: .*\n/, '') }),
    code: 'name-missing',
  },
  { name: 'comments-only', files: (name) => ({ 's.yaml': secret(name), 't.yaml': '# nothing\n' }) },
  {
    name: 'broken',
    files: () => ({ 's.yaml': 'apiVersion: v1\nkind: Secret\n  a: plover\n' }),
    code: 'yaml-broken',
    line: 'a:',
  },
  {
    name: 'broken-listed',
    files: listing(listed, () => ({ 's.yaml': 'apiVersion: v1\nkind: Secret\n  a: plover\n' })),
    code: 'yaml-broken',
    line: 'a:',
  },
  {
    name: 'tabs',
    files: (name) => ({ 's.yaml': secret(name).replace('  token', '\ttoken') }),
    code: 'yaml-broken',
  },
  {
    name: 'key-twice',
    files: (name) => ({ 's.yaml': `${secret(name)}  token: plover\n` }),
    code: 'yaml-broken',
    line: 'token:',
  },
  {
    name: 'broken-kustomization',
    files: listing('resources: [s.yaml\n', valued('x')),
    code: 'kustomization-file-broken',
    file: 'kustomization.yaml',
  },
  {
    name: 'broken-plain',
    files: listing('resources: [s.yaml\n', valued('x')),
    noDecryption: true,
    code: 'kustomization-file-broken',
    file: 'kustomization.yaml',
  },
  {
    name: 'wrong-form',
    files: listing('resources: s.yaml\n', valued('x')),
    code: 'kustomization-file-broken',
    file: 'kustomization.yaml',
  },
  { name: 'list-twice', files: listing('resources: [s.yaml]\nresources: [s.yaml]\n', valued('x')) },
  {
    name: 'several',
    files: (name) => ({ 'kustomization.yaml': listed, 'kustomization.yml': listed, 's.yaml': secret(name) }),
    code: 'several-kustomization-files',
  },
  {
    name: 'several-plain',
    files: (name) => ({ 'kustomization.yaml': listed, 'kustomization.yml': listed, 's.yaml': secret(name) }),
    noDecryption: true,
    code: 'several-kustomization-files',
  },
  {
    name: 'several-below',
    files: (name) => ({
      'kustomization.yaml': 'resources: [below]\n',
      'below/kustomization.yaml': listed,
      'below/Kustomization': listed,
      'below/s.yaml': secret(name),
    }),
    code: 'several-kustomization-files',
  },
  {
    name: 'no-file',
    files: listing('resources:\n  - below\n', (name) => ({ 'below/s.yaml': secret(name) })),
    code: 'no-kustomization-file',
    file: 'kustomization.yaml',
    line: 'below',
  },
  {
    name: 'no-file-plain',
    files: listing('resources:\n  - below\n', (name) => ({ 'below/s.yaml': secret(name) })),
    noDecryption: true,
    code: 'no-kustomization-file',
    file: 'kustomization.yaml',
    line: 'below',
  },
  {
    name: 'no-component',
    files: listing('resources: [s.yaml]\ncomponents:\n  - below\n', (name) => ({
      's.yaml': secret(name),
      'below/t.yaml': secret(name),
    })),
    code: 'no-kustomization-file',
    file: 'kustomization.yaml',
    line: 'below',
  },
  {
    name: 'not-component',
    files: listing('resources: [s.yaml]\ncomponents:\n  - below\n', (name) => ({
      's.yaml': secret(name),
      'below/kustomization.yaml': 'resources: []\n',
    })),
    code: 'component-kind',
  },
  {
    name: 'spec-component',
    files: valued('x'),
    spec: '  components: [below]\n',
    code: 'listed-missing',
  },
  {
    name: 'patch-nothing',
    files: listing(
      'resources: [s.yaml]\npatches:\n  - patch: |\n      apiVersion: v1\n      kind: Secret\n      metadata: {name: nobody}\n      stringData: {a: plover}\n',
      valued('x'),
    ),
    code: 'patch-without-target',
  },
  {
    name: 'json-nothing',
    files: listing(
      `resources: [s.yaml]\npatches:\n  - target: {kind: Secret}\n    patch: '[{"op": "replace", "path": "/data/a", "value": "plover"}]'\n`,
      valued('x'),
    ),
    code: 'patch-without-target',
  },
  {
    name: 'plain-no-base64',
    files: (name) => ({ 's.yaml': secret(name, 'plover!').replace('stringData', 'data') }),
    code: 'data-not-base64',
    line: 'token:',
  },
  { name: 'plain-number', files: valued('86428642'), code: 'not-a-string', line: 'token:' },
  {
    name: 'key-name',
    files: (name) => ({ 's.yaml': secret(name).replace('token', '"a key"') }),
    code: 'key-refused',
    line: 'a key',
  },
  {
    name: 'unchangeable',
    files: (name) => ({ 's.yaml': inNamespace(name, 'immutable: true\nstringData: {a: plover}\n') }),
    objects: inNamespace('unchangeable', 'immutable: true\nstringData: {a: plugh}\n'),
    code: 'immutable',
    message: /data/,
  },
  {
    name: 'same',
    files: (name) => ({ 's.yaml': inNamespace(name, 'immutable: true\nstringData: {a: plugh}\n') }),
    objects: inNamespace('same', 'immutable: true\nstringData: {a: plugh}\n'),
  },
  {
    name: 'type-changed',
    files: (name) => ({ 's.yaml': inNamespace(name, 'type: foo/bar\nstringData: {a: plover}\n') }),
    objects: inNamespace('type-changed', 'stringData: {a: plover}\n'),
    code: 'immutable',
    message: /type/,
  },
  { name: 'plain', files: (name) => ({ 's.yaml': secret(name, 'plover'), 'shared.yaml': secret('shared') }) },
  {
    name: 'from-elsewhere',
    files: valued('x'),
    spec: '  postBuild: {substituteFrom: [{kind: Secret, name: shared}]}\n',
    code: 'substitute-from-missing',
    message: /it is in default/,
  },
  {
    name: 'other-ending',
    files: listing('resources:\n  - s.yml\n', valued('x')),
    code: 'listed-missing',
    message: /there is other-ending\/s\.yaml/,
  },
  {
    name: 'component-listed',
    files: listing('resources:\n  - below\n', () => ({
      'below/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [s.yaml]\n',
      'below/s.yaml': secret('component-listed'),
    })),
    code: 'component-kind',
    file: 'kustomization.yaml',
    line: 'below',
  },
  {
    name: 'namesake',
    files: (name) => ({
      'kustomization.yaml': 'resources: [s.yaml]\n',
      's.yaml': secret(name, '86428642'),
      'unused/a.yaml': secret(name, 'true'),
    }),
    code: 'not-a-string',
    line: 'token:',
  },
  {
    name: 'empty-listed',
    files: listing('resources:\n  - below\n', () => ({
      'below/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n',
    })),
    code: 'kustomization-file-empty',
    file: 'kustomization.yaml',
    line: 'below',
  },
  { name: 'empty', files: listing('resources: []\n') },
  {
    name: 'from-holds-another',
    files: valued('x'),
    spec: '  postBuild: {substituteFrom: [{kind: Secret, name: from-holds-another}]}\n',
    code: 'variable-name',
    message: /Secret from-holds-another of spec\.postBuild\.substituteFrom/,
  },
  {
    name: 'no-such-field',
    files: (name) => ({
      's.yaml': `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: default}\nspec:\n  interval: 1h\n  suspend: true\n  url: https://example.com/x\n  refs: {branch: x}\n`,
    }),
    code: 'field-refused',
    line: 'refs:',
    message: /`\.spec\.refs` of GitRepository no-such-field: field not declared/,
  },
  {
    name: 'no-such-url',
    files: (name) => ({
      's.yaml': `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: default}\nspec:\n  interval: 1h\n  suspend: true\n  url: plover\n`,
    }),
    code: 'field-refused',
    line: 'url:',
  },
  {
    name: 'half-tls',
    files: (name) => ({
      's.yaml': `${secret(name, 'plover').replace('token', 'tls.crt')}type: kubernetes.io/tls\n`,
    }),
    code: 'secret-key-missing',
  },
  {
    name: 'broken-docker',
    files: (name) => ({
      's.yaml': `${secret(name, 'plover').replace('token', '.dockerconfigjson')}type: kubernetes.io/dockerconfigjson\n`,
    }),
    code: 'docker-config-broken',
    line: '.dockerconfigjson',
  },
]
