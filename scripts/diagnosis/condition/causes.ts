import { type Finding, type FindingPlace, finding } from '../../findings/finding.ts'
import { flagsFor, type KeySecretId } from '../../findings/key-secret.ts'
import { unusableKey } from '../../findings/unusable-key.ts'
import { type Cause, cause, plainCause } from './cause.ts'
import {
  buildCauses,
  encryptedFileCauses,
  fieldCauses,
  objectCauses,
  substitutionCauses,
} from './file-causes.ts'
import { refusals } from './refusals.ts'

/** The causes behind the messages of kustomize-controller (docs/decryption.md#what-the-messages-mean). The first that matches counts. */
export const causes: readonly Cause[] = [
  ...substitutionCauses,
  {
    code: 'no-key-secret',
    text: /^secrets? "[^"]+" not found|failed to import '[^']*' data from sops|failed to load age identities/,
    isWithoutSecretRef: true,
    find: (_, place) => finding('no-key-secret', place, { of: '', nothing: 'nothing', files: '' }),
  },
  {
    code: 'key-secret-missing',
    text: /^secrets? "[^"]+" not found/,
    find: (_, place, key) => finding('key-secret-missing', place, { flags: flagsFor(key) }),
  },
  {
    code: 'key-unusable',
    text: /failed to import '(?<dataKey>age\.agekey)' data from sops/,
    find: findUnusable,
  },
  {
    code: 'entry-unusable',
    text: /failed to import '(?<dataKey>[^']*)' data from sops/,
    find: findUnusable,
  },
  {
    code: 'no-identity',
    text: /failed to load age identities/,
    find: (_, place, key) =>
      finding('no-identity', place, {
        why: 'its data key must end in .agekey, and hold one',
        flags: flagsFor(key),
      }),
  },
  plainCause('plugin-identity', /plugin: couldn't start plugin/),
  {
    // before wrong-key, whose text its message holds as well
    code: 'key-groups',
    text: /Shamir threshold of (?<needed>\d+)(?:, but only (?<opened>\d+) part)?/,
    find: ({ needed = '', opened = 'too few' }, place) =>
      finding('key-groups', place, { opened, groups: 'several', rule: 'the file', needed }),
  },
  {
    code: 'wrong-key',
    text: /did not match any of the recipients|no identity matched any/,
    find: (_, place, key) =>
      // which Secret the controller takes by itself, a Kustomization does not say
      finding('wrong-key', place, { what: 'the file', keys: '', flags: key.name && flagsFor(key) }),
  },
  plainCause(
    'plaintext-in-encrypted-file',
    /does not match sops' data format|Expected encrypted value as string/,
  ),
  cause('value-not-authentic', /message authentication failed/, { what: 'an encrypted file' }),
  ...encryptedFileCauses,
  {
    code: 'built-without-decryption',
    text: /is SOPS encrypted, configuring decryption is required|\.sops: field not declared in schema|no matches for kind "ENC\[|Object 'Kind' is missing in/,
    find: (_, place) =>
      finding('built-without-decryption', place, { kustomization: 'it', files: 'an encrypted file' }),
  },
  {
    code: 'namespace-missing',
    text: /namespaces? "[^"]+" not found/,
    find: (_, place) =>
      finding('namespace-missing', place, { what: 'an object', builds: '', choose: 'name another one' }),
  },
  plainCause('not-base64', /illegal base64 data/),
  cause('not-a-string', /expected string, got/, { what: 'a value under data or stringData' }),
  ...objectCauses,
  plainCause('path-missing', /kustomization path not found/),
  ...buildCauses,
  plainCause('build', /kustomize build failed|failed to decode Kubernetes/),
  ...refusals,
  plainCause('health', /health check failed|timeout waiting for/),
  {
    code: 'dependency',
    text: /^dependency '(?<dependency>[^']*)'(?: is not ready according to (?<expression>readyExpr))?/,
    find: ({ dependency = '', expression }, place) =>
      finding('dependency', place, {
        dependency,
        state: expression === undefined ? 'missing or not ready' : 'not ready as its readyExpr wants it',
      }),
  },
  cause('immutable', /field is immutable|immutable field/, {
    what: 'an object that is in the cluster',
    field: '',
  }),
  ...fieldCauses,
]

function findUnusable(
  { dataKey = '' }: Readonly<Record<string, string>>,
  place: FindingPlace,
  key: KeySecretId,
): Finding {
  return unusableKey(key, { dataKey, reason: undefined }, place)
}
