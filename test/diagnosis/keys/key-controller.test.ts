import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyControllerOf } from '../../../scripts/diagnosis/keys/key-controller.ts'
import { controllerDeployment, controllerShard } from '../../helpers/flux/flux-objects.ts'

test('of a controller and its shards the oldest version counts, and one that is not told makes it unknown', () => {
  const versionOfAll = (...versions: string[]) => {
    const [first = '', ...others] = versions
    const controllers = [controllerDeployment(first), ...others.map((version) => controllerShard(version))]
    return keyControllerOf({ controllers })?.version
  }
  assert.is(versionOfAll('1.10.0', '1.9.0', '1.11.0'), '1.9.0')
  assert.is(versionOfAll('1.9.0', '1.10.0'), '1.9.0')
  assert.is(versionOfAll('1.9.0', 'latest'), undefined)
})

test('other controllers of Flux tell nothing', () => {
  const notification = controllerDeployment('1.0.0')
  notification.metadata.name = 'notification-controller'
  notification.spec.template.spec.containers[0]!.image = 'ghcr.io/fluxcd/notification-controller:v1.0.0'
  assert.is(keyControllerOf({ controllers: [notification] }), undefined)
  assert.is(keyControllerOf({ controllers: [notification, controllerShard('1.9.0')] })?.version, '1.9.0')
})

test('a key of their own is known where all have the same one', () => {
  const keyOf = (...controllers: ReturnType<typeof controllerDeployment>[]) =>
    keyControllerOf({ controllers })?.ageSecret
  const own = '--sops-age-secret=own-age'
  assert.equal(keyOf(controllerShard('1.9.0', own), controllerDeployment('1.9.0', own)), {
    namespace: 'flux-system',
    name: 'own-age',
  })
  assert.is(
    keyOf(controllerDeployment('1.9.0', own), controllerShard('1.9.0', '--sops-age-secret=other-age')),
    undefined,
  )
  assert.is(keyOf(controllerDeployment('1.9.0', own), controllerShard('1.9.0')), undefined)
  const ofTenant = controllerDeployment('1.9.0', own)
  ofTenant.metadata.namespace = 'tenant'
  assert.is(keyOf(controllerShard('1.9.0', own), ofTenant), undefined)
})

test.run()
