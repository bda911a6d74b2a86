import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { causes } from '../../../scripts/diagnosis/condition/causes.ts'
import { explainCondition } from '../../../scripts/diagnosis/condition/explain.ts'
import { worded } from '../../../scripts/findings/finding.ts'
import type { Kustomization } from '../../../scripts/lib/cluster/flux-objects.ts'

const withSecret = { provider: 'sops', secretRef: { name: 'sops-age' } }

/** A Kustomization whose Ready condition says this; none: it has no condition. */
function kustomizationOf(
  reason?: string,
  message = '',
  decryption: Kustomization['spec']['decryption'] = withSecret,
) {
  const ready = { type: 'Ready', status: 'False', reason: `${reason}`, message } as const
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'apps', namespace: 'flux-system' },
    spec: { prune: true, sourceRef: { kind: 'GitRepository', name: 'flux-system' }, decryption },
    status: { conditions: reason === undefined ? [] : [ready] },
  }
}

const keyError = (why: string) =>
  `decryption failed for 'Secret.v1.[noGrp]/t': failed to decrypt and format 'apps/t' Secret data: cannot get sops data key: Failed to get the data key required to decrypt the SOPS file.

Group 0: FAILED
  age1x: FAILED
${why}

Recovery failed because no master key was able to decrypt the file. In
order for SOPS to recover the file, at least one key has to be successful,
but none were.`

const treeError = (why: string) =>
  `decryption failed for 'Secret.v1.[noGrp]/t': failed to decrypt and format 'apps/t' Secret data: error decrypting sops tree: Error walking tree: ${why}`

const importError = (why: string) =>
  `failed to import 'age.agekey' data from sops decryption Secret 'apps/sops-age': failed to parse and add to age identities: ${why}`

const objectError = (why: string) =>
  `decryption failed for 'Secret.v1.[noGrp]/t': failed to decrypt and format 'apps/t' Secret data: failed to load encrypted JSON data: ${why}`

const built = (why: string) => `kustomize build failed: accumulating resources: ${why}`

/** What a real controller said, by what was behind it (docs/decryption.md#what-the-messages-mean). */
const said: Record<string, readonly [reason: string, message: string][]> = {
  'key-secret-missing': [['BuildFailed', 'secrets "sops-age" not found']],
  'key-unusable': [
    ['BuildFailed', importError('unknown identity type')],
    ['BuildFailed', importError('malformed secret key: invalid checksum')],
  ],
  'entry-unusable': [
    ['BuildFailed', importError('unknown identity type').replace('age.agekey', 'old.agekey')],
  ],
  'no-identity': [
    [
      'BuildFailed',
      keyError(`    - | failed to load age identities. Did not find keys in
      | locations 'SOPS_AGE_SSH_PRIVATE_KEY_FILE', and
      | '/tmp/.config/sops/age/keys.txt'.`),
    ],
  ],
  'wrong-key': [
    [
      'BuildFailed',
      keyError(`    - | failed to create reader for decrypting sops data key with
      | age: identity did not match any of the recipients: incorrect
      | identity for recipient block`),
    ],
    // where the lines are broken depends on the length of the words before
    [
      'BuildFailed',
      keyError(`    - | failed to create reader for decrypting sops data key with age: no
      | identity matched any
      | of the recipients`),
    ],
  ],
  'plugin-identity': [
    [
      'BuildFailed',
      keyError(`    - | failed to create reader for decrypting sops data key with
      | age: yubikey plugin: couldn't start plugin: "yubikey" plugin
      | not found: exec: "age-plugin-yubikey": executable file not
      | found in $PATH`),
    ],
  ],
  'key-groups': [
    [
      'BuildFailed',
      keyError(`    - | failed to create reader for decrypting sops data key with
      | age: identity did not match any of the recipients: incorrect
      | identity for recipient block

Recovery failed because the file was encrypted with a Shamir threshold of
2, but only 1 part(s) were successfully recovered`),
    ],
  ],
  'plaintext-in-encrypted-file': [
    [
      'BuildFailed',
      treeError("Could not decrypt value: Input string <redacted> does not match sops' data format"),
    ],
    ['BuildFailed', treeError('Expected encrypted value as string, but got int')],
  ],
  'value-not-authentic': [
    [
      'BuildFailed',
      treeError(
        'Could not decrypt value: Could not decrypt with AES_GCM: cipher: message authentication failed',
      ),
    ],
  ],
  'built-without-decryption': [
    [
      'ReconciliationFailed',
      'Secret/apps/t is SOPS encrypted, configuring decryption is required for this secret to be reconciled',
    ],
    [
      'ReconciliationFailed',
      'GitRepository/apps/x dry-run failed: failed to create typed patch object (apps/x; source.toolkit.fluxcd.io/v1, Kind=GitRepository): .sops: field not declared in schema\n',
    ],
  ],
  'namespace-missing': [
    ['ReconciliationFailed', 'Secret/nowhere/t not found: namespaces "nowhere" not found\n'],
  ],
  'not-base64': [
    [
      'ReconciliationFailed',
      'Secret/apps/t dry-run failed: failed to convert new object (apps/t; /v1, Kind=Secret) to proper version: unable to convert unstructured object to /v1, Kind=Secret: error decoding from json: illegal base64 data at input byte 3\n',
    ],
  ],
  'not-a-string': [
    [
      'ReconciliationFailed',
      'Secret/apps/t dry-run failed: failed to create typed patch object (apps/t; /v1, Kind=Secret): .stringData.token: expected string, got &value.valueUnstructured{Value:12345}\n',
    ],
  ],
  'path-missing': [
    [
      'ArtifactFailed',
      'kustomization path not found: stat /tmp/kustomization-1/app: no such file or directory',
    ],
  ],
  'metadata-incomplete': [
    ['BuildFailed', objectError('parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"')],
    ['BuildFailed', objectError('No keys found in file')],
    ['BuildFailed', objectError('Found sops entry that is not a mapping')],
  ],
  'another-format': [
    [
      'BuildFailed',
      "decryption failed for 'Secret.v1.[noGrp]/t': failed to decrypt and format 'apps/t' Secret field 'config': failed to emit encrypted YAML file as decrypted binary: error emitting binary store: no binary data found in tree",
    ],
  ],
  'source-refused': [
    [
      'BuildFailed',
      'error decrypting sources: cannot decrypt file with size (5243897 bytes) exceeding limit (5242880)',
    ],
    [
      'BuildFailed',
      'error decrypting sources: cannot decrypt irregular file as it has file mode type bits set',
    ],
  ],
  'whole-manifest-changed': [
    [
      'BuildFailed',
      'kustomize build failed: recovered from kustomize build panic: number of previous names, number of previous namespaces, number of previous kinds not equal',
    ],
  ],
  'data-key-refused': [
    [
      'ReconciliationFailed',
      'Secret/apps/t dry-run failed (Invalid): Secret "t" is invalid: data[token: plover]: Invalid value: "token: plover": a valid config key must consist of alphanumeric characters\n',
    ],
  ],
  'field-refused': [
    [
      'ReconciliationFailed',
      'GitRepository/apps/x dry-run failed: failed to create typed patch object (apps/x; source.toolkit.fluxcd.io/v1, Kind=GitRepository): .spec.ulr: field not declared in schema\n',
    ],
    [
      'ReconciliationFailed',
      'Secret/apps/t dry-run failed: failed to create typed patch object (apps/t; /v1, Kind=Secret): .immutable: expected boolean, got &{1}\n',
    ],
    [
      'ReconciliationFailed',
      'Secret/apps/t dry-run failed (Invalid): Secret "t" is invalid: data[tls.key]: Required value\n',
    ],
  ],
  'no-kustomization-file': [
    ['BuildFailed', 'error decrypting sources: no kustomization file found'],
    [
      'BuildFailed',
      built(
        "accumulation err='accumulating resources from 'below': read /tmp/kustomization-1/app/below: is a directory': couldn't make target for path '/tmp/kustomization-1/app/below': unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/tmp/kustomization-1/app/below'",
      ),
    ],
  ],
  'several-kustomization-files': [
    ['BuildFailed', 'error decrypting sources: found multiple kustomization files'],
    [
      'BuildFailed',
      'kustomize build failed: Found multiple kustomization files under: /tmp/kustomization-1/app\n',
    ],
  ],
  'kustomization-file-empty': [
    [
      'BuildFailed',
      built(
        "accumulation err='accumulating resources from 'below': read /tmp/kustomization-1/app/below: is a directory': couldn't make target for path '/tmp/kustomization-1/app/below': kustomization.yaml is empty",
      ),
    ],
  ],
  'component-kind': [
    [
      'BuildFailed',
      "kustomize build failed: accumulating components: accumulateDirectory: \"expected kind 'Component' for path '/tmp/kustomization-1/app/below' but got 'Kustomization'\"",
    ],
  ],
  'kustomization-file-broken': [
    ['BuildFailed', "error converting YAML to JSON: yaml: line 1: did not find expected ',' or ']'"],
    [
      'BuildFailed',
      'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go struct field Kustomization.resources of type []string',
    ],
  ],
  'yaml-broken': [
    [
      'BuildFailed',
      "failed to decode Kubernetes YAML from /tmp/kustomization-1/app/s.yaml: MalformedYAMLError: yaml: line 7: could not find expected ':'",
    ],
    [
      'BuildFailed',
      'kustomize build failed: map[string]interface {}(nil): yaml: unmarshal errors:\n  line 8: mapping key "token" already defined at line 7',
    ],
  ],
  'no-object': [
    [
      'BuildFailed',
      'failed to decode Kubernetes YAML from /tmp/kustomization-1/app/s.yaml: missing Resource metadata',
    ],
    [
      'BuildFailed',
      'failed to decode Kubernetes YAML from /tmp/kustomization-1/app/s.yaml: missing metadata.name in object {{v1 Secret} {{ default} map[] map[]}}',
    ],
  ],
  'declared-twice': [
    [
      'BuildFailed',
      built(
        "accumulation err='merging resources from 't.yaml': may not add resource with an already registered id: Secret.v1.[noGrp]/t.apps': must build at directory: '/tmp/kustomization-1/app/t.yaml': file is not directory",
      ),
    ],
  ],
  'patch-without-target': [
    [
      'BuildFailed',
      'kustomize build failed: no resource matches strategic merge patch "Secret.v1.[noGrp]/nobody.[noNs]": no matches for Id Secret.v1.[noGrp]/nobody.[noNs]; failed to find unique target for patch Secret.v1.[noGrp]/nobody.[noNs]',
    ],
    [
      'BuildFailed',
      'kustomize build failed: replace operation does not apply: doc is missing path: /data/a: missing value',
    ],
  ],
  'listed-missing': [
    ['BuildFailed', 'error decrypting sources: lstat app/gone.yaml: no such file or directory'],
    [
      'BuildFailed',
      built(
        "accumulation err='accumulating resources from 'gone.yaml': open /tmp/kustomization-1/app/gone.yaml: no such file or directory': must build at directory: not a valid directory",
      ),
    ],
  ],
  build: [
    [
      'BuildFailed',
      built(
        "accumulation err='accumulating resources from 'https://example.com/x.yaml': HTTP Error: status code 404",
      ),
    ],
  ],
  'variable-not-set': [
    [
      'BuildFailed',
      'post build failed for \'Secret.v1.[noGrp]/t\': envsubst error: variable substitution failed: variable not set (strict mode): "UNDEFINED"',
    ],
  ],
  'variable-unreadable': [
    [
      'BuildFailed',
      "post build failed for 'Secret.v1.[noGrp]/t': envsubst error: variable substitution failed: missing closing brace",
    ],
  ],
  'variable-name': [
    [
      'BuildFailed',
      "post build failed for 'Secret.v1.[noGrp]/t': envsubst error: 'a-b' var name is invalid, must match '^[_[:alpha:]][_[:alpha:][:digit:]]*$'",
    ],
  ],
  // not that of the key
  'substitute-from-missing': [
    [
      'BuildFailed',
      "post build failed for 'Secret.v1.[noGrp]/t': substitute from 'Secret/nope' error: secrets \"nope\" not found",
    ],
  ],
  substitution: [
    [
      'BuildFailed',
      'post build failed for \'Secret.v1.[noGrp]/t\': substitute from \'Secret/nope\' error: secrets "nope" is forbidden: User "apps" cannot get resource "secrets" in API group "" in the namespace "apps"',
    ],
  ],
  health: [
    [
      'HealthCheckFailed',
      "health check failed after 30.03s: timeout waiting for: [Deployment/apps/web status: 'InProgress']",
    ],
  ],
  dependency: [['DependencyNotReady', "dependency 'flux-system/infrastructure' is not ready"]],
  immutable: [
    [
      'ReconciliationFailed',
      'Secret/apps/t dry-run failed (Invalid): Secret "t" is invalid: data: Forbidden: field is immutable when `immutable` is set\n',
    ],
  ],
  forbidden: [
    [
      'ReconciliationFailed',
      'ConfigMap/apps/t dry-run failed (Forbidden): configmaps "t" is forbidden: User "system:serviceaccount:apps:poor" cannot patch resource "configmaps" in API group "" in the namespace "default"\n',
    ],
    [
      'ReconciliationFailed',
      'ClusterRole/t dry-run failed (Forbidden): clusterroles.rbac.authorization.k8s.io "t" is forbidden: User "someone" cannot patch resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope\n',
    ],
  ],
  'quota-exceeded': [
    [
      'ReconciliationFailed',
      'Secret/apps/t dry-run failed (Forbidden): secrets "t" is forbidden: exceeded quota: few, requested: secrets=1, used: secrets=2, limited: secrets=2\n',
    ],
  ],
  'admission-denied': [
    [
      'ReconciliationFailed',
      `ConfigMap/apps/t dry-run failed (Invalid): configmaps "t" is forbidden: ValidatingAdmissionPolicy 'no-tokens' with binding 'no-tokens' denied request: not this one\n`,
    ],
    [
      'ReconciliationFailed',
      'Deployment/apps/t dry-run failed (BadRequest): admission webhook "validate.kyverno.svc-fail" denied the request: resource Deployment/apps/t was blocked\n',
    ],
  ],
  'webhook-silent': [
    [
      'ReconciliationFailed',
      'Ingress/apps/t dry-run failed (InternalError): Internal error occurred: failed calling webhook "validate.nginx.ingress.kubernetes.io": failed to call webhook: Post "https://x.svc:443/": dial tcp 10.0.0.1:443: connect: connection refused\n',
    ],
  ],
  'no-namespace': [
    [
      'ReconciliationFailed',
      'Secret/t namespace not specified: the server could not find the requested resource\n',
    ],
  ],
  'version-refused': [
    [
      'ReconciliationFailed',
      'Kustomization/apps/b dry-run failed: no matches for kind "Kustomization" in version "kustomize.toolkit.fluxcd.io/v1beta2"\n',
    ],
  ],
  'kind-unknown': [
    [
      'ReconciliationFailed',
      'PodMonitor/apps/x dry-run failed: no matches for kind "PodMonitor" in version "monitoring.coreos.com/v1"\n',
    ],
  ],
  'refused-block': [
    [
      'ReconciliationFailed',
      'Kustomization/apps/a dry-run failed (Invalid): Kustomization.kustomize.toolkit.fluxcd.io "a" is invalid: [spec.decryption.provider: Unsupported value: "foo": supported values: "sops", <nil>: Invalid value: null: some validation rules were not checked]\n',
    ],
    [
      'ReconciliationFailed',
      'Kustomization/apps/a dry-run failed: failed to create typed patch object (apps/a; kustomize.toolkit.fluxcd.io/v1, Kind=Kustomization): .spec.decryption.name: field not declared in schema\n',
    ],
  ],
  'feature-gate-off': [
    [
      'FeatureGateDisabled',
      'to use spec.decryption.serviceAccountName for decryption authentication please enable the ObjectLevelWorkloadIdentity feature gate in the controller',
    ],
  ],
  'cross-namespace-refused': [
    [
      'AccessDenied',
      "can't access 'GitRepository/other/source', cross-namespace references have been blocked",
    ],
  ],
  'expression-invalid': [
    [
      'InvalidCELExpression',
      "failed to parse the expression Current: failed to parse the CEL expression 'status.x ===': ERROR: <input>:1:14: Syntax error",
    ],
  ],
  'not-ready': [['PruneFailed', 'something else']],
}

test('each message of the controller has the code of its cause', () => {
  const codes = causes.filter(({ isWithoutSecretRef }) => !isWithoutSecretRef).map(({ code }) => code)
  assert.equal(Object.keys(said).sort(), [...new Set([...codes, 'not-ready'])].sort())
  for (const [code, messages] of Object.entries(said))
    for (const [reason, message] of messages)
      assert.is(explainCondition(kustomizationOf(reason, message)).code, code, message)
})

test('what is wrong with a key is another cause where the Kustomization names no key Secret', () => {
  for (const code of ['key-secret-missing', 'key-unusable', 'entry-unusable', 'no-identity'])
    for (const [reason, message] of said[code]!)
      assert.is(
        explainCondition(kustomizationOf(reason, message, { provider: 'sops' })).code,
        'no-key-secret',
        message,
      )
})

test('the command that puts another key into the cluster writes the Secret that the Kustomization names', () => {
  const wrong = kustomizationOf(...said['wrong-key']![0]!)
  wrong.metadata.namespace = 'apps'
  assert.match(worded(explainCondition(wrong)).fix, '`mise run flux:sops-key --namespace apps`')
  wrong.spec.decryption = { provider: 'sops' }
  assert.match(worded(explainCondition(wrong)).fix, '`mise run flux:sops-key`')
})

test('a Kustomization without a condition is not ready for no reason', () => {
  assert.equal(explainCondition(kustomizationOf()), {
    code: 'no-status',
    object: 'kustomization flux-system/apps',
    facts: { controller: 'kustomize-controller' },
    file: undefined,
    line: undefined,
    column: undefined,
  })
})

test('the words of the controller are on one line, and hold no value', () => {
  const plain = explainCondition(kustomizationOf(...said['not-a-string']![0]!))
  assert.match(
    `${plain.said}`,
    /^ReconciliationFailed: Secret\/apps\/t dry-run failed: .*expected string, got <redacted>$/,
  )
  const framed = explainCondition(kustomizationOf(...said['wrong-key']![1]!))
  assert.match(`${framed.said}`, 'with age: no identity matched any of the recipients')
})

test('no finding has a value that a message quotes', () => {
  for (const [reason, message] of [
    [
      'BuildFailed',
      treeError("Could not decrypt value: Input string plover does not match sops' data format"),
    ],
    [
      'BuildFailed',
      objectError('parsing time "plover" as "2006-01-02T15:04:05Z07:00": cannot parse "plover"'),
    ],
    ['BuildFailed', treeError('Could not decrypt value: strconv.Atoi: parsing "plover": invalid syntax')],
    [
      'BuildFailed',
      'error decrypting sources: failed to load encrypted dotenv data: invalid dotenv input line: plover',
    ],
    [
      'BuildFailed',
      'kustomize build failed: wrong node kind: expected MappingNode but got ScalarNode: node contents:\nplover\n',
    ],
    ['BuildFailed', 'kustomize build failed: yaml: cannot decode !!str `plover` as a !!int'],
    ['BuildFailed', importError('unknown identity type: "AGE-SECRET-KEY-1PLOVER"')],
    ['BuildFailed', 'error converting YAML to JSON: Object \'Kind\' is missing in \'{"a":"plover"}\''],
    [
      'ReconciliationFailed',
      'Secret/apps/t dry-run failed: (apps/t; /v1, Kind=Secret): .data: expected map, got &{plover}',
    ],
    [
      'ReconciliationFailed',
      'Secret/apps/t dry-run failed (Invalid): Secret "t" is invalid: [data[plover]: Invalid value: "plover": a valid config key, type: Unsupported value: "plover": supported values: "a"]',
    ],
    [
      'ReconciliationFailed',
      'X/apps/t dry-run failed (Invalid): X "t" is invalid: spec.a: Invalid value: {"b":"plover"}: no',
    ],
  ] as const) {
    const found = explainCondition(kustomizationOf(reason, message))
    assert.match(`${found.said ?? worded(found).message}`, /redacted/, message)
    assert.not.match(JSON.stringify({ found, words: worded(found) }), /plover/i, message)
  }
})

test.run()
