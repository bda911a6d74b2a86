import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { undoSecretChanges } from '../../../../scripts/sops/rotate/clusters/change.ts'
import { distribute } from '../../../../scripts/sops/rotate/clusters/distribute.ts'
import { judgeCluster } from '../../../../scripts/sops/rotate/clusters/judge.ts'
import { retire, retireGuarded } from '../../../../scripts/sops/rotate/clusters/retire.ts'
import type { RotationCluster } from '../../../../scripts/sops/rotate/clusters/state.ts'
import { waitForRevisions } from '../../../../scripts/sops/rotate/clusters/wait.ts'
import { withdraw } from '../../../../scripts/sops/rotate/clusters/withdraw.ts'
import { type Flux, withFlux, withNamespaces } from '../../../helpers/flux/sandbox.ts'
import { encryptText } from '../../../helpers/keys.ts'
import { until } from '../../../helpers/processes.ts'
import {
  assertNoKey,
  codesOf,
  failuresDuring,
  keySecret,
  nextKey,
  oldKey,
  rotation,
  type Seen,
  secretFor,
  secretIn,
  strangerKey,
  userOf,
  withCluster,
} from '../../../helpers/rotate/clusters.ts'
import { thrown } from '../../../helpers/thrown.ts'

const options = { checked: [] }
const waiting = { timeout: 60_000, status: () => {} }

/** The directories with an encrypted file each, which Kustomizations of these names build. */
const users = ['a', 'b', 'team', 'held']

const filesFor = (...recipients: string[]) =>
  Object.fromEntries(users.map((name) => [`${name}/s.yaml`, secretFor(`of-${name}`, ...recipients)]))

const keyInGit = encryptText(
  strangerKey.recipient,
  `apiVersion: v1\nkind: Secret\nmetadata: {name: git-age, namespace: flux-system}\nstringData:\n  age.agekey: ${oldKey.secret}\n`,
)

/** What the Secrets that are ours to write hold. */
async function held({ sandbox }: Flux) {
  return [await secretIn(sandbox, 'sops-age'), await secretIn(sandbox, 'sops-age', 'team')]
}

function statesIn({ secrets }: ReturnType<typeof judgeCluster>) {
  return Object.fromEntries(secrets.map(({ namespace, name, status }) => [`${namespace}/${name}`, status]))
}

const isReady = async ({ kubectl }: Flux['sandbox'], name: string, namespace = 'flux-system') =>
  (
    await kubectl([
      'get',
      'kustomization',
      name,
      '-n',
      namespace,
      '-o',
      'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
    ])
  ).trim() === 'True'

const overFor = (proof: 'sharedProof' | 'cutOverProof') => (state: RotationCluster) =>
  !judgeCluster(state, rotation, options)[proof].isWaiting

/** A cluster in which the cut-over is proved. */
async function provedIn({ read }: Seen): Promise<RotationCluster> {
  const [state] = await waitForRevisions([await read()], overFor('cutOverProof'), waiting)
  return state!
}

/** Who may read the objects of Flux and nothing else. */
const readerOfFlux = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader-of-flux}
rules:
  - apiGroups: [kustomize.toolkit.fluxcd.io, source.toolkit.fluxcd.io]
    resources: ["*"]
    verbs: [list]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader-of-flux}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader-of-flux}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: reader-of-flux}]
`

const kept: Record<string, string> = {
  owned:
    ', ownerReferences: [{apiVersion: external-secrets.io/v1, kind: ExternalSecret, name: owned, uid: 7c7a5a3e-8b0a-4f9e-9b5b-0b7a5d0d5a11, controller: true}]',
  copied: ', annotations: {reflector.v1.k8s.emberstack.com/reflects: vault/copied}',
  mirror:
    ', annotations: {reflector.v1.k8s.emberstack.com/auto-reflects: "True", reflector.v1.k8s.emberstack.com/reflects: flux-system/sops-age}',
}

const files = {
  ...filesFor(oldKey.recipient),
  'keys/key.yaml': keyInGit,
  'kubernetes/flux-system/kustomization.yaml': 'resources: []\n',
}

/** A Flux, beside which a team has a namespace of its own. */
const withTeam = (use: (flux: Flux) => Promise<void>) =>
  withFlux(files, (flux) => withNamespaces(flux.sandbox, ['team'], () => use(flux)))

test('a key goes from one identity to another in a cluster, and never before nothing needs the old one', () =>
  withTeam(async (flux) => {
    const { sandbox, push, git, url } = flux
    const { kubectl } = sandbox
    const apply = (...manifests: string[]) =>
      kubectl(['apply', '--server-side', '-f', '-'], manifests.join('---\n'))
    const tag = await git('rev-parse', 'HEAD')
    await git('tag', 'before')
    await git('push', '--quiet', 'origin', 'before')
    try {
      await apply(
        keySecret('sops-age'),
        keySecret('sops-age', { namespace: 'team', labels: ', reconcile.fluxcd.io/watch: Enabled' }),
        ...Object.entries(kept).map(([name, metadata]) => keySecret(name, { metadata })),
        `apiVersion: v1\nkind: Secret\nmetadata: {name: stranger, namespace: flux-system}\nstringData: {age.agekey: ${strangerKey.secret}}\n`,
        readerOfFlux,
        userOf('a'),
        userOf('b', { more: '  dependsOn: [{name: a}]\n' }),
        userOf('team', { namespace: 'team' }),
        userOf('keys', { secret: 'stranger' }),
        ...['owned', 'copied', 'mirror'].map((name) => userOf(`u-${name}`, { secret: name, path: 'held' })),
      )
      // its key is what the other one applies
      await until('keys', () => isReady(sandbox, 'keys'))
      await apply(userOf('u-git-age', { secret: 'git-age', path: 'held' }))
      for (const name of ['a', 'b', 'u-git-age']) await until(name, () => isReady(sandbox, name))
      await until('team', () => isReady(sandbox, 'team', 'team'))

      for (const [user, said] of [
        ['nobody', 'cannot read the Kustomizations: '],
        ['reader-of-flux', 'cannot read the secrets in context sandbox: you may not list them'],
      ] as const) {
        const env = { ...flux.env, KUBECONFIG: sandbox.kubeconfigFor(user) }
        const error = await thrown(withCluster({ clone: flux.clone, env }, ({ read }) => read()))
        assert.match(error.message, said)
        assert.is(error.exitCode, 2)
      }

      await withCluster(flux, async ({ read, cluster }) => {
        const start = judgeCluster(await read(), rotation, options)
        assertNoKey(start)
        assert.equal(statesIn(start), {
          'flux-system/copied': 'old',
          'flux-system/git-age': 'old',
          'flux-system/mirror': 'old',
          'flux-system/owned': 'old',
          'flux-system/sops-age': 'old',
          'flux-system/stranger': 'none',
          'team/sops-age': 'old',
        })
        assert.is(start.secretsProof.holds, false)
        assert.equal(
          codesOf(start.sharedProof.findings).includes('rotate-needs-old kustomization team/team'),
          true,
        )
        assert.is(start.sharedProof.isWaiting, false)

        // the new identity beside the old one
        const before = await held(flux)
        // a controller that cannot read it refuses the Secret as a whole
        const unread = { recipient: `age1pq1${'q'.repeat(60)}`, secret: 'AGE-SECRET-KEY-PQ-1NONE' }
        const toUnread = { old: rotation.old, next: unread.recipient }
        const notTaken = await distribute([await read()], toUnread, unread, { guard: waiting })
        assert.ok(codesOf(notTaken.findings).some((one) => one.startsWith('rotate-new-not-taken ')))
        assert.equal(notTaken.changes, [])
        assert.equal(await held(flux), before)
        const distributed = await distribute([await read()], rotation, nextKey)
        assertNoKey(distributed.findings)
        assert.equal(codesOf(distributed.findings), [
          'rotate-kept-by-kustomization secret flux-system/git-age',
          'rotate-kept-by-owner secret flux-system/owned',
          'rotate-kept-by-tool secret flux-system/copied',
        ])
        const inGit = distributed.findings.find(({ finding }) => finding.object?.endsWith('git-age'))
        assert.match(inGit!.finding.facts.where!, 'keys/key.yaml')
        const both = await held(flux)
        for (const [index, one] of both.entries()) {
          const was = before[index]!
          const key = `${was.data['own.agekey']}\n${nextKey.secret}\n`
          assert.equal(one, { ...was, data: { ...was.data, 'own.agekey': key } })
        }
        const spread = judgeCluster(await read(), rotation, options)
        assert.is(statesIn(spread)['team/sops-age'], 'both')
        assert.ok(
          codesOf(spread.secretsProof.findings).includes('rotate-copy-behind secret flux-system/mirror'),
        )
        assert.is(spread.secretsProof.isWaiting, false)
        assert.equal((await distribute([await read()], rotation, nextKey)).changes, [])

        // those that others keep are out of the way from here on
        await kubectl([
          'delete',
          'kustomization',
          '-n',
          'flux-system',
          'keys',
          ...['owned', 'copied', 'mirror', 'git-age'].map((name) => `u-${name}`),
        ])
        assert.is(judgeCluster(await read(), rotation, options).secretsProof.holds, true)

        // and out again
        const withdrawn = await withdraw([await read()], rotation, options)
        assert.equal(withdrawn.findings, [])
        assert.equal(
          (await held(flux)).map(({ data }) => data['own.agekey']),
          before.map(({ data }) => `${data['own.agekey']}\n`),
        )
        await distribute([await read()], rotation, nextKey)

        // share
        const shared = await push(filesFor(oldKey.recipient, nextKey.recipient))
        const tip = { branch: 'main', commit: shared }
        const early = judgeCluster(await read(), rotation, { ...options, tip })
        assert.is(early.sharedProof.holds || early.sharedProof.isWaiting, true)
        const [atShared] = await waitForRevisions([await read()], overFor('sharedProof'), waiting)
        const sharedJudgement = judgeCluster(atShared!, rotation, options)
        assert.equal(codesOf(sharedJudgement.sharedProof.findings), [])
        assert.is(sharedJudgement.sharedProof.holds, true)
        assert.equal(
          sharedJudgement.kustomizations.map(({ id, status, revision }) => [id, status, revision]).toSorted(),
          ['flux-system/a', 'flux-system/b', 'team/team'].map((id) => [id, 'both', shared]),
        )
        const tooEarly = await retire([await read()], rotation, { ...options, ...waiting })
        assert.ok(tooEarly.findings.length > 0)
        assert.ok(codesOf(tooEarly.findings).includes('rotate-needs-old kustomization flux-system/a'))

        // cut over, with some who stay behind
        const gitSource = (name: string, at: string, spec: string) =>
          `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: flux-system}\nspec: {interval: 1h, url: ${at}, ${spec}}\n`
        await sandbox.createRepository('elsewhere-of-clusters', 'main')
        await apply(
          gitSource('pinned', url, `ref: {commit: ${tag}}`),
          gitSource('still', url, 'ref: {branch: main}'),
          userOf('pinned', { source: 'pinned', path: 'a' }),
          userOf('still', { source: 'still', path: 'b' }),
          userOf('asleep', { path: 'a' }),
          gitSource('elsewhere', sandbox.gitUrl('elsewhere-of-clusters'), 'ref: {branch: main}'),
          userOf('elsewhere', { source: 'elsewhere' }),
        )
        for (const name of ['pinned', 'still', 'asleep']) await until(name, () => isReady(sandbox, name))
        const suspend = (kind: string, name: string, value: boolean) =>
          kubectl([
            'patch',
            kind,
            name,
            '-n',
            'flux-system',
            '--type=merge',
            '-p',
            `{"spec":{"suspend":${value}}}`,
          ])
        await suspend('gitrepository', 'still', true)
        await suspend('kustomization', 'asleep', true)
        const cut = await push(filesFor(nextKey.recipient))
        const [atCut] = await waitForRevisions(
          [await read()],
          (state) => {
            const found = codesOf(judgeCluster(state, rotation, options).cutOverProof.findings)
            return !found.some((one) =>
              /rotate-(behind|not-settled)|kustomization (flux-system\/[ab]|team\/team)$/.test(one),
            )
          },
          waiting,
        )
        const behind = judgeCluster(atCut!, rotation, options)
        assert.is(behind.cutOverProof.holds, false)
        const stopping = [
          'rotate-files-unseen kustomization flux-system/elsewhere',
          'rotate-needs-old-pinned kustomization flux-system/pinned',
          'rotate-needs-old-suspended kustomization flux-system/still',
        ]
        assert.equal(codesOf(behind.cutOverProof.findings), stopping)
        const full = await held(flux)
        const refused = await retire([await read()], rotation, { ...options, ...waiting })
        assert.equal(codesOf(refused.findings), stopping)
        assert.equal((await withdraw([await read()], rotation, options)).changes, [])
        assert.equal(await held(flux), full)

        // forced past it the guard puts the old one back
        const forced = await retireGuarded([await read()], rotation, waiting)
        const wellAgain = ['kustomization/pinned', 'kustomization/still', '--for=condition=Ready']
        await kubectl(['wait', '-n', 'flux-system', ...wellAgain, '--timeout=5s'])
        assert.ok(forced.findings.length > 0)
        assertNoKey(forced.findings)
        assert.match(
          codesOf(forced.findings).join(),
          /rotate-put-back kustomization flux-system\/(pinned|still)/,
        )
        assert.equal(await held(flux), full)

        await kubectl(['delete', 'kustomization', '-n', 'flux-system', 'pinned', 'still', 'elsewhere'])
        await kubectl(['delete', 'gitrepository', '-n', 'flux-system', 'pinned', 'still', 'elsewhere'])

        // interrupted, the old one is back as well
        const interrupt = new AbortController()
        await withCluster(
          flux,
          async (interrupted) => {
            const state = await provedIn(interrupted)
            let error: unknown
            try {
              const status = (text: string | undefined) => {
                if (text?.includes('have to decrypt')) interrupt.abort(new Error('interrupted'))
              }
              await retire([state], rotation, { ...options, timeout: 60_000, status })
            } catch (thrown) {
              error = thrown
            }
            assert.match(String(error), 'interrupted')
            assertNoKey(error)
          },
          { signal: interrupt.signal },
        )
        assert.equal(await held(flux), full)

        // also where the interrupt comes while they are put back
        const undoing = new AbortController()
        await withCluster(
          flux,
          async (interrupted) => {
            const state = await provedIn(interrupted)
            const { changes } = await retire([state], rotation, { ...options, ...waiting })
            assert.is(changes.length, 2)
            assert.not.equal(await held(flux), full)
            const undone = undoSecretChanges(changes)
            undoing.abort(new Error('interrupted'))
            assert.equal(await undone, [])
          },
          { signal: undoing.signal },
        )
        assert.equal(await held(flux), full)

        // retired, and nobody has failed
        await waitForRevisions([await read()], overFor('cutOverProof'), waiting)
        for (const name of ['a', 'b']) await until(name, () => isReady(sandbox, name))
        const failures = await failuresDuring(cluster, async () => {
          const done = await retire([await read()], rotation, { ...options, ...waiting })
          assert.equal(codesOf(done.findings), [])
          assert.is(done.changes.length, 2)
        })
        assert.equal(failures, [])
        for (const { data } of await held(flux)) {
          assert.is(data['own.agekey'], `${nextKey.secret}\n`)
          assert.is(data['stranger.agekey'], strangerKey.secret)
        }
        const end = judgeCluster(await read(), rotation, options)
        assert.is(end.cutOverProof.holds, true)
        assert.equal([...new Set(end.secrets.map(({ status }) => status))].toSorted(), ['new'])
        assert.equal(new Set(end.kustomizations.map(({ revision }) => revision)), new Set([cut]))
      })
    } finally {
      await kubectl(['delete', 'clusterrole,clusterrolebinding', 'reader-of-flux'])
    }
  }))

test.run()
