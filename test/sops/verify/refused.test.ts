import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clean, type Place, withPlace } from '../../helpers/flux/verify.ts'
import { makeKey } from '../../helpers/keys.ts'
import { runTask } from '../../helpers/task.ts'

interface Case {
  /** Makes it wrong. @returns how it is mended */
  spoil?: (place: Place) => Promise<() => Promise<unknown>>
  args?: string[]
  exitCode: 1 | 2
  code: string
  /** What the finding is about. */
  object: string
  /** Of a finding whose code does not say it all. */
  message?: RegExp
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

const gitRepository = 'gitrepository/flux-system'

const deletion = {
  target: { kind: 'Secret', name: 'sops-test' },
  patch: '$patch: delete\napiVersion: v1\nkind: Secret\nmetadata: {name: not-used}\n',
}

const marking = (mark: string) => ({
  target: { kind: 'Secret' },
  patch: `apiVersion: v1\nkind: Secret\nmetadata: {name: not-used, annotations: {kustomize.toolkit.fluxcd.io/${mark}}}\n`,
})

const suspend = (object: string) => patched(object, { spec: { suspend: true } }, { spec: { suspend: null } })
const infrastructure = 'kustomization flux-system/infrastructure'

const fluxCases: Record<string, Case> = {
  'a suspended Kustomization': {
    spoil: suspend(target),
    exitCode: 1,
    code: 'suspended',
    object: infrastructure,
  },
  'a suspended dependency': {
    spoil: suspend('kustomization/flux-system'),
    exitCode: 1,
    code: 'suspended',
    object: 'kustomization flux-system/flux-system',
  },
  'a suspended source': {
    spoil: suspend('gitrepository/flux-system'),
    exitCode: 1,
    code: 'suspended',
    object: 'gitrepository flux-system/flux-system',
  },
  'a dependency that is not there': {
    spoil: patched(
      target,
      { spec: { dependsOn: [{ name: 'nope' }] } },
      { spec: { dependsOn: [{ name: 'flux-system' }] } },
    ),
    exitCode: 1,
    code: 'dependency',
    object: infrastructure,
  },
  'a source that is not there': {
    spoil: patched(
      target,
      { spec: { sourceRef: { name: 'nope' } } },
      { spec: { sourceRef: { name: 'flux-system' } } },
    ),
    exitCode: 1,
    code: 'source-missing',
    object: 'gitrepository flux-system/nope',
  },
  'a source of another kind': {
    spoil: patched(
      target,
      { spec: { sourceRef: { kind: 'OCIRepository' } } },
      { spec: { sourceRef: { kind: 'GitRepository' } } },
    ),
    exitCode: 2,
    code: 'source-kind',
    object: infrastructure,
  },
  'a source that follows a commit': {
    spoil: patched(
      'gitrepository/flux-system',
      { spec: { ref: { commit: '0'.repeat(40) } } },
      { spec: { ref: { commit: null } } },
    ),
    exitCode: 2,
    code: 'source-not-a-branch',
    object: 'gitrepository flux-system/flux-system',
  },
  'another cluster': {
    spoil: patched(
      target,
      { spec: { kubeConfig: { secretRef: { name: 'x' } } } },
      { spec: { kubeConfig: null } },
    ),
    exitCode: 2,
    code: 'remote-cluster',
    object: infrastructure,
  },
  'no decryption': {
    spoil: patched(target, { spec: { decryption: null } }, { spec: { decryption } }),
    exitCode: 1,
    code: 'no-decryption',
    object: infrastructure,
  },
  'prune off': {
    spoil: patched(target, { spec: { prune: false } }, { spec: { prune: true } }),
    exitCode: 2,
    code: 'no-prune',
    object: infrastructure,
  },
  'a path out of the repository': {
    spoil: patched(
      target,
      { spec: { path: './../outside' } },
      { spec: { path: './kubernetes/infrastructure' } },
    ),
    exitCode: 2,
    code: 'not-checked',
    object: infrastructure,
    message: /^the path of the Flux Kustomization .* leads out of the repository$/,
  },
  'a Kustomization that is not there': {
    args: ['--kustomization', 'nope'],
    exitCode: 2,
    code: 'kustomization-missing',
    object: 'kustomization flux-system/nope',
  },
  'a namespace that is not there': {
    args: ['--namespace', 'nowhere'],
    exitCode: 1,
    code: 'namespace-missing',
    object: 'namespace nowhere',
  },
  'a target namespace that is not there': {
    spoil: patched(target, { spec: { targetNamespace: 'nowhere' } }, { spec: { targetNamespace: null } }),
    exitCode: 1,
    code: 'namespace-missing',
    object: 'namespace nowhere',
  },
  'a patch that deletes Secrets': {
    spoil: patched(target, { spec: { patches: [deletion] } }, { spec: { patches: null } }),
    exitCode: 1,
    code: 'taken-out',
    object: infrastructure,
  },
  ...Object.fromEntries(
    (['ssa: Ignore', 'reconcile: disabled', 'decrypt: disabled', 'prune: disabled'] as const).map((mark) => [
      `a patch that marks Secrets with ${mark}`,
      {
        spoil: patched(target, { spec: { patches: [marking(mark)] } }, { spec: { patches: null } }),
        exitCode: mark === 'prune: disabled' ? 2 : 1,
        code: 'marked',
        object: infrastructure,
        message: new RegExp(`kustomize.toolkit.fluxcd.io/${mark}`),
      },
    ]),
  ),
  'spec.ignore that leaves it out': {
    spoil: patched(gitRepository, { spec: { ignore: '*.enc.yaml' } }, { spec: { ignore: null } }),
    exitCode: 1,
    code: 'out-of-artifact',
    object: 'gitrepository flux-system/flux-system',
    message: /^spec\.ignore leaves .*sops-test\/secret\.enc\.yaml out of .* \(pattern \*\.enc\.yaml\)$/,
  },
  'spec.sparseCheckout that leaves it out': {
    spoil: patched(
      gitRepository,
      { spec: { sparseCheckout: ['./kubernetes/flux-system', 'kubernetes/apps'] } },
      { spec: { sparseCheckout: null } },
    ),
    exitCode: 1,
    code: 'not-checked-out',
    object: 'gitrepository flux-system/flux-system',
    message: /it begins with none of spec\.sparseCheckout$/,
  },
  'a source that fails': {
    async spoil(place) {
      const wait = ['wait', '-n', 'flux-system', gitRepository, '--timeout=60s']
      // it fetches anew after the cases before
      await place.kubectl([...wait, '--for=condition=Ready=True'])
      await place.kubectl([...wait, '--for=jsonpath={.status.artifact.revision}'])
      await place.patch(gitRepository, { spec: { secretRef: { name: 'nowhere' } } })
      await place.kubectl([...wait, '--for=condition=Ready=False'])
      return () => place.patch(gitRepository, { spec: { secretRef: null } })
    },
    exitCode: 1,
    code: 'source',
    object: 'gitrepository flux-system/flux-system',
    message: /^AuthenticationFailed: /,
  },
  'a Secret of somebody else at its place': {
    async spoil({ kubectl }) {
      const secret = ['secret', 'sops-test', '-n', 'default']
      await kubectl(['create', 'secret', 'generic', ...secret.slice(1), '--from-literal=a=b'])
      return () => kubectl(['delete', ...secret])
    },
    exitCode: 2,
    code: 'secret-taken',
    object: 'secret default/sops-test',
  },
}

const keySecret = 'secret flux-system/sops-age'

const keyCases: Record<string, Case> = {
  'no key Secret': {
    async spoil(place) {
      await place.kubectl(['delete', 'secret', 'sops-age', '-n', 'flux-system'])
      return () => place.putKey({ 'age.agekey': place.key.secret })
    },
    exitCode: 1,
    code: 'key-secret-missing',
    object: keySecret,
  },
  'another key, and one of a kind that no rule names': {
    spoil: keyed(() => ({ 'age.agekey': makeKey().secret, 'team.asc': 'x' })),
    exitCode: 1,
    code: 'wrong-key',
    object: keySecret,
  },
  'another key': {
    spoil: keyed(() => ({ 'age.agekey': makeKey().secret })),
    exitCode: 1,
    code: 'wrong-key',
    object: keySecret,
  },
  'a data key that the controller does not see': {
    spoil: keyed(({ key }) => ({ 'age.key': key.secret })),
    exitCode: 1,
    code: 'no-identity',
    object: keySecret,
  },
  'only a comment': {
    spoil: keyed(() => ({ 'age.agekey': '# nothing\n' })),
    exitCode: 1,
    code: 'no-identity',
    object: keySecret,
    message: /: age\.agekey holds none$/,
  },
  'a blank before the identity': {
    spoil: keyed(({ key }) => ({ 'age.agekey': ` ${key.secret}` })),
    exitCode: 1,
    code: 'key-unusable',
    object: `${keySecret}, data key age.agekey`,
    message: /line 1 has a blank at its start/,
  },
  'a line that is no identity beside the right one': {
    spoil: keyed(({ key }) => ({ 'age.agekey': key.secret, 'old.agekey': key.recipient })),
    exitCode: 1,
    code: 'entry-unusable',
    object: `${keySecret}, data key old.agekey`,
    message: /line 1 is a public key/,
  },
}

async function check(place: Place, name: string, { spoil, args, ...expected }: Case) {
  const before = await place.tip()
  const mend = await spoil?.(place)
  const { code: ended, json, stderr } = await place.verify(args)
  const [finding] = json.findings
  assert.is(finding?.code, expected.code, `${name}: ${stderr}`)
  assert.is(finding?.object, expected.object, name)
  assert.is(ended, expected.exitCode, name)
  assert.is(json.result, expected.exitCode === 1 ? 'failed' : 'unknown', name)
  if (expected.message) assert.match(finding?.message ?? '', expected.message)
  assert.ok(finding?.fix)
  assert.is(json.stages[0]!.status, 'failed', name)
  assert.ok(json.stages.slice(1).every(({ status }) => status === 'skipped'))
  assert.equal(json.cleanedUp, clean, name)
  assert.is(await place.tip(), before, `${name}: something was pushed`)
  await mend?.()
}

for (const [what, cases] of Object.entries({ Flux: fluxCases, 'the key in the cluster': keyCases })) {
  test(`pushes nothing where ${what} is not right`, () =>
    withPlace(async (place) => {
      for (const [name, one] of Object.entries(cases)) await check(place, name, one)
    }))
}

test('without age-keygen the key is not checked, and not called wrong', () =>
  withPlace(async ({ verify, env, directory, tip }) => {
    const before = await tip()
    const PATH = pathWithout('age-keygen', env, directory)
    const { code, json } = await verify([], { env: { ...env, PATH } })
    assert.is(code, 2)
    assert.is(json.result, 'unknown')
    assert.is(json.findings[0]!.code, 'not-checked')
    assert.match(json.findings[0]!.message, 'age-keygen is not on PATH')
    assert.is(await tip(), before)
  }))

/** A PATH with everything but one program. */
function pathWithout(program: string, { PATH = '' }: NodeJS.ProcessEnv, directory: string): string {
  const directories = PATH.split(delimiter).map((original, index) => {
    if (!existsSync(join(original, program))) return original
    const copy = join(directory, `path-${index}`)
    mkdirSync(copy)
    for (const name of readdirSync(original))
      if (name !== program) symlinkSync(join(original, name), join(copy, name))
    return copy
  })
  return directories.join(delimiter)
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
    assert.is(foreign.json.findings[0]!.object, 'gitrepository flux-system/flux-system')
    await check(place, 'a remote that is not there', {
      args: ['--remote', 'nowhere'],
      exitCode: 2,
      code: 'not-checked',
      object: 'git',
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
      object: 'kubernetes/infrastructure/sops-test',
    })
  }))

test.run()
