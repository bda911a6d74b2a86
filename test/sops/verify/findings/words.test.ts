import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ConditionState, explainCondition } from '../../../../scripts/diagnosis/condition/explain.ts'
import { type Finding, finding, worded } from '../../../../scripts/findings/finding.ts'
import { suspendedObject } from '../../../../scripts/findings/suspended.ts'
import { unusableKey } from '../../../../scripts/findings/unusable-key.ts'
import type { GitRepository, Kustomization } from '../../../../scripts/lib/cluster/flux-objects.ts'
import { tooFewGroups, wrongKey } from '../../../../scripts/sops/verify/findings/key.ts'
import {
  type LeftFacts,
  leftSecret,
  stillListed,
  stillThere,
} from '../../../../scripts/sops/verify/findings/secret.ts'
import { unclearTarget } from '../../../../scripts/sops/verify/findings/target.ts'
import { failed, notChecked } from '../../../../scripts/sops/verify/findings/verdict.ts'
import { notFetched } from '../../../../scripts/sops/verify/findings/way.ts'

/** The Kustomization apps/web, whose Ready condition says this. */
function web(
  message: string | undefined,
  keySecret: string | undefined = 'sops-age',
  namespace = 'apps',
): Kustomization {
  const ready = { type: 'Ready', status: 'False', reason: 'BuildFailed', message: `${message}` } as const
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'web', namespace },
    spec: {
      prune: true,
      sourceRef: { kind: 'GitRepository', name: 'b' },
      decryption: { provider: 'sops', ...(keySecret !== undefined && { secretRef: { name: keySecret } }) },
    },
    status: { conditions: message === undefined ? [] : [ready] },
  }
}

const source = {
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'GitRepository',
  metadata: { name: 'b', namespace: 'a' },
  spec: { url: 'https://x/y' },
} as GitRepository

const noSecret = 'secrets "sops-age" not found'
const explain = (state?: ConditionState) => explainCondition(web(noSecret), state)
const cause = "likely cause: the Secret with the age key is not in the Kustomization's own namespace"
const install = '`mise run flux:sops-key --namespace apps` writes a checked key'

const secret = { namespace: 'a', name: 'b' }
const why = { namespace: 'a', interval: '10m', revision: 'main@sha1:0', url: 'https://x/y' }
const left: LeftFacts = {
  secret,
  kustomization: { namespace: 'c', name: 'd' },
  branch: 'origin/main',
  intervals: { kustomization: '10m', source: undefined },
  isThere: true,
  isApplied: false,
  finalizers: [],
  why: undefined,
}
const whenItGoes =
  'Flux takes it out when c/d applies origin/main, by itself after its interval (10m) and that of its source (unknown) at the latest'

const findings: [found: Finding, code: string, message: string, fix: string][] = [
  [
    unclearTarget(['a/b', 'c/d']),
    'kustomization-unclear',
    'there is no flux-system/infrastructure, and more than one that can carry the test: a/b, c/d',
    'name one of them: --kustomization a/b',
  ],
  [
    suspendedObject(source, false),
    'suspended',
    'is suspended, so Flux sees no new commit',
    '`flux resume source git b -n a`',
  ],
  [
    suspendedObject(web(''), true),
    'suspended',
    'is suspended now, so Flux applies nothing',
    '`flux resume kustomization web -n apps`',
  ],
  [
    wrongKey(
      { namespace: 'a', name: 'b' },
      {
        inCluster: ['age1a', 'age1b'],
        ofFile: [],
        rule: 'creation rule 2 of a/.sops.yaml',
      },
    ),
    'wrong-key',
    'what creation rule 2 of a/.sops.yaml selects is encrypted to another key than the one in the cluster: the cluster has that of age1a, age1b, and the rule names no age recipient',
    '`mise run flux:sops-key --namespace a --name b` with a key that .sops.yaml names, or correct .sops.yaml and run `sops updatekeys` on the files',
  ],
  [
    tooFewGroups('secret a/b', { needed: 3, opened: 2, groups: 3, rule: 'creation rule 1 of .sops.yaml' }),
    'key-groups',
    'the key in the cluster opens 2 of 3 key groups, and creation rule 1 of .sops.yaml asks for all',
    'put an identity of each group that is needed into the key Secret, or lower shamir_threshold and run `sops updatekeys` on the files',
  ],
  [
    unusableKey(secret, { dataKey: 'old.agekey', reason: 'line 1 is a public key' }, {}),
    'entry-unusable',
    'the controller cannot read old.agekey of the key Secret (line 1 is a public key), so every Kustomization that uses the Secret fails',
    `take it out: \`kubectl patch secret b -n a --type=json -p '[{"op":"remove","path":"/data/old.agekey"}]'\``,
  ],
  [explain(), 'key-secret-missing', `BuildFailed: ${noSecret}\n${cause}`, install],
  [
    explain('applied'),
    'key-secret-missing',
    `applied the commit, but is not ready: BuildFailed: ${noSecret}\n${cause}`,
    install,
  ],
  [
    explain('late'),
    'key-secret-missing',
    `did not apply the commit in time; it says BuildFailed: ${noSecret}\n${cause}`,
    install,
  ],
  [
    explain('before'),
    'key-secret-missing',
    `is failing already, at the commit that Flux has: BuildFailed: ${noSecret}\n${cause}`,
    install,
  ],
  [
    explainCondition(web(noSecret, 'own-key', 'flux-system')),
    'key-secret-missing',
    `BuildFailed: ${noSecret}\n${cause}`,
    '`mise run flux:sops-key --name own-key` writes a checked key',
  ],
  [
    explainCondition({ ...web(noSecret), spec: { ...web('').spec, decryption: { provider: 'sops' } } }),
    'no-key-secret',
    `BuildFailed: ${noSecret}\nlikely cause: the decryption block names no key Secret, and nothing gives the controller a key that it can use`,
    'name the key Secret in spec.decryption.secretRef, or put the identity where the flag --sops-age-secret of kustomize-controller says',
  ],
  [
    explainCondition(web('x was encrypted with a Shamir threshold of 2, but only 1 part(s) were recovered')),
    'key-groups',
    'BuildFailed: x was encrypted with a Shamir threshold of 2, but only 1 part(s) were recovered\nlikely cause: the key in the cluster opens 1 of several key groups, and the file asks for 2',
    'put an identity of each group that is needed into the key Secret, or lower shamir_threshold and run `sops updatekeys` on the files',
  ],
  [
    explainCondition(web('something else')),
    'not-ready',
    'BuildFailed: something else',
    '`kubectl describe kustomization web -n apps`',
  ],
  [
    explainCondition(web('something else'), 'late'),
    'apply-late',
    'did not apply the commit in time; it says BuildFailed: something else',
    '`kubectl describe kustomization web -n apps`, or a longer --timeout',
  ],
  [
    explainCondition(web(undefined)),
    'no-status',
    'has no Ready condition',
    'see whether kustomize-controller runs: `kubectl get pods -A -l app=kustomize-controller`',
  ],
  [
    stillThere(secret, { finalizers: ['x.io/held'], isKept: false }),
    'held-by-finalizers',
    'is still in the cluster: it is deleted when its finalizers are gone (x.io/held)',
    'look for who set them: that controller has to take them off',
  ],
  [
    stillListed(secret, web('')),
    'still-listed',
    'is gone, but apps/web still lists it',
    '`flux reconcile kustomization web -n apps`',
  ],
  [
    stillThere(secret, { finalizers: [], isKept: false }),
    'not-pruned',
    'is still in the cluster, although Flux has applied its removal',
    '`kubectl delete secret b -n a`',
  ],
  [
    leftSecret(left),
    'left-in-cluster',
    `is still in the cluster: ${whenItGoes}`,
    '`flux reconcile kustomization d -n c --with-source`',
  ],
  [
    leftSecret({ ...left, isApplied: true }),
    'not-pruned',
    'is still in the cluster, although Flux has applied its removal',
    '`kubectl delete secret b -n a`',
  ],
  [
    leftSecret({ ...left, isThere: false, why: 'cannot read it' }),
    'cluster-unknown',
    `it is not known whether it is in the cluster; ${whenItGoes}\ncannot read it`,
    '`flux reconcile kustomization d -n c --with-source`, then `kubectl get secret b -n a`',
  ],
  [
    notFetched('gitrepository a/b', { ...why, why: 'not-told' }),
    'not-fetched',
    'has not fetched the commit in time: it could not be told to, and looks by itself every 10m',
    'try again with a longer --timeout, or ask for the right to patch it',
  ],
  [
    notFetched('gitrepository a/b', { ...why, why: 'silent' }),
    'source-silent',
    'has not fetched the commit in time: source-controller has not answered',
    'see whether it runs: `kubectl get pods -n a -l app=source-controller`',
  ],
  [
    notFetched('gitrepository a/b', { ...why, why: 'fetching' }),
    'not-fetched',
    'has not fetched the commit in time: it is still fetching https://x/y',
    'try again with a longer --timeout',
  ],
  [
    notFetched('gitrepository a/b', { ...why, why: 'elsewhere' }),
    'fetched-elsewhere',
    'has not fetched the commit in time: what it gets from https://x/y is main@sha1:0, without it',
    'see whether that URL is a mirror that comes later, or another repository than the one that was pushed to',
  ],
]

for (const [found, code, message, fix] of findings)
  test(`the words of ${code}: ${message.split('\n')[0]}`, () => {
    assert.is(found.code, code)
    const { severity, ...words } = worded(found)
    assert.equal(words, { message, fix })
    assert.is.not(severity, 'note')
  })

test('a verdict names the object, and tells failed from not checked', () => {
  const found = finding('no-prune', { object: 'kustomization a/b' }, {})
  const { message, fix } = worded(found)
  for (const [verdict, exitCode] of [
    [failed(found), 1],
    [notChecked(found), 2],
  ] as const) {
    assert.is(verdict.exitCode, exitCode)
    assert.is(verdict.message, `kustomization a/b: ${message}`)
    assert.is(verdict.hint, fix)
    assert.is(verdict.finding, found)
  }
})

test.run()
