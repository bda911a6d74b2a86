import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Place, withPlace } from '../../helpers/flux/verify.ts'
import { makeKey } from '../../helpers/keys.ts'
import { runTask } from '../../helpers/task.ts'

interface Case {
  /** Makes it wrong. @returns how it is mended */
  spoil?: (place: Place) => Promise<() => Promise<unknown>>
  args?: string[]
  exitCode: 1 | 2
  code: string
  message: RegExp
}

const target = 'kustomization/infrastructure'

const patched = (object: string, wrong: unknown, right: unknown) => async (place: Place) => {
  await place.patch(object, wrong)
  return () => place.patch(object, right)
}
const keyed = (data: (place: Place) => Record<string, string>) => async (place: Place) => {
  await place.putKey(data(place))
  return () => place.putKey({ 'age.agekey': place.key.secret })
}
const decryption = { provider: 'sops', secretRef: { name: 'sops-age' } }

const fluxCases: Record<string, Case> = {
  'a suspended Kustomization': {
    spoil: patched(target, { spec: { suspend: true } }, { spec: { suspend: null } }),
    exitCode: 1,
    code: 'suspended',
    message: /is suspended/,
  },
  'a suspended dependency': {
    spoil: patched('kustomization/flux-system', { spec: { suspend: true } }, { spec: { suspend: null } }),
    exitCode: 1,
    code: 'suspended',
    message: /is suspended/,
  },
  'a suspended source': {
    spoil: patched('gitrepository/flux-system', { spec: { suspend: true } }, { spec: { suspend: null } }),
    exitCode: 1,
    code: 'suspended',
    message: /is suspended/,
  },
  'no decryption': {
    spoil: patched(target, { spec: { decryption: null } }, { spec: { decryption } }),
    exitCode: 1,
    code: 'no-decryption',
    message: /has no spec\.decryption in the cluster/,
  },
  'prune off': {
    spoil: patched(target, { spec: { prune: false } }, { spec: { prune: true } }),
    exitCode: 2,
    code: 'no-prune',
    message: /has prune switched off/,
  },
  'a path out of the repository': {
    spoil: patched(
      target,
      { spec: { path: './../outside' } },
      { spec: { path: './kubernetes/infrastructure' } },
    ),
    exitCode: 2,
    code: 'not-checked',
    message: /^the path of the Flux Kustomization .* leads out of the repository$/,
  },
  'a Kustomization that is not there': {
    args: ['--kustomization', 'nope'],
    exitCode: 2,
    code: 'kustomization-missing',
    message: /there are: .*flux-system\/infrastructure/,
  },
  'a Secret of somebody else at its place': {
    async spoil({ kubectl }) {
      const secret = ['secret', 'sops-test', '-n', 'default']
      await kubectl(['create', 'secret', 'generic', ...secret.slice(1), '--from-literal=a=b'])
      return () => kubectl(['delete', ...secret])
    },
    exitCode: 2,
    code: 'secret-taken',
    message: /is in the cluster already/,
  },
}

const keyCases: Record<string, Case> = {
  'no key Secret': {
    async spoil(place) {
      await place.kubectl(['delete', 'secret', 'sops-age', '-n', 'flux-system'])
      return () => place.putKey({ 'age.agekey': place.key.secret })
    },
    exitCode: 1,
    code: 'key-secret-missing',
    message: /is not in the cluster/,
  },
  'another key': {
    spoil: keyed(() => ({ 'age.agekey': makeKey().secret })),
    exitCode: 1,
    code: 'wrong-key',
    message: /holds the key of age1\w+, but \.sops\.yaml encrypts to age1/,
  },
  'a data key that the controller does not see': {
    spoil: keyed(({ key }) => ({ 'age.key': key.secret })),
    exitCode: 1,
    code: 'no-agekey',
    message: /it has: age\.key/,
  },
  'a blank before the identity': {
    spoil: keyed(({ key }) => ({ 'age.agekey': ` ${key.secret}` })),
    exitCode: 1,
    code: 'key-unusable',
    message: /age\.agekey.* line 1 has blanks around it/,
  },
  'a public key in place of the identity': {
    spoil: keyed(({ key }) => ({ 'age.agekey': key.recipient })),
    exitCode: 1,
    code: 'key-unusable',
    message: /age\.agekey.* line 1 is a public key/,
  },
}

async function check(place: Place, name: string, { spoil, args, exitCode, code, message }: Case) {
  const before = await place.tip()
  const mend = await spoil?.(place)
  const { code: ended, json, stderr } = await place.verify(args)
  assert.is(json.findings[0]?.code, code, `${name}: ${stderr}`)
  assert.is(ended, exitCode, name)
  assert.is(json.result, exitCode === 1 ? 'failed' : 'unknown', name)
  assert.match(json.findings[0]!.message, message)
  assert.ok(json.findings[0]!.fix)
  assert.is(json.stages[0]!.status, 'failed', name)
  assert.ok(json.stages.slice(1).every(({ status }) => status === 'skipped'))
  assert.is(json.cleanedUp, true, name)
  assert.is(await place.tip(), before, `${name}: something was pushed`)
  await mend?.()
}

for (const [what, cases] of Object.entries({ Flux: fluxCases, 'the key in the cluster': keyCases })) {
  test(`pushes nothing where ${what} is not right`, () =>
    withPlace(async (place) => {
      for (const [name, one] of Object.entries(cases)) await check(place, name, one)
    }))
}

test('a time limit that is none ends it at once, and nothing is left', () =>
  withPlace(async (place) => {
    const { code, stdout } = await place.start(['--json', '--timeout', '0s']).ended
    assert.is(code, 2)
    assert.match(JSON.parse(stdout).error.message, /0s is no time at all/)
    await place.checkLeftovers()
  }))

test('pushes nothing to another repository, without one, or without a cluster', () =>
  withPlace(async (place) => {
    const { sandbox, git, verify, env, directory, clone, tip } = place
    const before = await tip()
    await sandbox.createRepository('other', 'main')
    const url = sandbox.gitUrl('other')
    const apart = join(directory, 'apart')
    await git('clone', '--quiet', '--depth=1', `file://${clone}`, apart)
    await git('-C', apart, 'checkout', '--quiet', '--orphan', 'apart')
    await git('-C', apart, '-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '-m', 'apart')
    await git('-C', apart, 'push', '--quiet', url, 'apart:main')
    const unrelated = join(directory, 'unrelated')
    await git('clone', '--quiet', url, unrelated)
    const foreign = await verify([], { cwd: unrelated })
    assert.is(foreign.code, 2)
    assert.is(foreign.json.findings[0]!.code, 'other-repository', foreign.stderr)
    assert.match(foreign.json.findings[0]!.fix, 'it follows http')
    await check(place, 'a remote that is not there', {
      args: ['--remote', 'nowhere'],
      exitCode: 2,
      code: 'not-checked',
      message: /nowhere/,
    })

    const nowhere = await verify([], { cwd: directory })
    assert.is(nowhere.code, 2)
    assert.match(nowhere.json.findings[0]!.message, /not a git repository/)

    const KUBECONFIG = join(directory, 'unreachable')
    writeFileSync(
      KUBECONFIG,
      readFileSync(sandbox.kubeconfig, 'utf8').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1'),
    )
    const unreachable = await verify([], { env: { ...env, KUBECONFIG } })
    assert.is(unreachable.code, 2)
    assert.match(unreachable.json.findings[0]!.message, /connection refused/)
    const none = await verify([], { env: { ...env, KUBECONFIG: join(directory, 'none') } })
    assert.is(none.code, 2)
    assert.match(none.json.findings[0]!.fix, /KUBECONFIG/)
    assert.is(await tip(), before)

    // the test Secret of sops:test-create is the user's to remove
    const made = await runTask('sops:test-create', ['--commit'], { cwd: clone, env })
    assert.is(made.code, 0, made.stderr)
    await git('push', '--quiet', 'origin', 'main')
    await check(place, 'a test Secret of sops:test-create', {
      exitCode: 2,
      code: 'test-secret-there',
      message: /made by sops:test-create/,
    })
  }))

test.run()
