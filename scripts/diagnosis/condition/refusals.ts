import { finding } from '../../findings/finding.ts'
import type { Cause } from './cause.ts'

/** The causes behind a refusal: of the API server, of what it asks, or of the controller before it does anything. */
export const refusals: readonly Cause[] = [
  {
    code: 'forbidden',
    text: /User "(?<user>[^"]+)" cannot (?<verb>\w+) resource "(?<resource>[^"]+)" in API group "(?<group>[^"]*)"(?: in the namespace "(?<namespace>[^"]+)")?/,
    find: ({ user = '', verb = '', resource = '', group = '', namespace }, place) => {
      const account = user.replace(/^system:serviceaccount:([^:]+):(.+)$/, 'service account $1/$2')
      const rule = { apiGroups: [group], resources: [resource], verbs: [verb] }
      return finding('forbidden', place, {
        account,
        verb,
        resource: group === '' ? resource : `${resource}.${group}`,
        where: namespace === undefined ? ' of the cluster' : ` in namespace ${namespace}`,
        rule: JSON.stringify(rule),
        role: namespace === undefined ? 'ClusterRole' : `Role of namespace ${namespace}`,
      })
    },
  },
  {
    code: 'quota-exceeded',
    text: /exceeded quota: (?<words>.*)/,
    find: ({ words = '' }, place) => finding('quota-exceeded', place, { words }),
  },
  {
    code: 'admission-denied',
    text: /(?<policy>admission webhook "[^"]+"|ValidatingAdmissionPolicy '[^']+')(?: with binding '[^']+')? denied (?:the )?request: (?<words>.*)/,
    find: ({ policy = '', words = '' }, place) =>
      finding('admission-denied', place, { policy: policy.replaceAll(/["']/g, ''), words }),
  },
  {
    code: 'webhook-silent',
    text: /failed calling webhook "(?<webhook>[^"]+)"/,
    find: ({ webhook = '' }, place) => finding('webhook-silent', place, { webhook }),
  },
  {
    code: 'no-namespace',
    text: /(?<what>\S+) namespace not specified/,
    find: ({ what = '' }, place) => finding('no-namespace', place, { what }),
  },
  {
    code: 'version-refused',
    text: /no matches for kind "(?<kind>[^"]+)" in version "(?<version>(?:[a-z]+)\.toolkit\.fluxcd\.io\/v\d(?:alpha|beta)\d)"/,
    find: ({ kind = '', version = '' }, place) =>
      finding('version-refused', place, { kind, version, files: '' }),
  },
  {
    code: 'kind-unknown',
    text: /no matches for kind "(?<kind>[^"]+)" in version "(?<version>[^"]+)"/,
    find: ({ kind = '', version = '' }, place) =>
      finding('kind-unknown', place, { kind, version, builds: '' }),
  },
  {
    code: 'refused-block',
    text: /(?<field>spec\.decryption\b[\w.]*): (?<words>Unsupported value|Required value|field not declared)/,
    find: ({ field = '', words = '' }, place) =>
      finding('refused-block', place, {
        of: '',
        fault: `the API server refuses ${field} of an object: ${words}`,
      }),
  },
  {
    code: 'feature-gate-off',
    text: /to use (?<field>\S+) .*please enable the (?<gate>\w+) feature gate/,
    find: ({ field = '', gate = '' }, place) => finding('feature-gate-off', place, { field, gate }),
  },
  {
    code: 'cross-namespace-refused',
    text: /can't access '(?<reference>[^']+)', cross-namespace references have been blocked/,
    find: ({ reference = '' }, place) => finding('cross-namespace-refused', place, { reference }),
  },
  {
    code: 'expression-invalid',
    text: /failed to parse the CEL expression '(?<expression>[^']*)'/,
    find: ({ expression = '' }, place) =>
      finding('expression-invalid', place, { expression, field: 'spec.healthCheckExprs or spec.dependsOn' }),
  },
]
