import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { type Applied, block, fresh, old, withApplied } from '../../helpers/flux/applied-key.ts'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { withNamespaces } from '../../helpers/flux/sandbox.ts'
import { sopsConfig } from '../../helpers/keys.ts'
import { until } from '../../helpers/processes.ts'

/** A Kustomization in a namespace of its own, which builds nothing. */
const tenant = (namespace: string, more = block) =>
  fluxKustomization('tenant', './kubernetes/none', more, `  namespace: ${namespace}\n`)

/** Denies every write of a Secret in a namespace that is not a dry run. */
const denial = (namespace: string) => `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: deny-secrets}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets]}]
  validations:
    - expression: request.dryRun || request.namespace != '${namespace}'
      message: not for you
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: deny-secrets}
spec: {policyName: deny-secrets, validationActions: [Deny]}
`

const tenants = ['tenant-a', 'tenant-b']
const both = { '.sops.yaml': sopsConfig(old.recipient, fresh.recipient) }
const keys = [old.secret, fresh.secret]
const all = `${old.secret}\n${fresh.secret}\n`

/** As `withApplied`, where tenants have these namespaces. */
const withTenants = (names: readonly string[], use: (place: Applied) => Promise<void>) =>
  withApplied(both, (place) => withNamespaces(place.sandbox, names, () => use(place)))

test('without --namespace the key goes where Kustomizations name it, in all or in none', () =>
  withTenants(tenants, async ({ sandbox, sopsKey, apply, held }) => {
    await apply(tenants.map((name) => tenant(name)).join('---\n'))
    try {
      // the API server takes a moment to enforce a policy, and to forget it
      const mayWrite = async () => {
        const probe = ['secret', 'probe', '-n', 'tenant-b']
        const isMade = await sandbox.kubectl(['create', 'secret', 'generic', ...probe.slice(1)]).then(
          () => true,
          () => false,
        )
        if (isMade) await sandbox.kubectl(['delete', ...probe])
        return isMade
      }
      await apply(denial('tenant-b'))
      await until('the policy is enforced', async () => !(await mayWrite()))
      const before = await held()
      const denied = await sopsKey(keys)
      assert.is(denied.code, 2, denied.stderr)
      assert.match(denied.stderr, /cannot write secret tenant-b\/sops-age: .*not for you/)
      assert.equal(await held(), before)
      for (const name of tenants) assert.is(await held(name), undefined)
      await sandbox.kubectl([
        'delete',
        'validatingadmissionpolicybinding,validatingadmissionpolicy',
        'deny-secrets',
      ])
      await until('the policy is forgotten', mayWrite)
      const { code, stdout, stderr } = await sopsKey(keys, ['--json'])
      assert.is(code, 0, stderr)
      const written = JSON.parse(stdout).namespaces.map(({ namespace }: { namespace: string }) => namespace)
      assert.equal(written, ['flux-system', ...tenants])
      for (const name of ['flux-system', ...tenants]) assert.equal(await held(name), { 'age.agekey': all })
      const one = await sopsKey([old.secret, fresh.secret], ['--namespace', 'tenant-a', '--json'])
      assert.is(JSON.parse(one.stdout).namespaces.length, 1)
    } finally {
      await sandbox.kubectl([
        'delete',
        'validatingadmissionpolicybinding,validatingadmissionpolicy',
        'deny-secrets',
        '--ignore-not-found',
      ])
    }
  }))

test('what the repository names and the cluster does not yet counts as well', () =>
  withTenants(['tenant-c'], async ({ sandbox, sopsKey, apply, clone }) => {
    await sandbox.kubectl(['delete', 'kustomization', 'apps', '-n', 'flux-system'])
    await apply(tenant('tenant-c', ''))
    writeFiles(clone, {
      'kubernetes/flux-system/kustomization.yaml': kustomizationOf('tenant.yaml', 'elsewhere.yaml'),
      'kubernetes/flux-system/tenant.yaml': tenant('tenant-c'),
      'kubernetes/flux-system/elsewhere.yaml': tenant('tenant-of-another-cluster'),
    })
    const { code, stdout, stderr } = await sopsKey(keys, ['--json', '--dry-run'])
    assert.is(code, 0, stderr)
    const named = JSON.parse(stdout).namespaces.map(({ namespace }: { namespace: string }) => namespace)
    assert.equal(named, ['tenant-c'])
  }))

test('where none is known it is flux-system', () =>
  withApplied({}, async ({ sopsKey }) => {
    const { code, stdout, stderr } = await sopsKey([old.secret], ['--name', 'another', '--json'])
    assert.is(code, 0, stderr)
    const named = JSON.parse(stdout).namespaces.map(({ namespace }: { namespace: string }) => namespace)
    assert.equal(named, ['flux-system'])
  }))

test.run()
