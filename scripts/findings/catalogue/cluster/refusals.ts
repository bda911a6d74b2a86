import type { Entry } from '../../entry.ts'

const specification =
  'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/docs/spec/v1/kustomizations.md'
const nothingApplied = 'The API server refuses the object. Nothing of the path is applied.'

/** Why the API server, or the controller, refuses what a Kustomization is to apply. */
export const clusterRefusalFindings = {
  forbidden: {
    severity: 'error',
    seen: '{account} may not {verb} {resource}{where}',
    means: `Flux applies as this account (spec.serviceAccountName, or its own). ${nothingApplied}`,
    fix: 'add the rule {rule} to a {role} that is bound to {account}',
    source: `${specification} (Role-based access control)`,
  },
  'admission-denied': {
    severity: 'error',
    seen: '{policy} denies an object: {words}',
    means: nothingApplied,
    fix: 'change the object as the policy wants it, or exempt it there',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/',
  },
  'webhook-silent': {
    severity: 'error',
    seen: 'the admission webhook {webhook} does not answer',
    means: `The API server asks it before it takes an object. ${nothingApplied}`,
    fix: 'mend the service behind the webhook: `kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations`',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/',
  },
  'quota-exceeded': {
    severity: 'error',
    seen: 'a quota of the namespace is used up: {words}',
    means: nothingApplied,
    fix: 'raise the ResourceQuota, or remove objects that nobody needs',
    source: 'https://kubernetes.io/docs/concepts/policy/resource-quotas/',
  },
  'no-namespace': {
    severity: 'error',
    seen: '{what} has no namespace',
    means:
      'Flux does not put an object into the namespace of its Kustomization by itself. Nothing of the path is applied.',
    fix: 'write metadata.namespace into the object, `namespace` into the kustomization file, or spec.targetNamespace',
    source: `${specification} (Target namespace)`,
  },
  'kind-unknown': {
    severity: 'error',
    seen: 'the API server knows no {kind} in {version}{builds}',
    means: 'Its CustomResourceDefinition is missing, or has no such version. Nothing of the path is applied.',
    fix: 'install the CustomResourceDefinition by another Kustomization, and name that in spec.dependsOn',
    source:
      'https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/',
  },
  'version-refused': {
    severity: 'error',
    seen: 'builds {kind} in {version}, which this cluster does not have any more{files}',
    means: 'Flux has removed this version of its API. Nothing of the path is applied.',
    fix: '`flux migrate -f .`',
    source: 'https://github.com/fluxcd/flux2/releases/tag/v2.8.0',
  },
  'feature-gate-off': {
    severity: 'error',
    seen: 'uses {field}, for which the feature gate {gate} of kustomize-controller must be on',
    means: 'Flux does not reconcile it until its spec or the controller is changed.',
    fix: 'add `--feature-gates={gate}=true` to the arguments of kustomize-controller, or remove {field}',
    source: 'https://github.com/fluxcd/kustomize-controller/blob/v1.9.4/internal/features/features.go',
  },
  'cross-namespace-refused': {
    severity: 'error',
    seen: 'names {reference} in another namespace, and kustomize-controller runs with --no-cross-namespace-refs',
    means: 'Flux does not reconcile it until its spec or the controller is changed.',
    fix: 'put a source of its own into the namespace of the Kustomization, and name that in spec.sourceRef',
    source: 'https://fluxcd.io/flux/installation/configuration/multitenancy/',
  },
  'expression-invalid': {
    severity: 'error',
    seen: 'its CEL expression `{expression}` is not valid',
    means: 'Flux does not reconcile it until its spec is changed.',
    fix: 'correct the expression in {field}',
    source: `${specification} (Health check expressions)`,
  },
} as const satisfies Record<string, Entry>
