import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  kustomizationObject,
  ownSource,
  plainCase,
  sourceObject,
} from '../../helpers/diagnosis/object-cases.ts'
import { diagnoseCases } from '../../helpers/flux/diagnose-cases.ts'
import { encoded, encrypt, key, map, withData } from '../../helpers/flux/encrypted-objects.ts'
import type { FluxCase } from '../../helpers/flux/run-cases.ts'

const failing = `  path: ./nowhere/at/all\n${ownSource}`
const at = (path: string) => `  path: ./${path}\n${ownSource}`
const block = '  decryption: {provider: sops, secretRef: {name: x}}\n'
const role = (name: string) =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: ${name}, namespace: default}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n`
const policy = `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: no-tokens}\nspec:\n  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}]}\n  validations: [{expression: "object.metadata.name != 'policy'", message: "not this one"}]\n---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: no-tokens}\nspec: {policyName: no-tokens, validationActions: [Deny]}\n`
const deployment = (name: string) =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}, namespace: default}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: x}]}}}\n`

/** What is to be the headline of a case. */
interface Expected {
  code: string | undefined
  /** The object that it is about; that of the case where it is not given. */
  object?: string
  /** `FILE:LINE`; `NAME` is the case. */
  at?: string
  says?: RegExp
  fix?: RegExp
}

const cases: [FluxCase, Expected][] = [
  [plainCase('fine', ''), { code: undefined }],
  [
    {
      ...plainCase('no-prune', ''),
      objects: kustomizationObject('no-prune', at('no-prune')).replace('prune: true', 'prune: false'),
    },
    { code: undefined },
  ],

  // dependencies
  [
    plainCase('root-cause', '', { objects: kustomizationObject('root-cause', failing) }),
    { code: 'path-not-there' },
  ],
  [
    plainCase('link-1', '  dependsOn: [{name: root-cause}]\n'),
    { code: 'path-not-there', object: 'root-cause' },
  ],
  [plainCase('link-2', '  dependsOn: [{name: link-1}]\n'), { code: 'path-not-there', object: 'root-cause' }],
  [
    plainCase('link-3', '  dependsOn: [{name: fine}, {name: link-2}]\n'),
    { code: 'path-not-there', object: 'root-cause' },
  ],
  [
    plainCase('ring-a', '  dependsOn: [{name: ring-b}]\n'),
    { code: 'dependency-ring', says: /ring-a -> flux-system\/ring-b -> flux-system\/ring-a$/ },
  ],
  [plainCase('ring-b', '  dependsOn: [{name: ring-a}]\n'), { code: 'dependency-ring', object: 'ring-a' }],
  [
    plainCase('nobody', '  dependsOn: [{name: not-there}]\n'),
    { code: 'dependency-missing', object: 'not-there' },
  ],
  [
    plainCase('by-expression', '  dependsOn: [{name: fine, readyExpr: "dep.metadata.name == \'nobody\'"}]\n'),
    { code: 'dependency', says: /flux-system\/fine, is not ready as its readyExpr wants it$/ },
  ],
  [plainCase('paused', '  suspend: true\n'), { code: 'suspended' }],
  [plainCase('waits-for-paused', '  dependsOn: [{name: paused}]\n'), { code: 'suspended', object: 'paused' }],
  [
    plainCase('far', '  dependsOn: [{name: other, namespace: default}]\n', {
      objects: kustomizationObject(
        'other',
        failing.replace('name: flux-system', 'name: flux-system, namespace: flux-system'),
        'default',
      ),
    }),
    { code: 'path-not-there', object: 'default/other' },
  ],
  [
    plainCase('unlisted', '  dependsOn: [{name: unlisted-child}]\n', {
      files: (name) => ({
        'kustomization.yaml': 'resources: [m.yaml]\n',
        'm.yaml': map(name),
        'children/child.yaml': `# a child\n${kustomizationObject('unlisted-child', at('fine'))}`,
      }),
    }),
    {
      code: 'dependency-not-applied',
      object: 'unlisted-child',
      at: 'unlisted/children/child.yaml:2',
      says: /unlisted\/kustomization\.yaml, which Kustomization flux-system\/unlisted builds, does not list it/,
    },
  ],
  [
    plainCase('parent-fails', '', {
      files: () => ({
        'child.yaml': kustomizationObject('lost-child', at('fine')),
        'm.yaml': map('x').replace('default', 'no-such-space'),
      }),
    }),
    { code: 'namespace-missing', at: 'parent-fails/m.yaml:1' },
  ],
  [
    plainCase('waits-for-lost', '  dependsOn: [{name: lost-child}]\n'),
    { code: 'namespace-missing', object: 'parent-fails' },
  ],

  [
    plainCase('brings-source', '', {
      files: () => ({
        'm.yaml': map('x').replace('default', 'no-such-space'),
        's.yaml': sourceObject('brought', 'url: "https://no-such-host.invalid/x"'),
      }),
    }),
    { code: 'namespace-missing' },
  ],
  [
    plainCase('waits-for-source', '', {
      objects: kustomizationObject(
        'waits-for-source',
        '  path: ./\n  sourceRef: {kind: GitRepository, name: brought}\n',
      ),
    }),
    { code: 'namespace-missing', object: 'brings-source' },
  ],

  // paths
  [
    plainCase('typo', '', { objects: kustomizationObject('typo', at('fin')) }),
    { code: 'path-not-there', says: /the nearest directory is the root, with / },
  ],
  [
    plainCase('ignored', '', {
      objects: kustomizationObject('ignored', at('ignored/app')),
      files: (name) => ({ 'app/m.yaml': map(name), '.sourceignore': '# nothing\n*.md\napp/\n' }),
    }),
    {
      code: 'out-of-artifact',
      object: 'gitrepository flux-system/flux-system',
      at: 'ignored/.sourceignore:3',
    },
  ],

  // health
  [
    plainCase('health', '  wait: true\n  timeout: 3s\n', {
      files: (name) => ({ 'm.yaml': deployment(name) }),
    }),
    { code: 'health-object', says: /Deployment default\/health does not become ready: it is InProgress$/ },
  ],
  [
    plainCase(
      'health-gone',
      '  timeout: 3s\n  healthChecks: [{apiVersion: apps/v1, kind: Deployment, name: nope, namespace: default}]\n',
    ),
    { code: 'health-object-missing', says: /Deployment default\/nope/ },
  ],
  [
    plainCase('health-child', '  wait: true\n  timeout: 3s\n', {
      files: () => ({ 'k.yaml': kustomizationObject('child', failing) }),
    }),
    { code: 'path-not-there', object: 'child' },
  ],

  // refusals
  [
    plainCase('space', '', {
      files: (name) => ({ 'm.yaml': `# a map\n${map(name).replace('default', 'no-such-space')}` }),
    }),
    { code: 'namespace-missing', at: 'space/m.yaml:2', says: /no-such-space/ },
  ],
  [
    plainCase('space-made', '', {
      files: (name) => ({ 'm.yaml': map(name).replace('default', 'made-space') }),
    }),
    {
      code: 'namespace-missing',
      says: /Kustomization flux-system\/maker would make it \(maker\/n\.yaml:1\)/,
      fix: /depend on flux-system\/maker/,
    },
  ],
  [
    plainCase('maker', '  suspend: true\n', {
      files: () => ({ 'n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: made-space}\n' }),
    }),
    { code: 'suspended' },
  ],
  [
    plainCase('no-space', '', {
      files: (name) => ({ 'm.yaml': map(name).replace('  namespace: default\n', '') }),
    }),
    { code: 'no-namespace', at: 'no-space/m.yaml:1', says: /ConfigMap\/no-space has no namespace/ },
  ],
  [
    plainCase('forbidden', '  serviceAccountName: poor\n', {
      objects: 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: poor, namespace: flux-system}\n',
    }),
    {
      code: 'forbidden',
      at: 'forbidden/m.yaml:1',
      says: /service account flux-system\/poor may not patch configmaps in namespace default/,
      fix: /\{"apiGroups":\[""\],"resources":\["configmaps"\],"verbs":\["patch"\]\} to a Role of namespace default/,
    },
  ],
  [
    plainCase('gate', '  decryption: {provider: sops, serviceAccountName: poor}\n'),
    { code: 'feature-gate-off', fix: /ObjectLevelWorkloadIdentity=true/ },
  ],
  [
    plainCase('provider', '', {
      files: () => ({
        'k.yaml': kustomizationObject('p', `${at('fine')}  decryption:\n    provider: foo\n`),
      }),
    }),
    { code: 'refused-block', at: 'provider/k.yaml:10', says: /no decryption provider foo/ },
  ],
  [
    plainCase('field', '', {
      files: () => ({
        'k.yaml': kustomizationObject('f', `${at('fine')}  decryption:\n    provider: sops\n    name: x\n`),
      }),
    }),
    { code: 'refused-block', at: 'field/k.yaml:11', says: /no field name/ },
  ],
  [
    plainCase('removed', '', {
      files: () => ({ 'k.yaml': kustomizationObject('r', at('fine')).replace('/v1\n', '/v1beta2\n') }),
    }),
    { code: 'version-refused', at: 'removed/k.yaml:1', says: /: removed\/k\.yaml$/ },
  ],
  [
    plainCase('kind', '', {
      files: () => ({
        'k.yaml': 'apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x, namespace: default}\n',
      }),
    }),
    { code: 'kind-unknown', at: 'kind/k.yaml:1', says: /Kustomization flux-system\/definer would bring it/ },
  ],
  [
    plainCase('definer', '  suspend: true\n', {
      files: () => ({
        'd.yaml':
          'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\nspec: {names: {kind: Thing}}\n',
      }),
    }),
    { code: 'suspended' },
  ],
  [
    plainCase(
      'expression',
      '  healthCheckExprs: [{apiVersion: v1, kind: ConfigMap, current: "status.x ==="}]\n',
    ),
    { code: 'expression-invalid', says: /`status\.x ===`/ },
  ],
  [
    plainCase('policy', '', { objects: policy }),
    { code: 'admission-denied', at: 'policy/m.yaml:1', says: /no-tokens denies an object: not this one$/ },
  ],

  // without decryption
  [
    plainCase('secret', '', { files: (name) => ({ 's.yaml': encrypt(withData(name)) }) }),
    { code: 'built-without-decryption', at: 'secret/s.yaml' },
  ],
  [
    plainCase('role', '', {
      files: (name) => ({ 's.yaml': encrypt(role(name), { rule: { encrypted_regex: '^verbs$' } }) }),
    }),
    { code: 'built-without-decryption', at: 'role/s.yaml' },
  ],
  [
    plainCase('overlap', '', {
      files: (name) => ({
        'k.yaml': kustomizationObject('overlapped', `${at('overlap/app')}${block}`),
        'app/s.yaml': encrypt(withData(name, encoded('x'))),
      }),
    }),
    {
      code: 'takes-in-child',
      at: 'overlap/app/s.yaml',
      says: /flux-system\/overlapped, which never comes to be: overlap has no kustomization file/,
    },
  ],
  [
    {
      ...plainCase('overlap-there', '', {
        files: (name) => ({ 'app/s.yaml': encrypt(withData(name, encoded('x'))) }),
        objects: kustomizationObject(
          'there',
          `${at('overlap-there/app')}  decryption: {provider: sops, secretRef: {name: overlap-there}}\n`,
        ),
      }),
      keys: { 'age.agekey': key.text },
    },
    { code: 'takes-in-child', says: /of Kustomization flux-system\/there: overlap-there has no/ },
  ],
  [
    {
      ...plainCase('listed', '', {
        files: (name) => ({
          'kustomization.yaml': 'resources: [m.yaml]\n',
          'm.yaml': map(name),
          'app/s.yaml': encrypt(withData(`${name}-secret`, encoded('x'))),
        }),
        objects: kustomizationObject(
          'beside',
          `${at('listed/app')}  decryption: {provider: sops, secretRef: {name: listed}}\n`,
        ),
      }),
      keys: { 'age.agekey': key.text },
    },
    { code: undefined },
  ],
]

test('what is wrong with an object of Flux is the headline', async () => {
  const seen = await diagnoseCases(cases.map(([one]) => one))
  const wrong = cases.flatMap(([{ name }, { code, object = name, at: place, says = /^/, fix = /^/ }]) => {
    const found = seen.get(name)
    const { headline } = found ?? {}
    const id = object.includes(' ')
      ? object
      : `kustomization ${object.includes('/') ? object : `flux-system/${object}`}`
    const line = place?.includes(':') ? `:${headline?.line}` : ''
    const isRight =
      headline?.code === code &&
      (code === undefined || headline?.object === id) &&
      (place === undefined || `${headline?.file}${line}` === place) &&
      says.test(found?.message ?? '') &&
      fix.test(found?.fix ?? '')
    return isRight ? [] : [`${name}: ${JSON.stringify(headline)} ${found?.message}`]
  })
  assert.equal(wrong, [])
})

test.run()
