import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  controllerDeployment,
  controllerShard,
  fluxKustomization,
  kustomizationOf,
} from '../../helpers/flux/flux-objects.ts'
import { withOwnSandbox } from '../../helpers/flux/sandbox.ts'
import { makeKey, sopsConfig } from '../../helpers/keys.ts'
import { secretFor } from '../../helpers/rotate/clusters.ts'
import {
  type FluxRotation,
  heldIn,
  leaving,
  opens,
  plainKeySecret,
  withFluxRotation,
} from '../../helpers/rotate/flux-rotation.ts'
import { recipientsOf } from '../../helpers/rotate/identities.ts'

const flag = '--sops-age-secret=sops-age-all'
const system = 'kubernetes/flux-system/kustomization.yaml'
const encrypted = ['wide', 'named'].map((name) => `kubernetes/${name}/s.enc.yaml`)

/** As `flux bootstrap` is told to give the controller a key, where the repository does. */
const patch = `patches:
  - target: {kind: Deployment, name: kustomize-controller}
    patch: |
      - {op: add, path: /spec/template/spec/containers/0/args/-, value: ${flag}}
`

/** Whose identity no key Secret that is seen holds. */
const friend = makeKey()

const files = {
  '.sops.yaml': sopsConfig(leaving.recipient),
  [system]: kustomizationOf('all.yaml'),
  'kubernetes/flux-system/all.yaml': [
    fluxKustomization('wide', './kubernetes/wide', '  decryption: {provider: sops}\n  retryInterval: 2s\n'),
    fluxKustomization(
      'named',
      './kubernetes/named',
      '  decryption: {provider: sops, secretRef: {name: sops-age}}\n  retryInterval: 2s\n',
    ),
  ].join('---\n'),
  [encrypted[0]!]: secretFor('s-0', leaving.recipient, friend.recipient),
  [encrypted[1]!]: secretFor('s-1', leaving.recipient),
}

/** The recipients that the two Secrets hold. */
async function held({ sandbox }: FluxRotation) {
  const ids = ['sops-age-all', 'sops-age'].map((name) => heldIn(sandbox, `flux-system/${name}`))
  return (await Promise.all(ids)).map(recipientsOf)
}

const unseen =
  'kustomization flux-system/wide: decrypts and names no key Secret, and which one kustomize-controller gives it is not seen'
const commit = ['--commit', '--old', leaving.recipient]

test('the key of the controller itself goes as those that Kustomizations name, and one that is not seen is never none', () =>
  withOwnSandbox(async (sandbox) => {
    await sandbox.restartController('kustomize-controller', [flag])
    const { pids } = sandbox
    await withFluxRotation(
      [leaving],
      files,
      async (place) => {
        const { rotate, keys, git, apply, applied, push } = place
        const names = ['sops-age-all', 'sops-age']
        await apply(...names.map((name) => plainKeySecret(name, { 'age.agekey': leaving.text })))
        const head = () => git('rev-parse', 'HEAD')
        const pushHead = async () => {
          await git('pull', '--quiet', '--rebase')
          await git('push', '--quiet')
        }
        const old = leaving.recipient
        for (const name of ['wide', 'named']) await applied(name, await head())
        assert.match((await rotate(1, ['--remove', '--old', old])).stderr, unseen)
        const remove = ['--remove', '--old', friend.recipient, '--dry-run']
        assert.match((await rotate(1, remove)).stderr, unseen)
        const looked = await rotate(0, [...remove, '--checked', 'flux-system/wide'])
        assert.match(looked.stdout, `+++ b/${encrypted[0]}`)

        const seen = await place.failures(async () => {
          // neither the cluster nor the repository says which Secret it is
          assert.match((await rotate(0, commit)).stderr, unseen)
          const next = keys().at(-1)!.recipient
          assert.equal(await held(place), [[old], [old, next]])
          assert.match((await rotate(1, ['--status'])).stderr, unseen)
          await pushHead()
          const blind = await rotate(1, commit)
          assert.match(blind.stderr, unseen)
          assert.equal(await held(place), [[old], [old, next]])

          // the repository says it
          await push({ [system]: files[system] + patch })
          await applied('flux-system', await head())
          const told = await rotate(0, commit)
          const { stdout, stderr } = told
          assert.match(stderr, `secret flux-system/sops-age-all: is taken for the key`)
          assert.match(stderr, `as ${system} says`)
          assert.match(stdout, /distribute .*flux-system\/sops-age-all \(sandbox\)/)
          assert.match(stdout, /kustomization flux-system\/wide has applied/)
          assert.match(stdout, /kustomization flux-system\/named has applied/)
          assert.match(stdout, '✓ cut-over')
          assert.equal(await held(place), [
            [old, next],
            [old, next],
          ])
          await pushHead()
          assert.match((await rotate(0, commit)).stdout, /^done/m)
          assert.equal(await held(place), [[next], [next]])
          await git('pull', '--quiet', '--rebase')
          for (const name of ['wide', 'named']) await applied(name, await head())
        })
        assert.equal(seen, [])
        for (const file of encrypted) {
          assert.not(opens(place, leaving, file))
          assert.ok(opens(place, keys().at(-1)!, file))
        }

        // what has ended is only known while the key is seen
        await push({ [system]: files[system]! })
        await applied('flux-system', await head())
        assert.match((await rotate(2, ['--status'])).stderr, unseen)
        assert.match((await rotate(0, ['--status', '--checked', 'flux-system/wide'])).stdout, 'no rotation')
        await apply(JSON.stringify(controllerDeployment('1.9.4', flag)))
        assert.match((await rotate(0, ['--status'])).stdout, 'no rotation is open')
        // a shard with another one: which of them decrypts is not seen, whatever the repository says
        await push({ [system]: files[system] + patch })
        await applied('flux-system', await head())
        const shard = controllerShard('1.9.4', '--sops-age-secret=other-age')
        await apply(JSON.stringify(shard))
        assert.match((await rotate(2, ['--status'])).stderr, unseen)
        await sandbox.kubectl(['delete', 'deployment', '-n', 'flux-system', shard.metadata.name])

        // the Deployment says it
        const [, now] = keys()
        await rotate(0, ['--commit', '--old', now!.recipient])
        const both = [now!.recipient, keys().at(-1)!.recipient]
        assert.equal(await held(place), [both, both])
      },
      sandbox,
    )
    // all of this by one process
    assert.equal(sandbox.pids, pids)
  }))

test.run()
