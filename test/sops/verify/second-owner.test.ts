import { randomBytes } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import {
  clean,
  createMessage,
  type Place,
  removeMessage,
  type Verified,
  withPlace,
} from '../../helpers/flux/verify.ts'

const list = 'kubernetes/flux-system/kustomization.yaml'
const decryption = '  decryption: {provider: sops, secretRef: {name: sops-age}}\n'

/** A Kustomization `beside` that the repository declares beside `infrastructure`. */
const beside = (path: string, more = '') => ({
  [list]: kustomizationOf('infrastructure.yaml', 'apps.yaml', 'beside.yaml'),
  'kubernetes/flux-system/beside.yaml': fluxKustomization('beside', path, more),
})

function checkFailed({ code, json, stderr }: Verified, other: string, message: RegExp): void {
  assert.is(code, 1, stderr)
  assert.is(json.result, 'failed')
  const [finding] = json.findings
  assert.is(finding?.code, 'second-owner', stderr)
  assert.is(finding?.object, 'secret default/sops-test')
  assert.match(finding!.message, `is applied by flux-system/infrastructure and by ${other}:`)
  assert.match(finding!.message, message)
  assert.equal(json.cleanedUp, clean)
}

/** Waits until the Kustomization has applied the tip of the branch. */
async function settled(place: Place, ...names: string[]): Promise<void> {
  for (const name of names) await place.applied(name, await place.tip())
}

test('flux-system takes in everything below, without decryption: seven of seven runs fail', () =>
  withPlace(async (place) => {
    const before = await place.tip()
    await place.patch('kustomization/flux-system', { spec: { path: './kubernetes' } })
    try {
      for (let run = 1; run <= 7; run++) {
        const verified = await place.verify()
        checkFailed(
          verified,
          'flux-system/flux-system',
          /flux-system\/flux-system has written the ciphertext into it/,
        )
        const [finding] = verified.json.findings
        assert.match(
          finding!.message,
          /has the path kubernetes and no kustomization file there, so it takes in everything below, without decryption/,
        )
        assert.match(finding!.fix, /: commit a kustomization\.yaml in kubernetes /)
      }
      assert.is((await place.subjects(before)).length, 14)
      assert.is(await place.server('diff', before, 'main'), '')
    } finally {
      await place.patch('kustomization/flux-system', { spec: { path: './kubernetes/flux-system' } })
    }
  }))

for (const [what, path, more, message] of [
  [
    'the same path, without decryption',
    './kubernetes/infrastructure',
    '',
    /beside has the same path, without decryption/,
  ],
  [
    'the same path, behind it',
    './kubernetes/infrastructure',
    '  dependsOn: [{name: infrastructure}]\n',
    /written the ciphertext/,
  ],
  ['the same path and the same key', './kubernetes/infrastructure', decryption, /beside has the same path$/],
  [
    'a path whose kustomization file includes it',
    './kubernetes/all',
    '',
    /the kustomization file in kubernetes\/all, .* includes it/,
  ],
  ['a component that includes it', './kubernetes/bare', '  components: [../component]\n', /beside/],
] as const)
  test(`a Kustomization beside it: ${what}`, () =>
    withPlace(
      async (place) => {
        await settled(place, 'beside')
        checkFailed(await place.verify(), 'flux-system/beside', message)
      },
      () => ({
        ...beside(path, more),
        'kubernetes/all/kustomization.yaml': kustomizationOf('../infrastructure'),
        'kubernetes/bare/kustomization.yaml': 'resources: []\n',
        'kubernetes/component/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n${kustomizationOf('../infrastructure')}`,
      }),
    ))

test('another object from the same path is no second owner', () =>
  withPlace(
    async (place) => {
      await settled(place, 'beside')
      const { code, json, stderr } = await place.verify()
      assert.is(code, 0, stderr)
      assert.equal(json.findings, [])
    },
    () => beside('./kubernetes/infrastructure', `${decryption}  targetNamespace: kube-public\n`),
  ))

test('one that is suspended or fails writes nothing, and is named', () =>
  withPlace(
    async (place) => {
      const before = await place.tip()
      for (const [spec, message] of [
        [{ suspend: true }, /is suspended$/],
        [{ suspend: false, targetNamespace: 'nowhere' }, /has failed: ReconciliationFailed: /],
      ] as const) {
        await place.patch('kustomization/beside', { spec })
        const { code, json, stderr } = await place.verify()
        assert.is(code, 0, stderr)
        assert.equal(
          json.findings.map(({ code, object }) => `${code} ${object}`),
          ['other-silent kustomization flux-system/beside'],
        )
        assert.match(json.findings[0]!.message, message)
      }
      assert.equal(await place.subjects(before), [createMessage, removeMessage, createMessage, removeMessage])
    },
    () => ({
      ...beside('./kubernetes/infrastructure'),
      'kubernetes/flux-system/beside.yaml': fluxKustomization(
        'beside',
        './kubernetes/infrastructure',
        '',
        '  namespace: flux-system\n  annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}\n',
      ),
    }),
  ))

test('one in another namespace, with a source of its own', () =>
  withPlace(async (place) => {
    const { kubectl, url } = place
    const objects = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: tenant(url) })
    await kubectl(['apply', '-f', '-'], objects)
    try {
      await kubectl([
        'wait',
        '-n',
        tenantNamespace,
        'kustomization/beside',
        '--for=condition=Ready',
        '--timeout=60s',
      ])
      checkFailed(
        await place.verify(),
        `${tenantNamespace}/beside`,
        /beside has the same path, without decryption/,
      )
    } finally {
      await kubectl([
        'delete',
        '-n',
        tenantNamespace,
        'kustomization/beside',
        'gitrepository/beside',
        '--timeout=60s',
      ])
    }
  }))

/** No other test uses it: in the sandbox nobody takes a namespace away. */
const tenantNamespace = `tenant-${randomBytes(4).toString('hex')}`

function tenant(url: string) {
  const metadata = { name: 'beside', namespace: tenantNamespace }
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: tenantNamespace } },
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata,
      spec: { url, interval: '10m', ref: { branch: 'main' } },
    },
    {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata,
      spec: {
        interval: '10m',
        path: './kubernetes/infrastructure',
        prune: true,
        sourceRef: { kind: 'GitRepository', name: 'beside' },
      },
    },
  ]
}

test.run()
