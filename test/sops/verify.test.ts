import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFiles, writeFiles } from '../helpers/files.ts'
import { createMessage, type Place, removeMessage, withPlace } from '../helpers/flux/verify.ts'
import { traceCalls } from '../helpers/trace.ts'

const stages = [...['checks', 'create', 'source', 'applied', 'value', 'remove', 'removal-applied', 'pruned']]

/** The value that a commit brought, decrypted with the private key. */
async function valueAt({ key, server, directory, env }: Place, commit: string): Promise<string> {
  const text = await server('show', `${commit}:kubernetes/infrastructure/sops-test/secret.enc.yaml`)
  const args = ['decrypt', '--input-type=yaml', '--extract', '["stringData"]["message"]']
  return execFileSync('sops', args, {
    input: text,
    cwd: directory,
    env: { ...env, SOPS_AGE_KEY: key.secret },
    encoding: 'utf8',
  })
}

/** Everything of the user's that a run could touch. */
async function stateOf({ clone, git }: Place) {
  return {
    files: readFiles(clone),
    status: await git('status', '--porcelain=v2'),
    index: await git('diff', '--cached'),
    // what git knows of the remote moves with each push
    refs: await git('for-each-ref', 'refs/heads', 'refs/tags'),
    commit: await git('rev-parse', 'HEAD'),
    head: await git('symbolic-ref', 'HEAD'),
    stash: await git('stash', 'list'),
  }
}

for (const via of ['node', 'mise'] as const) {
  test(`proves the path and leaves everything as it was (${via})`, () =>
    withPlace(async (place) => {
      const { clone, git, tip, server, start, subjects, kubectl } = place
      // work of the user in every state that git knows
      writeFiles(clone, { 'unpushed.txt': 'x', 'README.md': 'committed' })
      await git('add', '--all')
      await git('commit', '--quiet', '--message', 'not pushed')
      writeFiles(clone, { 'staged.txt': 'x', 'README.md': 'staged' })
      await git('add', '--all')
      writeFiles(clone, { 'README.md': 'dirty', 'untracked.txt': 'x' })
      const [before, user, tree] = [
        await tip(),
        await stateOf(place),
        await server('rev-parse', 'main^{tree}'),
      ]

      const ended = await start([], { via }).ended
      assert.is(ended.code, 0, ended.stderr + ended.stdout)
      place.checkOutput(ended)
      await place.checkLeftovers()
      const lines = ended.stdout.trimEnd().split('\n')
      assert.equal(
        lines.slice(0, -1).map((line) => /^✓ (\S+) +\d+\.\d\d s {2}\S/u.exec(line)?.[1]),
        stages,
      )
      assert.match(lines.at(-1)!, /^proved: /)
      assert.is(ended.stderr, '')
      assert.equal(await subjects(before), [createMessage, removeMessage])
      assert.is(await server('rev-parse', 'main^{tree}'), tree)
      assert.equal(await stateOf(place), user)
      const absent = await kubectl(['get', 'secret', 'sops-test', '-n', 'default', '--ignore-not-found'])
      assert.is(absent, '')
      const value = await valueAt(place, 'main~1')
      assert.match(value, /^SOPS decryption works: [0-9a-f]{32}$/)
      assert.not.match(ended.stdout + ended.stderr, value.slice(-32))
    }))
}

test('no program that it starts sees the key or the value in its arguments or its environment', () =>
  withPlace(async (place) => {
    const programs = ['sh', 'sops', 'age-keygen', 'kustomize', 'git', 'kubectl']
    const { env, calls } = traceCalls(place.directory, place.env, programs)
    const { code, stderr } = await place.verify([], { env })
    assert.is(code, 0, stderr)
    const value = await valueAt(place, 'main~1')
    const seen = calls()
    for (const program of programs) assert.match(seen, new RegExp(`^\\S+/${program} `, 'm'))
    for (const secret of [place.key.secret, value, value.slice(-32)])
      for (const form of [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')])
        assert.not(seen.includes(form))
  }))

test('--json: one document on stdout; each run has a value of its own', () =>
  withPlace(async (place) => {
    const { verify, tip, server } = place
    const { code, json, stderr } = await verify()
    assert.is(code, 0, stderr)
    assert.equal(Object.keys(json), [
      ...[
        'task',
        'result',
        'context',
        'kustomization',
        'revision',
        'secret',
        'stages',
        'findings',
        'cleanedUp',
      ],
    ])
    assert.equal(
      { ...json, stages: json.stages.map(({ name, status }) => `${name} ${status}`) },
      {
        task: 'sops:verify',
        result: 'passed',
        context: 'sandbox',
        kustomization: 'flux-system/infrastructure',
        revision: `main@sha1:${await server('rev-parse', 'main~1')}`,
        secret: 'default/sops-test',
        stages: stages.map((name) => `${name} passed`),
        findings: [],
        cleanedUp: { branch: true, cluster: true },
      },
    )
    for (const stage of json.stages) {
      assert.equal(Object.keys(stage), ['name', 'status', 'started', 'seconds', 'detail'])
      assert.ok(stage.seconds >= 0 && stage.detail !== '')
    }
    // the progress of --json is on stderr, from a directory below as well
    assert.match(stderr, /^✓ pruned/mu)
    const first = await tip()
    const again = await verify([], { cwd: join(place.clone, 'kubernetes', 'apps') })
    assert.is(again.code, 0, again.stderr)
    assert.is.not(await valueAt(place, 'main~1'), await valueAt(place, `${first}~1`))
  }))

test('goes on where the key may not be read, and proves', () =>
  withPlace(async ({ sandbox, kubectl, verify, env }) => {
    await kubectl(['create', '-f', '-'], rights('verifier', ['get', 'list', 'watch']))
    try {
      const KUBECONFIG = sandbox.kubeconfigFor('verifier')
      const { code, json, stderr } = await verify([], { env: { ...env, KUBECONFIG } })
      assert.is(code, 0, stderr)
      assert.equal(
        json.findings.map(({ code, object }) => `${code} ${object}`),
        ['namespaces-unseen context sandbox', 'key-secret-unreadable secret flux-system/sops-age'],
      )
    } finally {
      await kubectl(['delete', '-f', '-'], rights('verifier', ['get', 'list', 'watch']))
    }
  }))

for (const [what, verbs, why] of [
  ['read', [], /^you may not read it, so nothing could be proved$/],
  ['watch', ['get', 'list'], /^cannot watch secret default\/sops-test: .* forbidden/],
] as const)
  test(`refuses a user who may not ${what} Secrets where the test Secret goes, before anything is pushed`, () =>
    withPlace(async ({ sandbox, kubectl, verify, env, tip }) => {
      await kubectl(['create', '-f', '-'], rights('outsider', verbs))
      try {
        const before = await tip()
        const KUBECONFIG = sandbox.kubeconfigFor('outsider')
        const { code, json } = await verify([], { env: { ...env, KUBECONFIG } })
        assert.is(code, 2)
        assert.is(json.result, 'unknown')
        assert.match(json.findings[0]!.message, why)
        assert.is(await tip(), before)
      } finally {
        await kubectl(['delete', '-f', '-'], rights('outsider', verbs))
      }
    }))

/** Flux's objects may be read and annotated, and `verbs` be done to the Secrets in `default`. */
function rights(user: string, verbs: readonly string[]): string {
  const role = (name: string, namespace: string, rules: unknown[]) => [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace }, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    },
  ]
  const flux = {
    apiGroups: ['kustomize.toolkit.fluxcd.io', 'source.toolkit.fluxcd.io'],
    resources: ['kustomizations', 'gitrepositories'],
    verbs: ['get', 'list', 'watch', 'patch'],
  }
  const read = { apiGroups: [''], resources: ['secrets'], verbs }
  const items = [
    ...role(user, 'flux-system', [flux]),
    ...(verbs.length > 0 ? role(user, 'default', [read]) : []),
  ]
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
}

test.run()
