import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { readFiles, writeFiles } from '../helpers/files.ts'
import { type Example, withExample } from '../helpers/flux/example.ts'
import { makeKey, sopsConfig } from '../helpers/keys.ts'
import { assertNoLeak } from '../helpers/leak.ts'
import { until } from '../helpers/processes.ts'
import { type Call, type Ended, runTask, startTask } from '../helpers/task.ts'
import { type Trace, traceCalls } from '../helpers/trace.ts'

const infrastructure = 'kubernetes/infrastructure'
const message = 'planted-message-8f3a'

interface Place extends Example {
  trace: Trace
  testCreate(args?: string[], call?: Partial<Call>): Promise<Ended>
}

/** What every call printed, started and left behind is searched for the message and the private key. */
async function withPlace(
  changes: Record<string, string | undefined>,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  await withExample(changes, async (example) => {
    const { root, directory, env, key } = example
    const trace = traceCalls(directory, env)
    const testCreate = async (args: string[] = [], call: Partial<Call> = {}) => {
      const all = ['--message', message, ...args]
      const ended = await runTask('sops:test-create', all, { cwd: root, env: trace.env, ...call })
      checkLeaks(example, trace, ended)
      return ended
    }
    await use({ ...example, trace, testCreate })
    assert.is(readFileSync(join(root, '.age-key.txt'), 'utf8'), key.text)
  })
}

function checkLeaks({ directory, key }: Example, trace: Trace, { stdout, stderr }: Ended): void {
  const texts = { stdout, stderr, 'a call': trace.calls() }
  assertNoLeak([message, key.secret], texts, directory, ['repository/.age-key.txt'])
}

const seed = {
  kustomization: `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - sops-test
`,
  test: `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - secret.enc.yaml
`,
  metadata: {
    name: 'sops-test',
    namespace: 'default',
    labels: { 'app.kubernetes.io/managed-by': 'flux-sops-tasks' },
    annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' },
  },
}

for (const via of ['node', 'mise'] as const) {
  test(`the seed layout, by ${via}: exactly these files; a second run changes nothing`, () =>
    withPlace({}, async ({ root, key, changed, trace, testCreate }) => {
      const { code, stdout, stderr } = await testCreate([], { via })
      assert.match(stderr, withoutDecryption)
      assert.is(code, 0)
      assert.is(
        stdout,
        `secret/sops-test created
  namespace      default
  kustomization  flux-system/infrastructure (kubernetes/flux-system/infrastructure.yaml)
  files          ${infrastructure}/sops-test/secret.enc.yaml
                 ${infrastructure}/sops-test/kustomization.yaml
                 ${infrastructure}/kustomization.yaml
  encrypted to   ${key.recipient}
  by             creation rule 1 of .sops.yaml (path_regex: \\.enc\\.(json|yaml)$)
  key from       .age-key.txt
`,
      )
      assert.equal(changed(), [
        ` M ${infrastructure}/kustomization.yaml`,
        `?? ${infrastructure}/sops-test/kustomization.yaml`,
        `?? ${infrastructure}/sops-test/secret.enc.yaml`,
      ])
      const files = readFiles(join(root, infrastructure))
      assert.is(files['kustomization.yaml'], seed.kustomization)
      assert.is(files['sops-test/kustomization.yaml'], seed.test)
      const { sops, stringData, ...rest } = parse(files['sops-test/secret.enc.yaml']!)
      assert.equal(rest, { apiVersion: 'v1', kind: 'Secret', metadata: seed.metadata })
      assert.match(stringData.message, /^ENC\[AES256_GCM,/)
      assert.is(sops.encrypted_regex, '^(data|stringData)$')
      assert.match(trace.calls(), 'sops --config')

      const before = readFiles(root)
      const again = await testCreate([], { via })
      assert.is(again.code, 0)
      assert.match(again.stdout, /^secret\/sops-test unchanged\n/)
      assert.equal(readFiles(root), before)
    }))
}

test('the default message, decrypted by sops', () =>
  withPlace({}, async ({ root, env }) => {
    assert.is((await runTask('sops:test-create', [], { cwd: root, env })).code, 0)
    const withKey = { ...env, SOPS_AGE_KEY_FILE: join(root, '.age-key.txt') }
    const args = [
      'decrypt',
      '--extract',
      '["stringData"]["message"]',
      `${infrastructure}/sops-test/secret.enc.yaml`,
    ]
    const decrypted = execFileSync('sops', args, { cwd: root, env: withKey, encoding: 'utf8' })
    assert.is(decrypted, 'SOPS decryption works')
  }))

test('--json: one document, on success and on failure', () =>
  withPlace({}, async ({ root, key, testCreate }) => {
    const { stdout, stderr } = await testCreate([
      '--json',
      '--kustomization',
      'flux-system/apps',
      '--name',
      'x',
      '-n',
      'y',
    ])
    assert.match(stderr, withoutDecryption)
    assert.equal(JSON.parse(stdout), {
      task: 'sops:test-create',
      result: 'created',
      kustomization: 'flux-system/apps',
      path: 'kubernetes/apps',
      secret: { name: 'x', namespace: 'y' },
      files: ['x/secret.enc.yaml', 'x/kustomization.yaml', 'kustomization.yaml'].map(
        (file) => `kubernetes/apps/${file}`,
      ),
      recipients: [key.recipient],
      rule: { file: '.sops.yaml', number: 1, path_regex: '\\.enc\\.(json|yaml)$' },
      key: '.age-key.txt',
    })
    writeFiles(root, { '.sops.yaml': 'creation_rules: []\n' })
    const failed = await testCreate(['--json'])
    assert.is(failed.code, 2)
    assert.is(JSON.parse(failed.stdout).result, 'unknown')
  }))

test('from a directory of the repository: paths are relative to it, and in JSON to the root', () =>
  withPlace({}, async ({ root, testCreate }) => {
    const cwd = join(root, infrastructure)
    const { code, stdout } = await testCreate([], { cwd })
    assert.is(code, 0)
    assert.match(
      stdout,
      /kustomization {2}flux-system\/infrastructure \(\.\.\/flux-system\/infrastructure\.yaml\)\n/,
    )
    assert.match(stdout, /files {10}sops-test\/secret\.enc\.yaml\n/)
    const { stdout: json } = await testCreate(['--json', '--name', 'other'], { cwd })
    assert.is(JSON.parse(json).path, infrastructure)
    assert.is(JSON.parse(json).files[0], `${infrastructure}/other/secret.enc.yaml`)
  }))

test('from a directory of the repository: messages name files as the user would', () =>
  withPlace({}, async ({ root, testCreate }) => {
    const cwd = join(root, infrastructure)
    const list = `${infrastructure}/kustomization.yaml`
    const errorOf = async (...args: string[]) => (await testCreate(args, { cwd })).stderr
    assert.is((await testCreate([], { cwd })).code, 0)
    assert.match(await errorOf('--namespace', 'x'), /cannot create sops-test: it is there already, for the/)
    writeFiles(root, { [list]: 'resources: [nothing.yaml]\n' })
    assert.match(
      await errorOf('--name', 'more'),
      /cannot create more: even without it, kustomize build \. failed: .* nothing\.yaml/,
    )
    writeFiles(root, { [list]: 'resources: []\n', '.sops.yaml': '' })
    assert.match(
      await errorOf('--name', 'more'),
      /cannot encrypt a file in more: \.\.\/\.\.\/\.sops\.yaml has no creation_rules/,
    )
    writeFiles(root, { [`${infrastructure}/kustomization.yml`]: '' })
    assert.match(await errorOf(), /cannot edit kustomization\.yaml: there is kustomization\.yml as well/)
  }))

test('it warns where the kustomizations change namespace or name', () =>
  withPlace(
    { [`${infrastructure}/kustomization.yaml`]: 'resources: []\nnamespace: other\n' },
    async ({ testCreate }) => {
      const { code, stdout, stderr } = await testCreate()
      assert.is(code, 0)
      assert.match(stderr, 'warning: in the cluster it will be other/sops-test')
      assert.match(stdout, /namespace {6}other\n/)
    },
  ))

interface Refused {
  args?: string[]
  files?: Record<string, string | undefined>
  also?: (example: Example) => void
  code?: number
  stderr: RegExp
}

/** Of the example, whose Kustomizations have no decryption yet. */
const withoutDecryption =
  /^warning: flux-system\/(?:infrastructure|apps) has no spec\.decryption: Flux would apply the ciphertext, or refuse it: `mise run flux:enable-decryption`, commit, push, and wait for Flux\n$/

const flux = (name: string, path: string) =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: ${name}\nspec:\n  path: ${path}\n  interval: 10m\n  prune: true\n  sourceRef: {kind: GitRepository, name: flux-system}\n`

const refused: Record<string, Refused> = {
  'an empty message': { args: ['--message', ''], stderr: /^error: --message needs a value\nhint: / },
  'a name that leads elsewhere': { args: ['--name', '../x'], stderr: /--name \.\.\/x can't be used\nhint: / },
  'a name with a dot': {
    args: ['--name', 'kustomization.yaml'],
    stderr: /--name kustomization\.yaml can't be used/,
  },
  'a bad namespace': { args: ['--namespace', 'Default'], stderr: /--namespace Default can't be used/ },
  'an unknown flag': { args: ['--nonsense'], stderr: /^error: unknown option '--nonsense'\nhint: / },
  'an unknown Kustomization': {
    args: ['--kustomization', 'nothing'],
    stderr:
      /called nothing; there are:\n {2}flux-system\/apps .*\n {2}flux-system\/infrastructure .*\nhint: choose one with --kustomization/s,
  },
  'two Kustomizations of that name': {
    args: ['--kustomization', 'infrastructure'],
    files: { 'other/infrastructure.yaml': flux('infrastructure', './other') },
    stderr:
      /several Flux Kustomizations are called infrastructure:.*other\/infrastructure\.yaml.*hint: choose/s,
  },
  'a path out of the repository': {
    args: ['--kustomization', 'out'],
    files: { 'out.yaml': flux('out', '../..') },
    stderr: /the path of the Flux Kustomization out, \.\.\/\.\., leads out of the repository/,
  },
  'a path that is not there': {
    args: ['--kustomization', 'gone'],
    files: { 'gone.yaml': flux('gone', './gone') },
    stderr: /the path of the Flux Kustomization gone, \.\/gone, is not a directory of this repository/,
  },
  'a path over a symbolic link': {
    args: ['--kustomization', 'linked'],
    files: { 'linked.yaml': flux('linked', './linked/infrastructure') },
    also: ({ root }) => symlinkSync('kubernetes', join(root, 'linked')),
    stderr:
      /linked\/infrastructure, leads over a symbolic link.*\nhint: give it the real path: \.\/kubernetes\/infrastructure\n/,
  },
  'no key': {
    also: ({ root }) => rmSync(join(root, '.age-key.txt')),
    stderr: /no age private key found/,
  },
  'the wrong key': {
    files: { '.sops.yaml': sopsConfig(makeKey().recipient) },
    stderr:
      /the age key from \.age-key\.txt can't decrypt .*\n {2}the file is for {2}age1.*\n {2}the key is of {4}age1.*\nhint: make creation rule 1 of \.sops\.yaml \(path_regex: .*\) name the recipient/,
  },
  'a directory that would vanish': {
    files: { [`${infrastructure}/kustomization.yaml`]: undefined, [`${infrastructure}/ignored`]: undefined },
    also: ({ root }) => writeFiles(root, { [`${infrastructure}/.age-key.txt`]: 'x' }),
    code: 1,
    stderr: /refusing .*the directory would vanish/,
  },
  'uncommitted work in a file to be committed': {
    args: ['--commit'],
    also: ({ root }) =>
      writeFiles(root, { [`${infrastructure}/kustomization.yaml`]: 'resources: [] # mine\n' }),
    code: 1,
    stderr: /cannot commit .*kustomization\.yaml/,
  },
}

for (const [what, { args = [], files = {}, also, code = 2, stderr }] of Object.entries(refused)) {
  test(`refused, and nothing is changed: ${what}`, () =>
    withExample(files, async (example) => {
      also?.(example)
      const trace = traceCalls(example.directory, example.env)
      const before = readFiles(example.root)
      const all = args.includes('--message') ? args : ['--message', message, ...args]
      const ended = await runTask('sops:test-create', all, { cwd: example.root, env: trace.env })
      assert.match(ended.stderr, stderr)
      assert.is(ended.code, code)
      assert.is(ended.stdout, '')
      assert.equal(readFiles(example.root), before)
      checkLeaks(example, trace, ended)
    }))
}

test('--commit: just these files, whatever else is changed or staged', () =>
  withPlace({}, async ({ root, git, changed, testCreate }) => {
    writeFiles(root, { 'README.md': 'mine\n', 'staged.txt': 'mine\n' })
    git('add', 'staged.txt')
    const { code, stdout } = await testCreate(['--commit'])
    assert.is(code, 0)
    assert.is(git('log', '-1', '--format=%s'), 'feat(flux): add sops-test encrypted secret')
    assert.match(stdout, `commit         ${git('rev-parse', 'HEAD').slice(0, 7)}\n`)
    assert.equal(git('show', '--name-only', '--format=', 'HEAD').split('\n'), [
      `${infrastructure}/kustomization.yaml`,
      `${infrastructure}/sops-test/kustomization.yaml`,
      `${infrastructure}/sops-test/secret.enc.yaml`,
    ])
    assert.equal(changed(), ['A  staged.txt', ' M README.md'].sort())
  }))

const personal: Record<string, (example: Example) => void> = {
  'core.excludesFile': ({ env, git }) => {
    writeFiles(env.HOME!, { 'ignored-by-me': '*secret*\nkustomization.yaml\n' })
    git('config', 'core.excludesFile', join(env.HOME!, 'ignored-by-me'))
  },
  'the default file of git': ({ env }) => writeFiles(env.HOME!, { '.config/git/ignore': 'sops-test\n' }),
  '.git/info/exclude': ({ root }) => writeFiles(root, { '.git/info/exclude': '*.yaml\n' }),
}

for (const [where, ignore] of Object.entries(personal)) {
  test(`what this user alone ignores does not decide: ${where}`, () =>
    withPlace({}, async (place) => {
      const { root, env, git, changed, testCreate } = place
      ignore(place)
      const before = readFiles(root)
      const { code, stderr } = await testCreate(['--commit'])
      assert.is(code, 0, stderr)
      assert.is(git('show', '--name-only', '--format=', 'HEAD').split('\n').length, 3)
      assert.equal(changed(), [])
      const removed = await runTask('sops:test-remove', ['--commit'], { cwd: root, env })
      assert.is(removed.code, 0, removed.stderr)
      assert.is(git('rev-parse', 'HEAD^{tree}'), git('rev-parse', 'HEAD~2^{tree}'))
      assert.equal(readFiles(root), before)
    }))
}

test('--commit: what a hook adds is taken out again, and named', () =>
  withPlace({}, async ({ root, git, changed, testCreate }) => {
    writeFiles(root, { 'mine.txt': 'not for a commit\n' })
    const hook = join(root, '.git', 'hooks', 'pre-commit')
    writeFileSync(hook, '#!/bin/sh\ngit add --all\n')
    chmodSync(hook, 0o755)
    const { code, stdout, stderr } = await testCreate(['--commit'])
    assert.is(code, 0)
    assert.match(stderr, /^taken out of the commit, for a hook had added it: mine\.txt$/m)
    assert.match(stdout, `commit         ${git('rev-parse', 'HEAD').slice(0, 7)}\n`)
    assert.is(git('show', '--name-only', '--format=', 'HEAD').split('\n').length, 3)
    assert.equal(changed(), ['?? mine.txt'])
  }))

test('--commit: where a hook refuses, its words are shown and all files are as they were', () =>
  withPlace({}, async ({ root, git, changed, testCreate }) => {
    const hook = join(root, '.git', 'hooks', 'pre-commit')
    writeFileSync(hook, '#!/bin/sh\necho "the hook says no" >&2\nexit 1\n')
    chmodSync(hook, 0o755)
    const before = readFiles(root)
    const commit = git('rev-parse', 'HEAD')
    const { code, stderr } = await testCreate(['--commit'])
    assert.is(code, 2)
    assert.match(stderr, 'the hook says no')
    assert.equal(readFiles(root), before)
    assert.equal(changed(), [])
    assert.is(git('rev-parse', 'HEAD'), commit)
  }))

/** Where a run is interrupted: a program, and when it takes its time. */
const interruptions: [stage: string, signal: NodeJS.Signals, condition: string][] = [
  ['sops encrypt', 'SIGINT', '[ "$3" = encrypt ]'],
  ['kustomize build', 'SIGTERM', ':'],
  ['sops decrypt', 'SIGINT', '[ "$1" = decrypt ]'],
]

for (const [stage, signal, condition] of interruptions) {
  test(`${signal} in ${stage}: everything is as it was`, () =>
    withExample({}, async (example) => {
      const { root, directory } = example
      const reached = join(directory, 'reached')
      const wait = `if ${condition.replace('PATH', join(root, infrastructure))}; then touch '${reached}'; sleep 600; fi`
      const trace = traceCalls(directory, example.env, undefined, { [stage.split(' ')[0]!]: wait })
      const before = readFiles(root)
      const call = { cwd: root, env: trace.env }
      const started = startTask('sops:test-create', ['--message', message], call)
      await until('the stage is reached', () => existsSync(reached), started)
      started.child.kill(signal)
      const end = await started.ended
      assert.is(end.code, 2)
      assert.match(end.stderr, `interrupted (${signal})`)
      assert.equal(readFiles(root), before)
      checkLeaks(example, trace, end)
    }))
}

test.run()
