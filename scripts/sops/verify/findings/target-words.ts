import { quote } from './condition-words.ts'
import type { WordsTable } from './finding.ts'

const chooseAnother = (what: string) => `choose a Kustomization ${what} with --kustomization`

/** The words for the Kustomization that is verified, and its source. */
export const targetWords = {
  'kustomization-missing': ({ others }) => ({
    message: `is not in the cluster; there are: ${others.join(', ') || 'none'}`,
    fix: 'choose one with --kustomization, or push it and wait for Flux',
  }),
  'kustomization-unclear': ({ candidates }) =>
    candidates.length > 0
      ? {
          message: `there is no flux-system/infrastructure, and more than one that can carry the test: ${candidates.join(', ')}`,
          fix: `name one of them: --kustomization ${candidates[0]}`,
        }
      : {
          message:
            'no Kustomization can carry the test: it needs a GitRepository that follows a branch of this repository, spec.decryption, prune: true and no spec.kubeConfig, and must not be suspended',
          fix: 'go to the repository that Flux follows; `mise run flux:enable-decryption` adds spec.decryption',
        },
  dependency: ({ missing }) => ({
    message: `depends on ${missing}, which is not in the cluster`,
    fix: 'correct spec.dependsOn, or add the Kustomization',
  }),
  suspended: ({ kind, namespace, name, isMeanwhile }) => {
    const isSource = kind === 'GitRepository'
    const effect = isSource ? 'so Flux sees no new commit' : 'so Flux applies nothing'
    return {
      message: isMeanwhile ? 'was suspended meanwhile' : `is suspended, ${effect}`,
      fix: `flux resume ${isSource ? 'source git' : 'kustomization'} ${name} -n ${namespace}`,
    }
  },
  'source-kind': ({ kind }) => ({
    message: `its source is a ${kind}, not a GitRepository: a commit cannot be followed to it`,
    fix: chooseAnother('whose source is a GitRepository'),
  }),
  'source-missing': () => ({
    message: 'is not in the cluster',
    fix: 'correct spec.sourceRef of the Kustomization',
  }),
  'source-not-a-branch': () => ({
    message: 'follows a tag, a version or a commit: a new commit on a branch does not reach the cluster',
    fix: chooseAnother('whose source follows a branch'),
  }),
  'no-artifact': ({ says }) => ({
    message: `has fetched nothing yet${says ? `: ${quote(says)}` : ''}`,
    fix: 'check its URL and its credentials',
  }),
  'remote-cluster': () => ({
    message: 'applies to another cluster (spec.kubeConfig), where the value cannot be read from here',
    fix: chooseAnother('without spec.kubeConfig'),
  }),
  'no-prune': () => ({
    message: 'has prune switched off: the test Secret would stay in the cluster',
    fix: chooseAnother('with prune: true'),
  }),
  'no-decryption': ({ isRoot }) => ({
    message: 'has no spec.decryption in the cluster: Flux would apply the ciphertext, or refuse it',
    fix: `\`mise run flux:enable-decryption${isRoot ? ' --root' : ''}\`, commit, push, and wait for Flux`,
  }),
} satisfies Partial<WordsTable>
