import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findKeeper } from '../../../scripts/lib/applied/keeper.ts'
import { fresh, old, withApplied } from '../../helpers/flux/applied-key.ts'
import { kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { encryptText, sopsConfig } from '../../helpers/keys.ts'

const both = sopsConfig(old.recipient, fresh.recipient)

/** The key Secret as a manifest in git. */
const inGit = (annotations = '{}') =>
  encryptText(
    old.recipient,
    `apiVersion: v1\nkind: Secret\nmetadata: {name: sops-age, namespace: flux-system, annotations: ${annotations}}\nstringData:\n  age.agekey: ${old.secret}\n`,
  )

const withKeyInGit = (manifest: string) => ({
  '.sops.yaml': both,
  'kubernetes/apps/kustomization.yaml': kustomizationOf('x.enc.yaml', 'key.sops.yaml'),
  'kubernetes/apps/key.sops.yaml': manifest,
})

test('a key Secret that Flux applies from git is changed there', () =>
  withApplied(withKeyInGit(inGit()), async ({ sopsKey, held }) => {
    const before = await held()
    for (const more of [[], ['--dry-run']]) {
      const refused = await sopsKey([old.secret, fresh.secret], more)
      assert.is(refused.code, 1, refused.stderr)
      assert.match(
        refused.stderr,
        /refusing to change secret flux-system\/sops-age: kustomization flux-system\/apps applies it from kubernetes\/apps\/key\.sops\.yaml, and would put it back\nhint: change it in git: `sops edit kubernetes\/apps\/key\.sops\.yaml`/,
      )
      assert.equal(await held(), before)
    }
    const forced = await sopsKey([old.secret, fresh.secret], ['--force'])
    // Flux puts it back at once, before it is read back or behind that
    assert.ok(forced.code === 0 || forced.code === 2, forced.stderr)
    assert.match(
      forced.stderr,
      /warning: secret .*: kustomization flux-system\/apps applies it from .*, and would put it back/,
    )
  }))

test('a key Secret in git that Flux only makes where it is missing is ours to change', () =>
  withApplied(
    withKeyInGit(inGit('{kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}')),
    async ({ sopsKey, putSecret }) => {
      await putSecret({ metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' } } })
      const { code, stderr } = await sopsKey([old.secret, fresh.secret])
      assert.is(code, 0, stderr)
    },
  ))

const kept: [title: string, metadata: object, said: RegExp][] = [
  [
    'by its owner',
    {
      ownerReferences: [
        {
          apiVersion: 'external-secrets.io/v1',
          kind: 'ExternalSecret',
          name: 'sops-age',
          uid: '7c7a5a3e-8b0a-4f9e-9b5b-0b7a5d0d5a11',
          controller: true,
        },
      ],
    },
    /ExternalSecret sops-age keeps it, and would put it back\nhint: change it where that takes it from \(`kubectl describe externalsecret sops-age`\)/,
  ],
  [
    'by reflector',
    { annotations: { 'reflector.v1.k8s.emberstack.com/reflects': 'vault/sops-age' } },
    /reflector makes it from vault\/sops-age, and would put it back\nhint: change it there: vault\/sops-age/,
  ],
  [
    'by External Secrets, merged into it',
    { labels: { 'reconcile.external-secrets.io/managed': 'true' } },
    /External Secrets makes it, and would/,
  ],
]
for (const [title, metadata, said] of kept)
  test(`a key Secret that is kept ${title} is changed there`, () =>
    withApplied({ '.sops.yaml': both }, async ({ sopsKey, putSecret, held }) => {
      await putSecret({ metadata })
      const before = await held()
      const refused = await sopsKey([old.secret, fresh.secret])
      assert.is(refused.code, 1, refused.stderr)
      assert.match(refused.stderr, said)
      assert.equal(await held(), before)
      assert.match((await sopsKey([old.secret])).stdout, 'secret/sops-age configured')
      assert.match((await sopsKey([old.secret])).stdout, 'secret/sops-age unchanged')
    }))

test('who keeps a Secret', () => {
  const keeper = (metadata: object) =>
    findKeeper(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'n', ...metadata } },
      undefined,
    )
  const owner = { kind: 'SealedSecret', name: 's' }
  assert.equal(keeper({ ownerReferences: [{ ...owner, controller: true }] }), { code: 'owner', ...owner })
  assert.is(keeper({ ownerReferences: [owner] }), undefined)
  assert.is(keeper({ labels: { team: 'a' } }), undefined)
  const flux = { 'kustomize.toolkit.fluxcd.io/name': 'k', 'kustomize.toolkit.fluxcd.io/namespace': 'f' }
  assert.equal(keeper({ labels: flux }), { code: 'kustomization', kustomization: 'f/k' })
  assert.is(
    keeper({ labels: flux, annotations: { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' } }),
    undefined,
  )
  for (const [name, tool] of [
    ['replicator.v1.mittwald.de/replicate-from', 'kubernetes-replicator'],
    ['kubed.appscode.com/origin', 'config-syncer'],
    ['generate.kyverno.io/policy-name', 'Kyverno'],
    ['meta.helm.sh/release-name', 'Helm'],
    ['argocd.argoproj.io/tracking-id', 'Argo CD'],
  ] as const)
    assert.equal(keeper({ annotations: { [name]: 'x' } }), { code: 'tool', tool, from: 'x' })
  assert.equal(
    keeper({
      annotations: {
        'kubed.appscode.com/origin': '{"namespace":"vault","name":"key","uid":"5","resourceVersion":"7"}',
      },
    }),
    { code: 'tool', tool: 'config-syncer', from: 'vault/key' },
  )
  const inventory = { entries: [{ id: 'n_s__Secret', v: 'v1' }] }
  const lists = (spec: object) => ({
    kustomizations: [
      {
        apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
        kind: 'Kustomization',
        metadata: { name: 'k', namespace: 'f' },
        spec: { prune: true, sourceRef: { kind: 'GitRepository', name: 'x' }, ...spec },
        status: { inventory },
      },
    ],
    sources: [],
  })
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'n' } }
  assert.equal(findKeeper(secret, lists({})), { code: 'kustomization', kustomization: 'f/k' })
  assert.is(findKeeper(secret, lists({ kubeConfig: {} })), undefined)
  assert.is(keeper({ annotations: { 'reflector.v1.k8s.emberstack.com/auto-reflects': 'false' } }), undefined)
})

test.run()
