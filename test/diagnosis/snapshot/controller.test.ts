import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { gatesOf, valuesOfFlag } from '../../../scripts/diagnosis/snapshot/controller.ts'
import type { Controller } from '../../../scripts/diagnosis/snapshot/snapshot.ts'

const controller = (...args: string[]): Controller => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'kustomize-controller', namespace: 'flux-system' },
  spec: { template: { spec: { containers: [{ name: 'manager', image: 'x:v1.9.4', args }] } } },
})

test('a flag has its value behind a sign or as the next argument, and may be given several times', () => {
  const some = controller('--a=1', '--ab=2', '--a', '3', '--a=x=y', '--a')
  assert.equal(valuesOfFlag(some, '--a'), ['1', '3', 'x=y'])
  assert.equal(valuesOfFlag(some, '--b'), [])
})

test('the feature gates of all flags count', () => {
  const gates = gatesOf(controller('--feature-gates=A=true,B=false', '--feature-gates', 'C=true'))
  assert.equal(
    [...gates],
    [
      ['A', 'true'],
      ['B', 'false'],
      ['C', 'true'],
    ],
  )
})

test.run()
