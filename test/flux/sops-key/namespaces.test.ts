import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { block, fresh, old, withApplied } from '../../helpers/flux/applied-key.ts'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { sopsConfig } from '../../helpers/keys.ts'

/** A Kustomization in a namespace of its own, which builds nothing. */
const tenant = (namespace: string, more = block) =>
  fluxKustomization('tenant', './kubernetes/none', more, `  namespace: ${namespace}\n`)

const namespaces = (...names: string[]) =>
  names.map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`).join('---\n')

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

const both = { '.sops.yaml': sopsConfig(old.recipient, fresh.recipient) }
const keys = [old.secret, fresh.secret]
const all = `${old.secret}\n${fresh.secret}\n`

test('without --namespace the key goes where Kustomizations name it, in all or in none', () =>
  withApplied(both, async ({ sandbox, sopsKey, apply, held }) => {
    const names = ['tenant-a', 'tenant-b']
    await apply([namespaces(...names), ...names.map((name) => tenant(name))].join('---\n'))
    try {
      await apply(denial('tenant-b'))
      // the API server takes a moment to enforce a new policy
      const probe = ['create', 'secret', 'generic', 'probe', '-n', 'tenant-b']
      while (
        await sandbox.kubectl(probe).then(
          () => true,
          () => false,
        )
      )
        await sandbox.kubectl(['delete', 'secret', 'probe', '-n', 'tenant-b'])
      const before = await held()
      const denied = await sopsKey(keys)
      assert.is(denied.code, 2, denied.stderr)
      assert.match(denied.stderr, /cannot write secret tenant-b\/sops-age: .*not for you/)
      assert.equal(await held(), before)
      for (const name of names) assert.is(await held(name), undefined)
      await sandbox.kubectl([
        'delete',
        'validatingadmissionpolicybinding,validatingadmissionpolicy',
        'deny-secrets',
      ])
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      const { code, stdout, stderr } = await sopsKey(keys, ['--json'])
      assert.is(code, 0, stderr)
      const written = JSON.parse(stdout).namespaces.map(({ namespace }: { namespace: string }) => namespace)
      assert.equal(written, ['flux-system', ...names])
      for (const name of ['flux-system', ...names]) assert.equal(await held(name), { 'age.agekey': all })
      const one = await sopsKey([old.secret, fresh.secret], ['--namespace', 'tenant-a', '--json'])
      assert.is(JSON.parse(one.stdout).namespaces.length, 1)
    } finally {
      await sandbox.kubectl([
        'delete',
        'validatingadmissionpolicybinding,validatingadmissionpolicy',
        'deny-secrets',
        '--ignore-not-found',
      ])
      for (const name of names) {
        await sandbox.kubectl(['delete', 'kustomizations,secrets', '--all', '-n', name])
        await sandbox.kubectl(['delete', 'namespace', name, '--wait=false'])
      }
    }
  }))

test('what the repository names and the cluster does not yet counts as well', () =>
  withApplied(both, async ({ sandbox, sopsKey, apply, clone }) => {
    await sandbox.kubectl(['delete', 'kustomization', 'apps', '-n', 'flux-system'])
    await apply(`${namespaces('tenant-c')}---\n${tenant('tenant-c', '')}`)
    try {
      writeFiles(clone, {
        'kubernetes/flux-system/kustomization.yaml': kustomizationOf('tenant.yaml', 'elsewhere.yaml'),
        'kubernetes/flux-system/tenant.yaml': tenant('tenant-c'),
        'kubernetes/flux-system/elsewhere.yaml': tenant('tenant-of-another-cluster'),
      })
      const { code, stdout, stderr } = await sopsKey(keys, ['--json', '--dry-run'])
      assert.is(code, 0, stderr)
      const named = JSON.parse(stdout).namespaces.map(({ namespace }: { namespace: string }) => namespace)
      assert.equal(named, ['tenant-c'])
    } finally {
      await sandbox.kubectl(['delete', 'kustomizations', '--all', '-n', 'tenant-c'])
      await sandbox.kubectl(['delete', 'namespace', 'tenant-c', '--wait=false'])
    }
  }))

test('where none is known it is flux-system', () =>
  withApplied({}, async ({ sopsKey }) => {
    const { code, stdout, stderr } = await sopsKey([old.secret], ['--name', 'another', '--json'])
    assert.is(code, 0, stderr)
    const named = JSON.parse(stdout).namespaces.map(({ namespace }: { namespace: string }) => namespace)
    assert.equal(named, ['flux-system'])
  }))

test.run()
