import type { Code } from '../../findings/catalogue.ts'
import { type Finding, type FindingPlace, finding } from '../../findings/finding.ts'
import type { FluxSource } from '../../lib/cluster/flux-objects.ts'
import { withoutCredentials } from '../../lib/git/git.ts'
import { textAt } from '../../lib/yaml/values.ts'

/** Why a source does not fetch. */
export interface SourceCause {
  code: Code
  /** Matched against reason and message on one line. */
  text: RegExp
  /** @param says the last part of the message, behind what was tried */
  find(
    named: Readonly<Record<string, string>>,
    place: FindingPlace,
    source: FluxSource,
    says: string,
  ): Finding
}

/** The fields of a source that name a Secret. */
const secretFields = ['secretRef', 'certSecretRef', 'proxySecretRef']

/** The causes behind the messages of source-controller v1.9.4 and fluxcd/pkg/git. The first that matches counts. */
export const sourceCauses: readonly SourceCause[] = [
  {
    code: 'source-url-invalid',
    text: /^URLInvalid: /,
    find: (_, place, __, says) => finding('source-url-invalid', place, { says }),
  },
  {
    code: 'source-secret-missing',
    text: /secrets "(?<name>[^"]+)" not found/,
    find: ({ name = '' }, place, { metadata, spec }) => {
      const fields = secretFields.filter((field) => textAt(spec, field, 'name') === name)
      return finding('source-secret-missing', place, {
        secret: `${metadata.namespace}/${name}`,
        field: fields.map((field) => `spec.${field}`).join(' and ') || 'spec.verify.secretRef',
      })
    },
  },
  {
    code: 'source-unverified',
    text: /^(?:VerificationError|Invalid\w+Signature): /,
    find: (_, place, __, says) => finding('source-unverified', place, { says }),
  },
  {
    code: 'certificate-refused',
    text: /x509: |failed to verify certificate/,
    find: (_, place, { kind }, says) =>
      finding('certificate-refused', place, {
        says,
        field: kind === 'GitRepository' ? 'spec.secretRef' : 'spec.certSecretRef',
      }),
  },
  {
    code: 'credentials-unusable',
    text: /^AuthenticationFailed: |auth option|knownhosts: |unable to parse private key|invalid auth/,
    find: (_, place, __, says) => finding('credentials-unusable', place, { says }),
  },
  {
    code: 'credentials-refused',
    text: /authentication required|authorization failed|unable to authenticate|UNAUTHORIZED|DENIED|Access Denied|401 Unauthorized|403 Forbidden/,
    find: (_, place, { metadata, spec }) => {
      const name = textAt(spec, 'secretRef', 'name')
      const secret = `Secret ${metadata.namespace}/${name}`
      const facts =
        name === undefined
          ? {
              credentials: 'to be read without credentials',
              secret: `a Secret of namespace ${metadata.namespace}, and name that in spec.secretRef`,
            }
          : { credentials: `the credentials of ${secret}`, secret }
      return finding('credentials-refused', place, facts)
    },
  },
  {
    code: 'commit-missing',
    text: /unable to resolve commit object for '(?<commit>[^']+)'/,
    find: ({ commit = '' }, place) => finding('commit-missing', place, { commit }),
  },
  {
    code: 'reference-missing',
    text: /couldn't find remote ref "(?<ref>[^"]+)"|unable to resolve ref '(?<name>[^']+)'|no match found for (?<semver>semver: .*)/,
    find: ({ ref, name, semver = '' }, place) =>
      finding('reference-missing', place, { reference: referenceIn(ref ?? name ?? semver), others: '' }),
  },
  {
    code: 'repository-empty',
    text: /^EmptyGitRepository: /,
    find: (_, place) => finding('repository-empty', place, {}),
  },
  {
    code: 'repository-not-found',
    text: /repository not found|NAME_UNKNOWN|bucket '[^']*' not found|bucket does not exist/i,
    find: (_, place, { spec }) =>
      finding('repository-not-found', place, { url: withoutCredentials(spec.url ?? 'its URL') }),
  },
  {
    code: 'source-unreachable',
    text: /dial tcp|no such host|connection refused|i\/o timeout|context deadline exceeded|TLS handshake timeout|network is unreachable|connection reset/,
    find: (_, place, __, says) => finding('source-unreachable', place, { says }),
  },
]

/** @returns `branch nope` for `refs/heads/nope` */
function referenceIn(reference: string): string {
  return reference
    .replace(/^refs\/heads\//, 'branch ')
    .replace(/^refs\/tags\//, 'tag ')
    .replace(/^semver: /, 'tag of the version range ')
}
