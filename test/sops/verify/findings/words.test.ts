import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { causes } from '../../../../scripts/sops/verify/findings/causes.ts'
import type { ConditionFinding, RunFinding } from '../../../../scripts/sops/verify/findings/finding.ts'
import { failed, notChecked } from '../../../../scripts/sops/verify/findings/verdict.ts'
import { wordsOf } from '../../../../scripts/sops/verify/findings/words.ts'

const directory = join(import.meta.dirname, '../../../../scripts/sops/verify/findings')
const says = { reason: 'BuildFailed', message: 'secrets "sops-age" not found' }
const condition: ConditionFinding = {
  code: 'key-secret-missing',
  object: 'kustomization apps/web',
  facts: { namespace: 'apps', name: 'web', says, state: 'failed', keySecret: 'sops-age' },
}
const cause = "likely cause: the Secret with the age key is not in the Kustomization's own namespace"
const install = '`mise run flux:sops-key --namespace apps` writes a checked key'

const notPruned = { namespace: 'a', name: 'b', listedBy: undefined, finalizers: [], isKept: false }
const source = { namespace: 'a', interval: '10m', revision: 'main@sha1:0', url: 'https://x/y' }

const findings: [finding: RunFinding, message: string, fix: string][] = [
  [
    { code: 'kustomization-missing', object: 'kustomization a/b', facts: { others: [] } },
    'is not in the cluster; there are: none',
    'choose one with --kustomization, or push it and wait for Flux',
  ],
  [
    {
      code: 'suspended',
      object: 'gitrepository a/b',
      facts: { kind: 'GitRepository', namespace: 'a', name: 'b', isMeanwhile: false },
    },
    'is suspended, so Flux sees no new commit',
    'flux resume source git b -n a',
  ],
  [
    {
      code: 'suspended',
      object: 'kustomization a/b',
      facts: { kind: 'Kustomization', namespace: 'a', name: 'b', isMeanwhile: true },
    },
    'was suspended meanwhile',
    'flux resume kustomization b -n a',
  ],
  [
    { code: 'key-secret-missing', object: 'secret apps/sops-age', facts: { namespace: 'apps' } },
    'is not in the cluster',
    '`mise run flux:sops-key --namespace apps`',
  ],
  [
    {
      code: 'wrong-key',
      object: 'secret a/b',
      facts: { inCluster: ['age1a', 'age1b'], ofFile: [], rule: 'creation rule 2 of a/.sops.yaml' },
    },
    'holds the key of age1a, age1b, but creation rule 2 of a/.sops.yaml encrypts to no age recipient',
    '`mise run flux:sops-key` with a key that the rule names, or correct the rule',
  ],
  [
    { code: 'key-unusable', object: 'secret a/b, data key c.agekey', facts: { reason: undefined } },
    'holds no age identity, so the controller finds none',
    '`mise run flux:sops-key` writes a checked key',
  ],
  [
    {
      code: 'other-repository',
      object: 'gitrepository a/b',
      facts: { commit: '0123456789'.repeat(4), url: 'https://x/y', remote: 'origin' },
    },
    'has fetched the commit 0123456, which is not in this repository',
    'it follows https://x/y: go to a clone of that, or name its remote with --remote (now origin)',
  ],
  [condition, `BuildFailed: secrets "sops-age" not found\n${cause}`, install],
  [
    { ...condition, facts: { ...condition.facts, state: 'applied' } },
    `applied the commit, but is not ready: BuildFailed: secrets "sops-age" not found\n${cause}`,
    install,
  ],
  [
    { ...condition, facts: { ...condition.facts, namespace: 'flux-system', keySecret: 'own-key' } },
    `BuildFailed: secrets "sops-age" not found\n${cause}`,
    '`mise run flux:sops-key --name own-key` writes a checked key',
  ],
  [
    { ...condition, facts: { ...condition.facts, keySecret: undefined } },
    `BuildFailed: secrets "sops-age" not found\n${cause}`,
    'name the key Secret in spec.decryption.secretRef (`mise run flux:enable-decryption`), or put the identity where the flag --sops-age-secret of kustomize-controller says',
  ],
  [
    { ...condition, facts: { ...condition.facts, state: 'before' } },
    `is failing already, at the commit that Flux has: BuildFailed: secrets "sops-age" not found\n${cause}`,
    install,
  ],
  [
    { code: 'not-pruned', object: 'secret a/b', facts: { ...notPruned, finalizers: ['x.io/held'] } },
    'is still in the cluster: it is deleted when its finalizers are gone (x.io/held)',
    'look for who set them: that controller has to take them off',
  ],
  [
    { code: 'not-pruned', object: 'secret a/b', facts: { ...notPruned, listedBy: 'c/d' } },
    'is gone, but c/d still lists it',
    'flux reconcile kustomization d -n c',
  ],
  [
    { code: 'not-pruned', object: 'secret a/b', facts: notPruned },
    'is still in the cluster, although Flux has applied its removal',
    'kubectl delete secret b -n a',
  ],
  ...(
    [
      [
        'not-told',
        ': it could not be told to, and looks by itself every 10m',
        'try again with a longer --timeout, or ask for the right to patch it',
      ],
      [
        'silent',
        ': source-controller has not answered',
        'see whether it runs: `kubectl get pods -n a -l app=source-controller`',
      ],
      ['fetching', ': it is still fetching https://x/y', 'try again with a longer --timeout'],
      [
        'elsewhere',
        ': what it gets from https://x/y is main@sha1:0, without it',
        'see whether that URL is a mirror that comes later, or another repository than the one that was pushed to',
      ],
    ] as const
  ).map(([why, message, fix]): [RunFinding, string, string] => [
    { code: 'timeout', object: 'gitrepository a/b', facts: { waitedFor: 'source', why, ...source } },
    `has not fetched the commit in time${message}`,
    fix,
  ]),
  [
    { code: 'timeout', object: condition.object, facts: { waitedFor: 'apply', last: condition } },
    `did not apply the commit in time; it says BuildFailed: secrets "sops-age" not found\n${cause}`,
    install,
  ],
  [
    { ...condition, code: 'not-ready' },
    'BuildFailed: secrets "sops-age" not found',
    'kubectl describe kustomization web -n apps',
  ],
  [
    { ...condition, code: 'no-status', facts: { ...condition.facts, says: undefined } },
    'has no Ready condition',
    'see whether kustomize-controller runs: `kubectl get pods -A -l app=kustomize-controller`',
  ],
  [
    { code: 'not-checked', object: 'kustomization a/b', facts: { message: 'no key', hint: undefined } },
    'no key',
    'mend what it says, and run it again',
  ],
]

for (const [finding, message, fix] of findings)
  test(`the words of ${finding.code}: ${message.split('\n')[0]}`, () =>
    assert.equal(wordsOf(finding), { message, fix }))

test('a verdict names the object, and tells failed from not checked', () => {
  const finding: RunFinding = { code: 'no-prune', object: 'kustomization a/b', facts: {} }
  const { message, fix } = wordsOf(finding)
  for (const [verdict, exitCode] of [
    [failed(finding), 1],
    [notChecked(finding), 2],
  ] as const) {
    assert.is(verdict.exitCode, exitCode)
    assert.is(verdict.message, `kustomization a/b: ${message}`)
    assert.is(verdict.hint, fix)
    assert.is(verdict.finding, finding)
  }
})

test('no fix is a question, or sends back to the message', () => {
  for (const { fix } of causes) assert.not.match(`${fix}`, /\?$|see the message/)
  for (const file of globSync(join(directory, '*-words.ts')))
    assert.not.match(
      readFileSync(file, 'utf8'),
      /fix: .*\?['`],|see the message|nothing was changed|none needed/,
      file,
    )
})

test.run()
