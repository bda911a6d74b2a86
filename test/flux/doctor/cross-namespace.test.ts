import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conditionOf } from '../../../scripts/lib/cluster/flux-objects.ts'
import { kustomizationObject } from '../../helpers/diagnosis/object-cases.ts'
import { diagnoseFlux } from '../../helpers/flux/diagnose-cases.ts'
import { map } from '../../helpers/flux/encrypted-objects.ts'
import { withFluxOn, withOwnSandbox } from '../../helpers/flux/sandbox.ts'
import { until } from '../../helpers/processes.ts'

test('a source of another namespace is refused where the controller is told so', () =>
  withOwnSandbox(async (sandbox) => {
    await sandbox.restartController('kustomize-controller', ['--no-cross-namespace-refs'])
    const files = { 'kubernetes/flux-system/m.yaml': map('m') }
    await withFluxOn(sandbox, files, async (flux) => {
      const tenant = kustomizationObject(
        'tenant',
        '  path: ./kubernetes/flux-system\n  sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}\n',
        'default',
      )
      await sandbox.kubectl(['apply', '--server-side', '-f', '-'], tenant)
      await until('the controller has refused it', async () => {
        const args = ['get', '-n', 'default', 'kustomization/tenant', '-o', 'json']
        const ready = conditionOf(JSON.parse(await sandbox.kubectl(args)), 'Ready')
        return ready !== undefined && ready.status !== 'Unknown' && !/retrying in/.test(ready.message)
      })
      const { diagnoses } = await diagnoseFlux(flux)
      const [{ finding } = { finding: undefined }] = diagnoses
      assert.is(finding?.code, 'cross-namespace-refused')
      assert.is(finding?.object, 'kustomization default/tenant')
      assert.is(finding?.facts.reference, 'GitRepository/flux-system/flux-system')
    })
  }))

test.run()
