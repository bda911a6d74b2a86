import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  clean,
  createMessage,
  infrastructure,
  type Place,
  removeMessage,
  type Verified,
  withPlace,
} from '../../helpers/flux/verify.ts'
import { makeKey } from '../../helpers/keys.ts'

/** Does something in the cluster between the checks and the first push. */
function betweenChecksAndPush({ hook }: Place, script: string): void {
  hook('pre-push', `[ -e "$DIRECTORY/pushed" ] || { touch "$DIRECTORY/pushed"; ${script}; } >/dev/null`)
}

/** The run has failed, and the branch is as it was. */
async function checkFailed(place: Place, before: string, { code, json, stderr }: Verified, stage: string) {
  assert.is(code, 1, stderr)
  assert.is(json.result, 'failed')
  assert.equal(json.cleanedUp, clean)
  assert.equal(
    json.stages.filter(({ status }) => status === 'failed').map(({ name }) => name),
    [stage],
  )
  assert.match(stderr, /the test Secret was removed from origin\/main again/)
  assert.equal(await place.subjects(before), [createMessage, removeMessage])
  assert.is(await place.server('diff', before, 'main'), '')
}

test('a key that is swapped after the checks: the reason, the cause, and all cleaned up', () =>
  withPlace(async (place) => {
    const before = await place.tip()
    const patch = { stringData: { 'age.agekey': makeKey().secret } }
    writeFileSync(join(place.directory, 'patch.json'), JSON.stringify(patch))
    betweenChecksAndPush(
      place,
      'kubectl patch secret sops-age -n flux-system --type=merge --patch-file "$DIRECTORY/patch.json"',
    )
    const run = await place.verify()
    await checkFailed(place, before, run, 'applied')
    assert.is(run.json.findings[0]!.code, 'wrong-key')
    assert.is(run.json.findings[0]!.object, 'kustomization flux-system/infrastructure')
    assert.match(run.json.findings[0]!.message, /^BuildFailed: .*\nlikely cause: .*another key/)
    // the doctor looks at the commit of the test Secret, which is in no branch of the user
    const [headline] = run.json.doctor
    assert.is(headline?.code, 'wrong-key')
    assert.match(headline?.file ?? '', /^kubernetes\/infrastructure\/.*sops-test/)
  }))

test('a key of another kind, which cannot be checked beforehand: the controller says what is wrong', () =>
  withPlace(async (place) => {
    const before = await place.tip()
    await place.putKey({ 'age.agekey': '# nothing', 'sops.vault-token': 'x' })
    const run = await place.verify()
    await checkFailed(place, before, run, 'applied')
    assert.equal(
      run.json.findings.map(({ code, object }) => `${code} ${object}`),
      ['no-identity kustomization flux-system/infrastructure', 'other-key secret flux-system/sops-age'],
    )
  }))

test('a Secret that is applied without decryption: Ready=True does not prove it', () =>
  withPlace(async (place) => {
    const before = await place.tip()
    const object = 'kustomization infrastructure -n flux-system'
    // with the annotation Flux does not put the block back (https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources)
    betweenChecksAndPush(
      place,
      `kubectl annotate ${object} kustomize.toolkit.fluxcd.io/reconcile=disabled && kubectl patch ${object} --field-manager=x --type=json -p '[{"op":"remove","path":"/spec/decryption"}]'`,
    )
    const run = await place.verify()
    await checkFailed(place, before, run, 'value')
    assert.is(run.json.findings[0]!.code, 'ciphertext')
    assert.is(run.json.findings[0]!.object, 'secret default/sops-test')
    assert.is(run.json.stages.find(({ name }) => name === 'applied')!.status, 'passed')
  }))

test('a Secret that Flux leaves alone: its other value is seen, and so is that it was not pruned', () =>
  withPlace(async (place) => {
    const { kubectl, hook, tip, verify } = place
    const secret = ['secret', 'sops-test', '-n', 'default']
    try {
      const before = await tip()
      const annotations = 'flux-sops-tasks/run=x kustomize.toolkit.fluxcd.io/ssa=Ignore'
      betweenChecksAndPush(
        place,
        `kubectl create secret generic sops-test -n default --from-literal=message=x && kubectl annotate ${secret.join(' ')} ${annotations}`,
      )
      const changed = await verify()
      await checkFailed(place, before, changed, 'value')
      assert.is(changed.json.findings[0]!.code, 'value')
      await kubectl(['delete', ...secret])

      const start = await tip()
      hook(
        'pre-push',
        `git log -1 --format=%s | grep -q ^chore && kubectl annotate ${secret.join(' ')} kustomize.toolkit.fluxcd.io/prune=disabled >/dev/null; exit 0`,
      )
      const kept = await verify()
      assert.is(kept.code, 1, kept.stderr)
      assert.is(kept.json.findings[0]!.code, 'not-pruned')
      assert.is(kept.json.findings[0]!.object, 'secret default/sops-test')
      assert.is(kept.json.stages.at(-1)!.status, 'failed')
      assert.equal(kept.json.cleanedUp, { branch: true, cluster: false })
      assert.equal(await place.subjects(start), [createMessage, removeMessage])
    } finally {
      await kubectl(['delete', ...secret, '--ignore-not-found'])
    }
  }))

test('wait: true and a sibling that never gets ready: the value proves it all the same', () =>
  withPlace(
    async (place) => {
      const { push, git, verify, tip, subjects, kubectl } = place
      await push({
        'kubernetes/infrastructure/kustomization.yaml': 'resources:\n  - sibling.yaml\n',
        'kubernetes/infrastructure/sibling.yaml': deployment,
      })
      const before = await tip()
      const { code, json, stderr } = await verify()
      assert.is(code, 0, stderr)
      assert.ok(json.findings.length > 0)
      assert.match(json.findings[0]!.message, /^applied the commit, but is not ready/)
      assert.equal(await subjects(before), [createMessage, removeMessage])
      assert.is(await git('status', '--porcelain'), '')
      // Flux, which waits for it half a minute each time, need not when all is taken away
      const patch = ['patch', 'deployment/sibling', '-n', 'default', '--subresource=status', '--type=merge']
      await kubectl([...patch, '-p', JSON.stringify({ status: ready })])
    },
    (cluster) => ({ [infrastructure]: `${cluster[infrastructure]}  timeout: 10s\n` }),
  ))

/** The status of a Deployment that is there. */
const ready = {
  observedGeneration: 1,
  replicas: 1,
  updatedReplicas: 1,
  readyReplicas: 1,
  availableReplicas: 1,
  conditions: [
    { type: 'Available', status: 'True' },
    { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
  ],
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: sibling
  namespace: default
spec:
  selector: {matchLabels: {app: sibling}}
  template:
    metadata: {labels: {app: sibling}}
    spec:
      containers:
        - name: sibling
          image: example.invalid/sibling
`

test('a time limit that is over behind a push ends it, and cleans up', () =>
  withPlace(async (place) => {
    const before = await place.tip()
    place.hook('pre-push', 'git log -1 --format=%s | grep -q ^feat && sleep 6; exit 0')
    const run = await place.verify(['--timeout', '5s'])
    await checkFailed(place, before, run, 'source')
    assert.match(run.json.findings[0]!.code, /^(not-fetched|source-silent|fetched-elsewhere)$/)
  }))

test.run()
