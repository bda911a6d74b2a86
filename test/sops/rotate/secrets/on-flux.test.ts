import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fluxKustomization } from '../../../helpers/flux/flux-objects.ts'
import { sopsConfig } from '../../../helpers/keys.ts'
import { secretFor } from '../../../helpers/rotate/clusters.ts'
import {
  decrypting,
  heldIn,
  leaving,
  plainKeySecret,
  withFluxRotation,
} from '../../../helpers/rotate/flux-rotation.ts'
import { recipientsOf } from '../../../helpers/rotate/identities.ts'
import { withTracedRuns } from '../../../helpers/rotate/traced.ts'
import { dataKeyOf } from '../../../helpers/sops/data-key.ts'

const value = 'of-planted-on-flux'
const file = 'apps/s.enc.yaml'
const files = {
  '.sops.yaml': sopsConfig(leaving.recipient),
  'kubernetes/flux-system/apps.yaml': fluxKustomization('apps', './apps', decrypting()),
  [file]: secretFor('planted-on-flux', leaving.recipient),
}

/** Who may do everything but change Secrets. */
const reader = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reads-secrets}
rules:
  - {apiGroups: ["*"], resources: ["*"], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reads-secrets}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reads-secrets}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: reads-secrets}]
`

test('no identity, value or data key is shown, passed on or kept on the way through a cluster, whatever happens', () =>
  withFluxRotation([leaving], files, async (place) => {
    const { sandbox, bare, clone: root, env, directory, git, keys, text, apply, applied } = place
    const temporary = join(directory, 'temporary')
    mkdirSync(temporary)
    const held = async () => recipientsOf(await heldIn(sandbox, 'flux-system/sops-age'))
    const secrets = new Set([leaving.secret, value, ...dataKeyOf(text(file), leaving)])
    await apply(plainKeySecret('sops-age', { 'age.agekey': leaving.secret }), reader)
    try {
      await applied('apps', await git('rev-parse', 'HEAD'))
      await withTracedRuns({ root, env, directory, temporary }, async ({ run, endAt, check }) => {
        const args = ['--commit', '--timeout', '60s']
        const writing = '^request .*/secrets/'
        const refused = { KUBECONFIG: sandbox.kubeconfigFor('reads-secrets') }
        assert.match(await run(2, args, refused), 'cannot write secret flux-system/sops-age')
        await run(2, args, endAt(writing, 'SIGINT'))
        await run(null, args, endAt(writing, 'SIGKILL'))
        assert.equal(await held(), [leaving.recipient])
        await run(0, args)
        const next = keys().at(-1)!
        secrets.add(next.secret)
        const both = [leaving.recipient, next.recipient]
        assert.equal(await held(), both)
        await run(0, ['--abort', ...args])
        assert.equal(await held(), [leaving.recipient])
        await run(0, args)
        for (const part of dataKeyOf(text(file), next)) secrets.add(part)
        await git('push', '--quiet')

        // the branch takes no proof, the key is put back behind our back so that Flux decrypts none, it is interrupted
        mkdirSync(join(bare, 'hooks'), { recursive: true })
        const hook = join(bare, 'hooks', 'pre-receive')
        const hookOf = (script: string) => writeFileSync(hook, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
        hookOf('echo "main is a protected branch" >&2; exit 1')
        assert.match(await run(2, args), '--proof canary')
        const data = { 'age.agekey': Buffer.from(leaving.secret).toString('base64') }
        const patch = `patch secret sops-age -n flux-system --type=merge -p '${JSON.stringify({ data })}'`
        hookOf(`PATH='${env.PATH}' KUBECONFIG='${sandbox.kubeconfig}' kubectl ${patch} >/dev/null`)
        assert.match(await run(1, args), /^ +✗ applied /m)
        rmSync(hook)
        await run(0, ['--to', 'distribute'])
        assert.equal(await held(), both)
        await run(2, args, endAt('^request .*/gitrepositories/', 'SIGINT', 2))
        await run(0, args)
        for (const part of dataKeyOf(text(file), next)) secrets.add(part)
        await git('pull', '--quiet', '--rebase')
        await git('push', '--quiet')

        // the guard puts the old one back
        await run(2, args, endAt('^request .*/kustomizations/', 'SIGTERM'))
        assert.equal(await held(), both)
        assert.match(await run(0, args), /^done: /m)
        assert.equal(await held(), [next.recipient])
        const { calls } = check(secrets, ['clone/.age-key.txt'])
        assert.match(calls, '["kubectl", "proxy"')
      })
    } finally {
      await sandbox.kubectl(['delete', 'clusterrole,clusterrolebinding', 'reads-secrets'])
    }
  }))

test.run()
