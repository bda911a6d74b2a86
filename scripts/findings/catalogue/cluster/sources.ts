import type { Entry } from '../../entry.ts'

const gitDocs = 'https://fluxcd.io/flux/components/source/gitrepositories'
const gitController =
  'https://github.com/fluxcd/source-controller/blob/v1.9.4/internal/controller/gitrepository_controller.go'

/** Why a source does not fetch. Flux goes on with the last artifact that it has, or applies nothing where it has none. */
export const clusterSourceFindings = {
  'source-unreachable': {
    severity: 'error',
    seen: 'source-controller does not reach it: {says}',
    means: 'Flux gets no new commit, and goes on with the last one that it has.',
    fix: 'correct spec.url, or let source-controller reach it: DNS, proxies and network policies',
    source: `${gitDocs}/#url`,
  },
  'source-url-invalid': {
    severity: 'error',
    seen: 'its URL is not valid: {says}',
    means: 'Flux does not even try to fetch until its spec is changed.',
    fix: 'correct spec.url',
    source: `${gitDocs}/#url`,
  },
  'reference-missing': {
    severity: 'error',
    seen: 'the remote has no {reference}{others}',
    means: 'Flux gets no new commit, and goes on with the last one that it has.',
    fix: 'correct spec.ref, or push what it names',
    source: `${gitDocs}/#reference`,
  },
  'commit-missing': {
    severity: 'error',
    seen: 'the remote has no commit {commit}, which spec.ref.commit names',
    means: 'Somebody has rewritten the history, or the commit was never pushed. Flux fetches nothing.',
    fix: 'correct spec.ref.commit',
    source: `${gitDocs}/#commit-example`,
  },
  'repository-not-found': {
    severity: 'error',
    seen: 'there is no repository at {url}, or its credentials may not see it',
    means: 'Servers answer so for a private repository as well, so that nobody learns that it exists.',
    fix: 'correct spec.url, or give its credentials the right to read the repository',
    source: `${gitDocs}/#secret-reference`,
  },
  'repository-empty': {
    severity: 'error',
    seen: 'the repository has no commit yet',
    means: 'There is nothing that Flux could apply.',
    fix: 'push a commit to the branch that spec.ref names',
    source: gitController,
  },
  'source-secret-missing': {
    severity: 'error',
    seen: 'the Secret {secret} that it names is missing',
    means:
      'Flux looks for it in the namespace of the source and nowhere else, and fetches nothing without it.',
    fix: 'create it there, or correct {field}',
    source: `${gitDocs}/#secret-reference`,
  },
  'credentials-refused': {
    severity: 'error',
    seen: 'the remote refuses {credentials}',
    means: 'A token has expired, a deploy key was removed, or none was ever given. Flux gets no new commit.',
    fix: 'put credentials that may read the repository into {secret}',
    source: `${gitDocs}/#secret-reference`,
  },
  'credentials-unusable': {
    severity: 'error',
    seen: 'its credentials cannot be used: {says}',
    means: 'The Secret lacks a data key, or holds one that fits neither the URL nor the server.',
    fix: 'put into the Secret what its URL asks for: `username` and `password` for https, `identity` and `known_hosts` for ssh',
    source: `${gitDocs}/#secret-reference`,
  },
  'certificate-refused': {
    severity: 'error',
    seen: 'source-controller does not trust the certificate of the server: {says}',
    means: 'Flux gets no new commit, and goes on with the last one that it has.',
    fix: 'put the certificate of the CA as `ca.crt` into the Secret that {field} names, or renew the certificate of the server',
    source: `${gitDocs}/#https-certificate-authority`,
  },
  'source-unverified': {
    severity: 'error',
    seen: 'the signature of what it has fetched is not accepted: {says}',
    means: 'Flux throws away what it has fetched, and goes on with the last artifact that was verified.',
    fix: 'sign the commit with a key that spec.verify knows, or add its public key to the Secret of spec.verify',
    source: `${gitDocs}/#verification`,
  },
  'source-behind': {
    severity: 'warning',
    seen: 'has {has}, and branch {branch} of the remote is at {commit}',
    means: 'What was pushed since then is not in the cluster.',
    fix: 'resume the source, or mend what it says',
    source: `${gitDocs}/#suspend`,
  },
} as const satisfies Record<string, Entry>
