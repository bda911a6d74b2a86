/** Why a Kustomization cannot be applied. */
interface Cause {
  code: string
  /** Matched against the message on one line (`oneLine`): sops breaks its lines at changing places. */
  text: RegExp
  cause: string
  /** `undefined`: it depends on where the key has to be. */
  fix: string | undefined
}

/** The causes behind the messages of kustomize-controller (docs/decryption.md#what-the-messages-mean). The first that matches counts. */
export const causes = [
  {
    code: 'substitution',
    text: /post build failed for/,
    cause: 'the post-build substitution of the Kustomization failed',
    fix: 'check spec.postBuild and the Secrets and ConfigMaps that it substitutes from',
  },
  {
    code: 'key-secret-missing',
    text: /^secrets? "[^"]+" not found/,
    cause: "the Secret with the age key is not in the Kustomization's own namespace",
    fix: undefined,
  },
  {
    code: 'key-unusable',
    text: /failed to import '[^']*' data from sops/,
    cause: 'the Secret holds something that is no age identity',
    fix: undefined,
  },
  {
    code: 'no-identity',
    text: /failed to load age identities/,
    cause: 'no identity was found in the key Secret: its data key must end in .agekey',
    fix: undefined,
  },
  {
    code: 'plugin-identity',
    text: /plugin: couldn't start plugin/,
    cause: 'a plugin identity was tried, and no other one matched',
    fix: 'encrypt to an age identity that needs no plugin, and put it into the key Secret',
  },
  {
    // before wrong-key, whose text its message holds as well
    code: 'shamir',
    text: /Shamir threshold of/,
    cause: 'the creation rule has several key groups, and the cluster has not the keys of all',
    fix: 'put an identity of every group into the key Secret, or use one group',
  },
  {
    code: 'wrong-key',
    text: /did not match any of the recipients|no identity matched any/,
    cause: 'the file is encrypted to another key than the one in the cluster',
    fix: '`mise run flux:sops-key` with the key that .sops.yaml names, or `sops updatekeys` on the files',
  },
  {
    code: 'plaintext-in-encrypted-file',
    text: /does not match sops' data format|Expected encrypted value as string/,
    cause:
      'a file holds a plain value where sops expects an encrypted one: edited by hand, or a patch wrote into it',
    fix: 'edit encrypted files with `sops edit` only',
  },
  {
    code: 'moved-value',
    text: /message authentication failed/,
    cause: 'a key of an encrypted file was renamed or moved after it was encrypted, or its value was damaged',
    fix: 'give it its old name back; change encrypted files with `sops edit` only',
  },
  {
    code: 'decryption-missing',
    text: /is SOPS encrypted, configuring decryption is required|\.sops: field not declared in schema/,
    cause: 'an encrypted file is applied by a Kustomization without decryption',
    fix: '`mise run flux:enable-decryption` on the Kustomization that owns its path',
  },
  {
    code: 'no-namespace',
    text: /namespaces? "[^"]+" not found/,
    cause: 'the namespace of an object does not exist',
    fix: 'create it, or choose another one with --namespace',
  },
  {
    code: 'not-base64',
    text: /illegal base64 data/,
    cause: 'a value under data is not base64',
    fix: 'use stringData',
  },
  {
    code: 'not-a-string',
    text: /expected string, got/,
    cause: 'a value under data or stringData is not a string; it was printed by the API server, so change it',
    fix: 'put it in quotes and encrypt the file again',
  },
  {
    code: 'path-missing',
    text: /kustomization path not found/,
    cause: 'spec.path is not in the repository at this commit',
    fix: 'correct spec.path',
  },
  {
    code: 'build',
    text: /kustomize build failed|failed to decode Kubernetes/,
    cause: 'kustomize cannot build the path',
    fix: 'mend what it names; where `kustomize build` of the path works, .sourceignore or spec.ignore leaves a file out, or spec.patches and spec.components fail',
  },
  {
    code: 'health',
    text: /health check failed|timeout waiting for/,
    cause: 'an object of this Kustomization does not become ready',
    fix: 'look at the object that the message names',
  },
  {
    code: 'dependency',
    text: /^dependency '/,
    cause: 'a Kustomization that this one depends on is missing or not ready',
    fix: 'mend that one first',
  },
  {
    code: 'immutable',
    text: /field is immutable|immutable field/,
    cause: 'an object that is in the cluster cannot be changed',
    fix: 'delete it, or set spec.force for it',
  },
] as const satisfies readonly Cause[]

/** The code of a cause: for programs, so it stays the same when the words change. */
export type CauseCode = (typeof causes)[number]['code']
