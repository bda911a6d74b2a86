import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openCluster } from '../../../../scripts/lib/cluster/kubectl.ts'
import { Interrupted } from '../../../../scripts/lib/errors.ts'
import { ownerId } from '../../../../scripts/lib/owner.ts'
import type { CanaryProof } from '../../../../scripts/sops/rotate/proof/canary/canary.ts'
import { lackingRights } from '../../../../scripts/sops/rotate/proof/canary/rights.ts'
import { proveByCanary } from '../../../../scripts/sops/rotate/proof/canary.ts'
import { silentCaller } from '../../../helpers/caller.ts'
import { type Place, withPlace } from '../../../helpers/flux/verify.ts'
import { makeKey } from '../../../helpers/keys.ts'

const [next, hybrid, stranger] = [makeKey(), makeKey('-pq'), makeKey()]
const plaintexts = ['SOPS decryption works', Buffer.from('SOPS decryption works').toString('base64')]

async function optionsOf({ clone, env, kubectl }: Place, recipient: string): Promise<CanaryProof> {
  const get = async (object: string) =>
    JSON.parse(await kubectl(['get', '-n', 'flux-system', object, '-o', 'json']))
  return {
    context: undefined,
    kustomization: await get('kustomization/infrastructure'),
    source: await get('gitrepository/flux-system'),
    recipients: [recipient],
    repository: { root: clone, env, signal: undefined },
    remote: 'origin',
    timeout: '60s',
    caller: silentCaller(clone, env),
  }
}

/** All that a canary could leave, or touch. */
async function stateOf({ server, git, kubectl, tip }: Place) {
  const objects = await kubectl([
    'get',
    'kustomizations,gitrepositories,secrets',
    '-A',
    '-o',
    'jsonpath={range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name}{"\\n"}{end}',
  ])
  return {
    main: await tip(),
    branches: await server('for-each-ref', '--format=%(refname)'),
    refs: await git('for-each-ref', '--format=%(refname) %(objectname)'),
    status: await git('status', '--porcelain'),
    canaries: objects.split('\n').filter((line) => /canary/.test(line)),
  }
}

/** Proves, and sees that nothing is left and no value was said. */
async function prove(place: Place, recipient: string, more: Partial<CanaryProof> = {}) {
  const before = await stateOf(place)
  const said: string[] = []
  const options = await optionsOf(place, recipient)
  const caller = more.caller ?? options.caller
  const report = await proveByCanary({
    ...options,
    ...more,
    caller: {
      ...caller,
      say(line) {
        said.push(line)
        caller.say(line)
      },
      note: (line) => said.push(line),
    },
  })
  const text = [...said, ...report.lines].join('\n')
  assert.equal(await stateOf(place), before, text)
  await place.checkLeftovers()
  for (const secret of [next.secret, hybrid.secret, ...plaintexts])
    assert.not.match(text + JSON.stringify(report.json), secret)
  return { ...report, text, codes: report.json.findings.map(({ code }) => code) }
}

const made = ['get', 'list', 'watch', 'create', 'patch', 'delete']

/** What a canary needs in the namespace of its objects. */
const rightsOfCanary: readonly [resource: string, group: string, verbs: readonly string[]][] = [
  ['kustomizations', 'kustomize.toolkit.fluxcd.io', made],
  ['gitrepositories', 'source.toolkit.fluxcd.io', made],
  ['secrets', '', ['get', 'list', 'watch']],
]

/** Runs `use` while users are there: `VERB-RESOURCE` lacks this right of a canary, and another one has all; nobody has others. */
async function withUsers(
  { kubectl }: Place,
  users: readonly string[],
  use: () => Promise<void>,
): Promise<void> {
  const rbac = 'rbac.authorization.k8s.io'
  const items = users.flatMap((user) => {
    const head = { apiVersion: `${rbac}/v1`, metadata: { name: user, namespace: 'flux-system' } }
    const rules = rightsOfCanary.map(([resource, group, verbs]) => ({
      apiGroups: [group],
      resources: [resource],
      verbs: verbs.filter((verb) => user !== `${verb}-${resource}`),
    }))
    const roleRef = { apiGroup: rbac, kind: 'Role', name: user }
    const subjects = [{ apiGroup: rbac, kind: 'User', name: user }]
    return [
      { ...head, kind: 'Role', rules },
      { ...head, kind: 'RoleBinding', roleRef, subjects },
    ]
  })
  const manifest = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  await kubectl(['apply', '--server-side', '-f', '-'], manifest)
  try {
    await use()
  } finally {
    await kubectl(['delete', '-f', '-'], manifest)
  }
}

const refuse = (pattern: string) =>
  `while read old new ref; do case $ref in ${pattern}) echo "main is a protected branch" >&2; exit 1 ;; esac; done`

test('a canary on a server that takes no push to main', () =>
  withPlace(async (place) => {
    const { key, server, git, kubectl, hook, serverHook, directory } = place
    serverHook('pre-receive', refuse('refs/heads/main'))

    // the cluster has the old identity only
    const without = await prove(place, next.recipient)
    assert.is(without.exitCode, 1, without.text)
    assert.equal(without.codes, ['recipient-without-key'])

    await place.putKey({ 'age.agekey': [key, next, hybrid].map(({ secret }) => secret).join('\n') })
    const proved = await prove(place, next.recipient)
    assert.is(proved.exitCode, 0, proved.text)
    assert.equal(proved.codes, [])
    assert.match(proved.text, /proved: with the key of kustomization flux-system\/infrastructure, Flux/)
    assert.equal(
      (proved.json.stages as { status: string }[]).map(({ status }) => status),
      Array(6).fill('passed'),
    )
    // each right that is missing is named before anything is pushed
    const options = await optionsOf(place, hybrid.recipient)
    const missing = rightsOfCanary.flatMap(([resource, , verbs]) => verbs.map((verb) => ({ resource, verb })))
    await withUsers(
      place,
      ['all', ...missing.map(({ verb, resource }) => `${verb}-${resource}`)],
      async () => {
        const envOf = (user: string) => ({ ...place.env, KUBECONFIG: place.sandbox.kubeconfigFor(user) })
        for (const { resource, verb } of missing) {
          const cluster = openCluster(undefined, { env: envOf(`${verb}-${resource}`), signal: undefined })
          const lacking = await lackingRights(cluster, options).finally(cluster.close)
          assert.is(lacking?.facts.why, `you may not ${verb} ${resource} in flux-system`)
        }
        const caller = silentCaller(place.clone, envOf('create-gitrepositories'))
        const refused = await prove(place, next.recipient, { caller })
        assert.is(refused.exitCode, 2, refused.text)
        assert.equal(refused.codes, ['canary-forbidden'])
        assert.match(refused.text, ': you may not create gitrepositories in flux-system\n')
        assert.match(refused.text, '--proof read')
        assert.not.match(refused.text, /✓|✗ create/u)
        const allowed = await prove(place, next.recipient, {
          caller: silentCaller(place.clone, envOf('all')),
        })
        assert.is(allowed.exitCode, 0, allowed.text)
      },
    )
    // into another namespace, and post-quantum
    const { kustomization } = options
    const quantum = await prove(place, hybrid.recipient, {
      kustomization: { ...kustomization, spec: { ...kustomization.spec, targetNamespace: 'default' } },
    })
    assert.is(quantum.exitCode, 0, quantum.text)
    assert.match(`${quantum.json.secret}`, /^default\/sops-canary-/)

    // what a killed run has left goes; what may be at work stays
    const { pid } = spawnSync('true')
    const times = `${Math.ceil(Date.now() / 1000) + 600}.${Math.floor(Date.now() / 1000)}`
    const [dead, alive] = [`0000dead.${ownerId(pid)}.${times}`, `000a11fe.${ownerId()}.${times}`]
    await server('branch', `sops-canary-${alive}`, 'main')
    const before = await stateOf(place)
    await server('branch', `sops-canary-${dead}`, 'main')
    const head = (kind: string, group: string) => ({
      apiVersion: `${group}.toolkit.fluxcd.io/v1`,
      kind,
      metadata: {
        namespace: 'flux-system',
        name: 'sops-canary-0000dead',
        labels: { 'app.kubernetes.io/managed-by': 'flux-sops-tasks' },
        annotations: { 'flux-sops-tasks/run': dead },
      },
    })
    const sourceRef = { kind: 'GitRepository', name: 'sops-canary-0000dead' }
    // one that builds what others build would take that with it when it goes
    const path = './sops-canary-0000dead'
    const items = [
      { ...head('GitRepository', 'source'), spec: { ...options.source.spec, interval: '1h' } },
      { ...head('Kustomization', 'kustomize'), spec: { path, prune: true, interval: '1h', sourceRef } },
    ]
    await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
    const said: string[] = []
    const caller = { ...options.caller, note: (line: string) => void said.push(line) }
    const swept = await proveByCanary({ ...(await optionsOf(place, next.recipient)), caller })
    assert.is(swept.exitCode, 0, swept.lines.join('\n'))
    assert.equal(said, [`removed what a killed canary had left: sops-canary-${dead}`])
    assert.equal(await stateOf(place), before)
    await server('branch', '-D', `sops-canary-${alive}`)

    // Ctrl-C at each stage
    for (const stage of ['create', 'source', 'applied', 'value']) {
      const interrupting = new AbortController()
      const repository = { ...options.repository, signal: interrupting.signal }
      const interrupted = await prove(place, next.recipient, {
        repository,
        caller: {
          ...options.caller,
          signal: interrupting.signal,
          say: (line) => {
            if (line.includes(` ${stage} `)) interrupting.abort(new Interrupted('SIGINT'))
          },
        },
      })
      assert.is(interrupted.exitCode, 2, interrupted.text)
      assert.equal(interrupted.codes, ['interrupted'])
      assert.match(interrupted.text, /the canary was removed: /)
    }

    // the key is swapped after the checks
    const patch = { stringData: { 'age.agekey': stranger.secret } }
    writeFileSync(join(directory, 'patch.json'), JSON.stringify(patch))
    hook(
      'pre-push',
      '[ -e "$DIRECTORY/pushed" ] || { touch "$DIRECTORY/pushed"; kubectl patch secret sops-age -n flux-system --type=merge --patch-file "$DIRECTORY/patch.json"; } >/dev/null',
    )
    const wrong = await prove(place, next.recipient)
    assert.is(wrong.exitCode, 1, wrong.text)
    assert.equal(wrong.codes, ['wrong-key'])
    assert.match(wrong.text, /the canary was removed: /)

    // no branch at all
    await place.putKey({ 'age.agekey': next.secret })
    serverHook('pre-receive', refuse('refs/heads/*'))
    const refused = await prove(place, next.recipient)
    assert.is(refused.exitCode, 2, refused.text)
    assert.equal(refused.codes, ['canary-not-pushed'])
    assert.is(await git('worktree', 'list', '--porcelain').then((text) => text.split('worktree ').length), 2)
  }))

test.run()
