import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readHeldKeys } from '../../../../scripts/diagnosis/keys/read-keys.ts'
import { finding, worded } from '../../../../scripts/findings/finding.ts'
import type { GitRepository, Kustomization } from '../../../../scripts/lib/cluster/flux-objects.ts'
import type { Secret } from '../../../../scripts/lib/cluster/kube-objects.ts'
import { judgeCluster } from '../../../../scripts/sops/rotate/clusters/judge.ts'
import { withIdentity, withoutIdentity } from '../../../../scripts/sops/rotate/clusters/key-text.ts'
import type { JudgeOptions } from '../../../../scripts/sops/rotate/clusters/proof.ts'
import type { ClusterState, KeyUser, RotatedSecret } from '../../../../scripts/sops/rotate/clusters/state.ts'
import { appliedKustomization, conditionSaying, fetchedSource } from '../../../helpers/diagnosis/snapshot.ts'
import { codesOf, nextKey, oldKey, rotation, strangerKey } from '../../../helpers/rotate/clusters.ts'

const [earlier, later] = ['1', '2'].map((digit) => digit.repeat(40)) as [string, string]
const { recipient: OLD } = oldKey
const { recipient: NEW } = nextKey
const { recipient: STRANGER } = strangerKey

/** A Kustomization that builds one file for these recipients at a commit, another one at the other. */
interface Given {
  /** Of its file at the commit that it has tried, and at that of its source; `undefined`: it has none there. */
  attempted?: string[]
  due?: string[]
  ready?: { reason: string; message?: string; status?: 'True' | 'False' | 'Unknown' }
  spec?: Partial<Kustomization['spec']>
  source?: Partial<GitRepository['spec']>
  notSeen?: KeyUser['notSeen']
  secret?: string | undefined
  observed?: number
  applied?: string
}

function user(id: string, given: Given): KeyUser {
  const {
    attempted,
    due = attempted,
    ready = { reason: 'ok', status: 'True' },
    spec = {},
    notSeen = [],
  } = given
  const isMoved = attempted !== due
  const kustomization = appliedKustomization(id, {
    spec,
    status: {
      conditions: [conditionSaying(ready.reason, ready.message ?? '', ready.status ?? 'False')],
      observedGeneration: given.observed ?? 1,
      ...(given.applied && { lastAppliedRevision: `main@sha1:${given.applied}` }),
    },
  })
  const at = (commit: string, recipients: string[] | undefined): KeyUser['files'][number][] =>
    recipients
      ? [
          {
            file: `${id}/s.yaml`,
            commit,
            kustomization: `flux-system/${id}`,
            documents: [{ groups: [{ age: recipients, others: [] }], threshold: 1 }],
            text: () => '',
          },
        ]
      : []
  const isSuspended = spec.suspend === true
  return {
    id: `flux-system/${id}`,
    kustomization,
    source: fetchedSource({}, given.source),
    secret: 'secret' in given ? given.secret : 'flux-system/key',
    attempted: isSuspended ? undefined : earlier,
    due: isMoved ? later : earlier,
    files: [
      ...(isSuspended ? [] : at(earlier, attempted)),
      ...(isMoved || isSuspended ? at(isMoved ? later : earlier, due) : []),
    ],
    notSeen,
  }
}

/** A key Secret with these lines in `age.agekey`, or with these data keys. */
async function secretWith(
  key: string,
  data: Record<string, string>,
  more: Partial<RotatedSecret> = {},
): Promise<[string, RotatedSecret]> {
  const [namespace = '', name = ''] = key.split('/')
  const live: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name },
    data: Object.fromEntries(
      Object.entries(data).map(([dataKey, text]) => [dataKey, Buffer.from(text).toString('base64')]),
    ),
  }
  const held = (await readHeldKeys([live], { env: process.env })).get(key)
  return [
    key,
    { id: { namespace, name }, held, users: ['flux-system/a'], kept: undefined, origin: undefined, ...more },
  ]
}

const both = { 'age.agekey': `${oldKey.secret}\n${nextKey.secret}\n` }

async function stateOf(
  users: KeyUser[],
  secrets: [string, RotatedSecret][] = [],
  more: Partial<ClusterState> = {},
): Promise<ClusterState> {
  const all = [await secretWith('flux-system/key', both), ...secrets]
  return { context: 'test', secrets: new Map(all), users, ciphertext: [], notRead: [], notes: [], ...more }
}

async function judge(given: Given, options: Partial<JudgeOptions> = {}) {
  return judgeCluster(await stateOf([user('a', given)]), rotation, { checked: [], ...options })
}

const after = { attempted: [NEW] }

/** What each proof says: `holds`, or its codes; `…` behind them where only time is needed. */
const cases: [title: string, given: Given, shared: string, cutOver: string][] = [
  ['before share', { attempted: [OLD] }, 'rotate-needs-old', 'rotate-needs-old'],
  ['shared', { attempted: [OLD, NEW] }, 'holds', 'rotate-needs-old'],
  ['cut over', after, 'holds', 'holds'],
  ['a file of others', { attempted: [STRANGER] }, 'holds', 'holds'],
  ['not tried yet', { attempted: [OLD], due: [NEW] }, 'rotate-behind…', 'rotate-behind…'],
  ['shared, cut over in the source', { attempted: [OLD, NEW], due: [NEW] }, 'holds', 'rotate-behind…'],
  ['gone back', { attempted: [NEW], due: [OLD] }, 'rotate-needs-old', 'rotate-needs-old'],
  [
    'pinned',
    { attempted: [OLD, NEW], source: { ref: { tag: 'v1' } } as object },
    'holds',
    'rotate-needs-old-pinned',
  ],
  [
    'source suspended',
    { attempted: [OLD], source: { suspend: true } },
    'rotate-needs-old-suspended',
    'rotate-needs-old-suspended',
  ],
  ['suspended at an old commit', { attempted: [OLD], due: [NEW], spec: { suspend: true } }, 'holds', 'holds'],
  [
    'suspended, and its source too old',
    { attempted: [NEW], due: [OLD], spec: { suspend: true } },
    'rotate-needs-old',
    'rotate-needs-old',
  ],
  [
    'suspended, and failing before',
    { ...after, spec: { suspend: true }, ready: { reason: 'BuildFailed' } },
    'holds',
    'holds',
  ],
  [
    'at work again',
    { ...after, applied: earlier, ready: { reason: 'Progressing', status: 'Unknown' } },
    'holds',
    'holds',
  ],
  [
    'at work with another spec',
    { ...after, applied: earlier, observed: 0, ready: { reason: 'Progressing', status: 'Unknown' } },
    'rotate-not-settled…',
    'rotate-not-settled…',
  ],
  [
    'at work',
    { ...after, ready: { reason: 'Progressing', status: 'Unknown' } },
    'rotate-not-settled…',
    'rotate-not-settled…',
  ],
  [
    'spec not seen yet',
    { ...after, ready: { reason: 'x', status: 'True' }, observed: 0 },
    'rotate-not-settled…',
    'rotate-not-settled…',
  ],
  [
    'waits for others',
    { ...after, ready: { reason: 'DependencyNotReady' } },
    'rotate-not-settled…',
    'rotate-not-settled…',
  ],
  [
    'not built',
    { ...after, ready: { reason: 'BuildFailed' } },
    'rotate-not-decrypted',
    'rotate-not-decrypted',
  ],
  [
    'without its path',
    { ...after, ready: { reason: 'ArtifactFailed', message: 'kustomization path not found' } },
    'rotate-not-decrypted',
    'rotate-not-decrypted',
  ],
  [
    'a reason that we do not know',
    { ...after, ready: { reason: 'NewInFlux3' } },
    'rotate-not-decrypted',
    'rotate-not-decrypted',
  ],
  ['not applied', { ...after, ready: { reason: 'ReconciliationFailed' } }, 'holds', 'holds'],
  [
    'not applied elsewhere',
    { ...after, spec: { kubeConfig: {} }, ready: { reason: 'ReconciliationFailed' } },
    'rotate-not-decrypted',
    'rotate-not-decrypted',
  ],
  ['not well', { ...after, ready: { reason: 'HealthCheckFailed' } }, 'holds', 'holds'],
  ['not pruned', { ...after, ready: { reason: 'PruneFailed' } }, 'holds', 'holds'],
  [
    'of another source',
    { ...after, notSeen: [{ kustomization: 'flux-system/a', code: 'source-kind', kind: 'OCIRepository' }] },
    'rotate-files-unseen',
    'rotate-files-unseen',
  ],
  [
    'nothing fetched yet',
    { notSeen: [{ kustomization: 'flux-system/a', code: 'no-revision', source: 'flux-system/x' }] },
    'rotate-files-unseen…',
    'rotate-files-unseen…',
  ],
]

test('a proof of the revisions holds only where a Kustomization is known to need the old identity no more', async () => {
  for (const [title, given, shared, cutOver] of cases) {
    const { sharedProof, cutOverProof } = await judge(given)
    for (const [{ holds, isWaiting, findings }, expected] of [
      [sharedProof, shared],
      [cutOverProof, cutOver],
    ] as const) {
      const codes = findings.map(({ code }) => code).filter((code) => code !== 'rotate-failing-behind')
      assert.is(holds ? 'holds' : `${codes.join()}${isWaiting ? '…' : ''}`, expected, title)
      for (const one of findings) assert.not.match(worded(one).message + worded(one).fix, /\{\w+\}/)
    }
    const looked = await judge(given, { checked: ['a'] })
    assert.ok(looked.sharedProof.holds && looked.cutOverProof.holds, title)
  }
})

test('a source that is behind the tip of the branch only needs time', async () => {
  const given: Given = { attempted: [OLD] }
  for (const [tip, isWaiting] of [
    [{ branch: 'master', commit: later }, true],
    [{ branch: 'master', commit: earlier }, false],
    [{ branch: 'other', commit: later }, false],
  ] as const)
    assert.is((await judge(given, { tip })).sharedProof.isWaiting, isWaiting)
  const pinned = { ...given, source: { suspend: true } }
  assert.is((await judge(pinned, { tip: { branch: 'master', commit: later } })).sharedProof.isWaiting, false)
})

test('a proof that needs more than time for one Kustomization is not waited for', async () => {
  const slow = user('a', { attempted: [OLD], due: [OLD, NEW] })
  const stuck = user('b', { attempted: [OLD] })
  const shared = async (...users: KeyUser[]) =>
    judgeCluster(await stateOf(users), rotation, { checked: [] }).sharedProof
  assert.is((await shared(slow)).isWaiting, true)
  assert.is((await shared(slow, stuck)).isWaiting, false)
})

test('how Kustomizations stand, by the worst of their files', async () => {
  for (const [given, status] of [
    [{ attempted: [OLD] }, 'old-only'],
    [{ attempted: [NEW], due: [OLD, NEW] }, 'both'],
    [{ attempted: [NEW] }, 'new-only'],
    [{ attempted: [STRANGER] }, 'neither'],
    [{ ...after, notSeen: [{ kustomization: 'flux-system/a', code: 'no-repository' }] }, 'not-seen'],
  ] as [Given, string][]) {
    const [one] = (await judge(given)).kustomizations
    assert.is(one?.status, status)
  }
})

async function secretsProof(
  users: KeyUser[],
  secrets: [string, RotatedSecret][] = [],
  options: Partial<JudgeOptions> = {},
) {
  const state = await stateOf(users, secrets)
  const { secretsProof: proof } = judgeCluster(state, rotation, { checked: [], ...options })
  return `${proof.holds ? 'holds' : codesOf(proof.findings).join()}${proof.isWaiting ? '…' : ''}`
}

test('a proof of the Secrets reads them line by line, as the controller does', async () => {
  const own = user('a', { attempted: [OLD], secret: 'n/s' })
  const with_ = (data: Record<string, string>, more?: Partial<RotatedSecret>) => secretWith('n/s', data, more)
  const prove = async (data: Record<string, string>, more?: Partial<RotatedSecret>) =>
    secretsProof([own], [await with_(data, more)])
  assert.is(await prove(both), 'holds')
  assert.is(await prove({ 'a.agekey': oldKey.text, 'b.agekey': nextKey.text }), 'holds')
  assert.is(await prove({ 'age.agekey': oldKey.secret }), 'rotate-secret-lacks-new secret n/s')
  assert.is(
    await prove({ 'age.agekey': oldKey.secret, 'next.txt': nextKey.secret }),
    'rotate-secret-lacks-new secret n/s',
  )
  assert.is(await prove({ ...both, 'b.agekey': ` ${nextKey.secret}` }), 'entry-unusable secret n/s')
  assert.is(await prove({ 'age.agekey': nextKey.secret }), 'rotate-other-secret kustomization flux-system/a')
  for (const [attempted, which] of [
    [[OLD], 'old'],
    [[OLD, NEW], 'old'],
    [[NEW], 'new'],
  ] as const) {
    const stranger = await with_({ 'age.agekey': strangerKey.secret })
    const state = await stateOf([user('a', { attempted: [...attempted], secret: 'n/s' })], [stranger])
    const [found] = judgeCluster(state, rotation, { checked: [] }).secretsProof.findings
    assert.is(`${found?.code} ${found?.facts.which}`, `rotate-other-secret ${which}`)
  }
  assert.is(
    await secretsProof(
      [user('a', { attempted: [NEW, STRANGER], secret: 'n/s' })],
      [await with_({ 'age.agekey': strangerKey.secret })],
    ),
    'holds',
  )
  assert.is(
    await secretsProof(
      [user('a', { attempted: [OLD, STRANGER], secret: 'n/s' })],
      [await with_({ 'age.agekey': strangerKey.secret })],
    ),
    'holds',
  )
  assert.is(
    await secretsProof([
      user('a', { ...after, secret: undefined }),
      user('b', { attempted: [STRANGER], secret: undefined }),
    ]),
    'rotate-controller-key-unseen kustomization flux-system/a',
  )
  const copy: Partial<RotatedSecret> = {
    origin: 'flux-system/key',
    kept: { code: 'tool', tool: 'reflector', from: 'flux-system/key', files: [] },
  }
  assert.is(await prove({ 'age.agekey': oldKey.secret }, copy), 'rotate-copy-behind secret n/s…')
  // what it is a copy of has still to get it
  const early = async (tip: JudgeOptions['tip']) => {
    const kept = { code: 'kustomization' as const, kustomization: 'flux-system/a', files: [] }
    const origin = await secretWith('flux-system/key', { 'age.agekey': oldKey.secret }, { kept })
    const mirror = await secretWith('n/s', { 'age.agekey': oldKey.secret }, copy)
    const keeping = user('a', {
      attempted: [OLD],
      secret: 'n/s',
      applied: earlier,
      source: { ref: { branch: 'main' } },
    })
    return secretsProof([keeping], [origin, mirror], { tip })
  }
  assert.is(await early(undefined), 'rotate-secret-lacks-new secret flux-system/key')
  assert.is(await early({ branch: 'main', commit: later }), 'rotate-secret-lacks-new secret flux-system/key…')
})

test('ciphertext that a Kustomization has applied keeps the old identity', async () => {
  const ciphertext = [{ finding: finding('ciphertext-applied', {}, {}), by: ['flux-system/a'] }]
  const of = async (users: KeyUser[], checked: string[] = []) =>
    judgeCluster(await stateOf(users, [], { ciphertext, notRead: ['ingresses'] }), rotation, { checked })
      .cutOverProof
  const found = await of([user('a', after)])
  assert.is(found.holds, false)
  assert.equal(
    found.findings.map(({ code }) => code),
    ['ciphertext-applied', 'rotate-live-unseen'],
  )
  assert.is((await of([user('b', after)])).holds, true)
  assert.is((await of([user('a', after)], ['flux-system/a'])).holds, true)
})

test('nothing but the line of the identity changes in a data key', () => {
  const text = `# mine\n${strangerKey.secret}\n\n${oldKey.text}`
  const added = withIdentity(text, nextKey.secret)
  assert.is(added, `${text}${nextKey.secret}\n`)
  assert.is(withIdentity(oldKey.secret, nextKey.secret), `${oldKey.secret}\n${nextKey.secret}\n`)
  assert.is(withoutIdentity(added, nextKey.secret, NEW), text)
  assert.is(
    withoutIdentity(added, oldKey.secret, OLD),
    `# mine\n${strangerKey.secret}\n\n${nextKey.secret}\n`,
  )
})

test.run()
