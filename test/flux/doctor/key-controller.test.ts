import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chosen } from '../../../scripts/diagnosis/choice.ts'
import { clusterKeyFindings } from '../../../scripts/findings/catalogue/cluster/keys.ts'
import { keySecretFindings } from '../../../scripts/findings/catalogue/key-secret.ts'
import { worded } from '../../../scripts/findings/finding.ts'
import { conditionOf, type Kustomization } from '../../../scripts/lib/cluster/flux-objects.ts'
import { diagnoseFlux } from '../../helpers/flux/diagnose-cases.ts'
import { encrypt, key, secret } from '../../helpers/flux/encrypted-objects.ts'
import { controllerDeployment } from '../../helpers/flux/flux-objects.ts'
import { withCases } from '../../helpers/flux/run-cases.ts'
import { type Flux, withOwnSandbox } from '../../helpers/flux/sandbox.ts'
import { makeKey } from '../../helpers/keys.ts'
import { until } from '../../helpers/processes.ts'

const flag = '--sops-age-secret=sops-age-all'
const postQuantum = makeKey('-pq')

const keySecret = (name: string, text: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'flux-system', labels: {} },
  stringData: { 'age.agekey': text },
})

/** Applies an object, has Flux look again at all, and asks the doctor of one. */
async function saidAfter({ sandbox, ...flux }: Flux, name: string, ...objects: object[]) {
  const { kubectl } = sandbox
  for (const object of objects)
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(object))
  const token = `at=${Date.now()}`
  const annotation = `reconcile.fluxcd.io/requested${token.replace('at', 'At')}`
  await kubectl(['annotate', 'kustomizations', '-n', 'flux-system', '--all', '--overwrite', annotation])
  await until('Flux has looked again', async () => {
    const { items }: { items: Kustomization[] } = JSON.parse(
      await kubectl(['get', 'kustomizations', '-n', 'flux-system', '-o', 'json']),
    )
    return items.every(
      (one) =>
        one.status?.lastHandledReconcileAt === token.slice(3) &&
        conditionOf(one, 'Ready')?.status !== 'Unknown',
    )
  })
  const { diagnoses, snapshot } = await diagnoseFlux({ sandbox, ...flux })
  const families: Record<string, unknown> = { ...keySecretFindings, ...clusterKeyFindings }
  const found = diagnoses.filter(chosen([name], snapshot)).map(({ finding }) => finding)
  return found.filter(({ code }) => code in families)
}

test('the key of the controller, which Kustomizations use that name none', () =>
  withOwnSandbox(async (sandbox) => {
    const wide = { files: () => ({ 's.yaml': encrypt(secret('wide')) }), keys: undefined }
    const named = { files: () => ({ 's.yaml': encrypt(secret('named')) }), keys: { 'age.key': key.text } }
    const modern = {
      files: () => ({ 's.yaml': encrypt(secret('modern'), { to: [[postQuantum]] }) }),
      keys: { 'age.agekey': postQuantum.text },
    }
    const spec = (name: string) => `  decryption: {provider: sops, secretRef: {name: ${name}}}\n`
    const cases = [
      { name: 'wide', ...wide, spec: '  decryption: {provider: sops}\n' },
      { name: 'named', ...named, spec: spec('named') },
      { name: 'modern', ...modern, spec: spec('modern') },
    ]
    await withCases(
      cases,
      async (flux) => {
        const first = async (name: string, ...objects: object[]) =>
          (await saidAfter(flux, name, ...objects))[0]
        const without = await first('wide', controllerDeployment('1.9.4', '--log-level=info'))
        assert.is(without?.code, 'controller-without-key')

        await sandbox.restartController('kustomize-controller', [flag])
        const missing = await first('wide', controllerDeployment('1.9.4', flag))
        assert.is(missing?.code, 'controller-key-missing')
        assert.is(missing?.object, 'secret flux-system/sops-age-all')
        assert.match(worded(missing!).fix, '`mise run flux:sops-key --name sops-age-all`')

        const junk = await first('wide', keySecret('sops-age-all', key.recipient))
        assert.is(junk?.code, 'key-unusable')
        assert.match(worded(junk!).message, '(line 1 is a public key')

        const wrong = await first('wide', keySecret('sops-age-all', postQuantum.text))
        assert.is(wrong?.code, 'wrong-key-elsewhere')
        assert.is(wrong?.file, 'wide/s.yaml')

        // nothing at all: its label would say nothing to Flux
        assert.equal(await saidAfter(flux, 'wide', keySecret('sops-age-all', key.text)), [])
        // a Secret that is named stands alone
        const named = await first('named')
        assert.is(named?.code, 'key-wrong-suffix')

        assert.is((await first('modern'))?.code, 'no-watch-label')
        const older = await first(
          'modern',
          controllerDeployment('1.8.3', '--sops-age-secret', 'sops-age-all'),
        )
        assert.is(older?.code, 'controller-too-old-for-key')
        assert.match(worded(older!).message, 'in age.agekey, which kustomize-controller 1.8.3 cannot read')
        // its flag and the name of the Secret are two arguments here
        assert.is((await first('wide', keySecret('sops-age-all', key.recipient)))?.code, 'key-unusable')
        const own = controllerDeployment('1.9.4', flag, '--watch-configs-label-selector=watch=yes')
        assert.equal(await saidAfter(flux, 'modern', own), [])
      },
      sandbox,
    )
  }))

test.run()
