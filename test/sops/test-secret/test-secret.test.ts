import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { replaceFiles } from '../../../scripts/lib/file-changes.ts'
import { findTestSecret } from '../../../scripts/sops/test-secret/found.ts'
import { createTestSecret, removeTestSecret } from '../../../scripts/sops/test-secret/test-secret.ts'
import { readFiles, writeFiles } from '../../helpers/files.ts'
import { type Example, withExample } from '../../helpers/flux/example.ts'
import { makeKey, sopsConfig } from '../../helpers/keys.ts'
import { thrown } from '../../helpers/thrown.ts'
import { traceCalls } from '../../helpers/trace.ts'

const { signal } = new AbortController()
const infrastructure = 'kubernetes/infrastructure'

const content = { namespace: 'default', message: 'planted-message' }

function placeOf({ root }: Example, path = infrastructure) {
  return { root, path: join(root, path), name: 'sops-test' }
}

/** The caller, who stands in the root. What is noted is collected in `notes`. */
function callerOf({ root, env }: Example, notes: string[] = []) {
  return { cwd: root, env, signal, note: (line: string) => notes.push(line) }
}

function keyOf({ key }: Example) {
  return { identities: [{ secret: key.secret, recipient: key.recipient }], source: 'the test' }
}

function decrypt({ env, root }: Example, file: string): Record<string, Record<string, unknown>> {
  const withKey = { ...env, SOPS_AGE_KEY_FILE: join(root, '.age-key.txt') }
  return parse(execFileSync('sops', ['decrypt', file], { env: withKey, cwd: root, encoding: 'utf8' }))
}

/** Where a built object is. */
const placeOfObject = ({ name, namespace }: { name: string; namespace: string | undefined }) => ({
  name,
  namespace,
})

test('a test Secret for a run of sops:verify, made and removed without a key', () =>
  withExample({}, async (example) => {
    const before = readFiles(example.root)
    const place = placeOf(example)
    assert.is(findTestSecret(place), undefined)
    const secret = { ...content, run: 'a1.b2.3.4' }
    const created = await createTestSecret(place, secret, callerOf(example))
    const files = ['sops-test/secret.enc.yaml', 'sops-test/kustomization.yaml', 'kustomization.yaml']
    assert.is(created.result, 'created')
    assert.equal(
      created.files,
      files.map((file) => `${infrastructure}/${file}`),
    )
    assert.equal(created.recipients, [example.key.recipient])
    assert.equal(placeOfObject(created.built), { name: 'sops-test', namespace: 'default' })
    assert.equal(findTestSecret(place), {
      ours: true,
      file: 'secret.enc.yaml',
      run: 'a1.b2.3.4',
      namespace: 'default',
    })
    assert.is(decrypt(example, created.files[0]!).stringData?.message, 'planted-message')

    const again = await thrown(createTestSecret(place, secret, callerOf(example)))
    assert.match(again.message, /only a key can tell its message/)
    const removed = await removeTestSecret(place, callerOf(example))
    assert.equal(
      { ...removed, files: removed.files.toSorted() },
      { result: 'removed', files: created.files.toSorted(), changes: removed.changes, problem: undefined },
    )
    assert.equal(readFiles(example.root), before)
    assert.equal(await removeTestSecret(place, callerOf(example)), {
      result: 'absent',
      files: [],
      changes: [],
      problem: undefined,
    })
  }))

test('it works in a worktree, and with a creation rule beside the Secret', () =>
  withExample({ '.sops.yaml': undefined }, async (example) => {
    const root = join(example.directory, 'worktree')
    example.git('worktree', 'add', '--quiet', '--detach', root)
    writeFiles(join(root, infrastructure), { '.sops.yaml': sopsConfig(example.key.recipient) })
    const inWorktree = { ...example, root }
    const created = await createTestSecret(placeOf(inWorktree), content, callerOf(inWorktree))
    assert.equal(created.recipients, [example.key.recipient])
    assert.equal(example.changed(), [])
    await removeTestSecret(placeOf(inWorktree), callerOf(inWorktree))
  }))

test('every message arrives as it is', async () => {
  const messages = [
    'true',
    '1e3',
    '2024-01-01',
    ' a: b # c\n- x\n---\n',
    '"quotes" \'single\' \\n %s {{ .x }} $' + '{VAR} $$' + '{VAR}',
    'ü 😀 \u2028\u0085\uFEFF\t\r',
    'ENC[AES256_GCM,x]',
    'x'.repeat(10_000),
  ]
  await withExample({}, async (example) => {
    for (const message of messages) {
      const { files } = await createTestSecret(
        placeOf(example),
        { ...content, message },
        { ...callerOf(example), key: keyOf(example) },
      )
      const { stringData, metadata } = decrypt(example, files[0]!)
      assert.is(stringData?.message, message)
      assert.equal(metadata?.annotations, { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' })
      await removeTestSecret(placeOf(example), callerOf(example))
    }
    assert.equal(example.changed(), [])
  })
})

test('what was there before comes back byte for byte', () => {
  const head = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n'
  const texts: [name: string, text: string][] = [
    ['kustomization.yaml', `${head}resources: [ ] # none\n`],
    ['kustomization.yml', `${head}namespace: x\n`],
    ['Kustomization', `${head}resources:\nnamespace: x`],
    ['kustomization.yaml', `${head}resources: ~ # ü "x" \\ \u2028\r\nnamespace: x\r\n`],
    ['kustomization.yml', `\uFEFF${head}configMapGenerator:\n- name: a\n  literals: [a=b]\n`],
    ['Kustomization', `${head}resources: [\n  a.yaml # "one"\n  ]\n`],
  ]
  const changes = {
    [`${infrastructure}/kustomization.yaml`]: undefined,
    [`${infrastructure}/a.yaml`]: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: x}\n',
  }
  return withExample(changes, async (example) => {
    for (const [name, text] of texts) {
      const file = `${infrastructure}/${name}`
      writeFiles(example.root, { [file]: text })
      const before = readFiles(example.root)
      const { files } = await createTestSecret(placeOf(example), content, callerOf(example))
      assert.ok(files.includes(file))
      assert.not.equal(readFileSync(join(example.root, file), 'utf8'), text)
      await removeTestSecret(placeOf(example), callerOf(example))
      assert.equal(readFiles(example.root), before)
      rmSync(join(example.root, file))
    }
  })
})

test('a path without a kustomization file needs no entry', () =>
  withExample(
    { [`${infrastructure}/kustomization.yaml`]: undefined, [`${infrastructure}/README.md`]: '# x\n' },
    async (example) => {
      const { files, built } = await createTestSecret(placeOf(example), content, callerOf(example))
      assert.equal(files.length, 2)
      assert.equal(placeOfObject(built), { name: 'sops-test', namespace: 'default' })
      await removeTestSecret(placeOf(example), callerOf(example))
      assert.equal(example.changed(), [])
    },
  ))

test('the root of the repository can be the path', () =>
  withExample({ 'kustomization.yaml': 'resources: [kubernetes/apps]\n' }, async (example) => {
    const { files } = await createTestSecret(placeOf(example, ''), content, callerOf(example))
    assert.ok(files.includes('sops-test/secret.enc.yaml'))
    await removeTestSecret(placeOf(example, ''), callerOf(example))
    assert.equal(example.changed(), [])
  }))

test('built tells what the kustomization file makes of name and namespace', () =>
  withExample(
    {
      [`${infrastructure}/kustomization.yaml`]:
        'resources: []\nnamespace: other\nnamePrefix: x-\ncommonLabels: {app.kubernetes.io/managed-by: me}\n',
    },
    async (example) => {
      const { built } = await createTestSecret(placeOf(example), content, callerOf(example))
      assert.equal(placeOfObject(built), { name: 'x-sops-test', namespace: 'other' })
    },
  ))

interface Refused {
  files: Record<string, string | undefined>
  /** What is not committed. */
  also?: (example: Example) => void
  exitCode?: number
  message: RegExp
}

const refused: Record<string, Refused> = {
  'a directory that would vanish from git': {
    files: { [`${infrastructure}/kustomization.yaml`]: undefined },
    also: ({ root }) => mkdirSync(join(root, infrastructure)),
    exitCode: 1,
    message: /refusing .* the directory would vanish/,
  },
  'a directory whose only file git ignores': {
    files: { '.gitignore': '.age-key.txt\nignored.*\n', [`${infrastructure}/kustomization.yaml`]: undefined },
    also: ({ root }) => writeFiles(root, { [`${infrastructure}/ignored.txt`]: 'x' }),
    exitCode: 1,
    message: /would vanish/,
  },
  'a path that does not exist': {
    files: { [`${infrastructure}/kustomization.yaml`]: undefined },
    message: /is not a directory/,
  },
  'no creation rules at all': { files: { '.sops.yaml': undefined }, message: /there is no \.sops\.yaml/ },
  'an empty .sops.yaml': { files: { '.sops.yaml': '' }, message: /\.sops\.yaml has no creation_rules/ },
  'no rule that matches': {
    files: {
      '.sops.yaml':
        'creation_rules:\n  - path_regex: ^apps/.*\\.sops\\.yaml\n    age: x\n  - path_regex: ^clusters/\n',
    },
    message:
      /^cannot encrypt a file in kubernetes\/infrastructure\/sops-test \(secret\.enc\.yaml, .*\): no creation rule selects it\. Tried:\n {2}creation rule 1 of \.sops\.yaml \(path_regex: \^apps\/\.\*\\\.sops\\\.yaml\)\n {2}creation rule 2 of \.sops\.yaml \(path_regex: \^clusters\/\)$/,
  },
  'a broken rule': {
    files: { '.sops.yaml': 'creation_rules:\n  - path_regex: .*\n    age: age1none\n' },
    message: /by creation rule 1 of \.sops\.yaml \(path_regex: \.\*\): .*age public key/,
  },
  'a git-ignored place': {
    files: { '.gitignore': '.age-key.txt\n*.enc.yaml\n' },
    message:
      /git ignores kubernetes\/infrastructure\/sops-test\/secret\.enc\.yaml \(\.gitignore:2:\*\.enc\.yaml\), so/,
  },
  'a path that could not be built before': {
    files: { [`${infrastructure}/kustomization.yaml`]: 'resources: [nothing.yaml]\n' },
    message: /even without it, kustomize build kubernetes\/infrastructure failed: .*nothing\.yaml/,
  },
  'a path that can not be built with it': {
    files: {
      [`${infrastructure}/kustomization.yaml`]: 'resources:\n- same.yaml\n',
      [`${infrastructure}/same.yaml`]:
        'apiVersion: v1\nkind: Secret\nmetadata:\n  name: sops-test\n  namespace: default\n',
    },
    message: /cannot create .*: kustomize build kubernetes\/infrastructure failed: .*already registered/,
  },
  'a kustomization that leaves it out': {
    files: {
      [`${infrastructure}/kustomization.yaml`]:
        'resources: []\npatches:\n- patch: |\n    $patch: delete\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: x}\n  target: {kind: Secret}\n',
    },
    message: /leaves the test Secret out/,
  },
  'a list that can not be edited': {
    files: { [`${infrastructure}/kustomization.yaml`]: 'components: &x []\nresources: *x\n' },
    message:
      /cannot add sops-test to the resources of kubernetes\/infrastructure\/kustomization\.yaml: .*alias/,
  },
  'two kustomization files': {
    files: { [`${infrastructure}/Kustomization`]: 'resources: []\n' },
    message:
      /even without it, kustomize build kubernetes\/infrastructure failed: .*multiple kustomization files/,
  },
  'a kustomization file that is a link': {
    files: { [`${infrastructure}/kustomization.yaml`]: undefined, 'shared.yaml': 'resources: []\n' },
    also: ({ root }) => {
      mkdirSync(join(root, infrastructure))
      symlinkSync('../../shared.yaml', join(root, infrastructure, 'kustomization.yaml'))
    },
    message: /it is no regular file/,
  },
  'a kustomization file that is not UTF-8': {
    files: {},
    also: ({ root }) =>
      writeFileSync(
        join(root, infrastructure, 'kustomization.yaml'),
        Buffer.from('resources: [] # \xfc\n', 'latin1'),
      ),
    message: /even without it, kustomize build kubernetes\/infrastructure failed: .*invalid leading UTF-8/,
  },
  'another file of its name': {
    files: { [`${infrastructure}/sops-test`]: 'mine' },
    message: /something else of that name is there/,
  },
  'another directory of its name': {
    files: { [`${infrastructure}/sops-test/kustomization.yaml`]: 'resources: []\n' },
    message: /something else of that name is there/,
  },
  'a link of its name': {
    files: { [`${infrastructure}/other/x`]: 'x' },
    also: ({ root }) => symlinkSync('other', join(root, infrastructure, 'sops-test')),
    message: /something else of that name is there/,
  },
}

for (const [what, { files, also, exitCode = 2, message }] of Object.entries(refused)) {
  test(`create refuses and leaves everything as it was: ${what}`, () =>
    withExample(files, async (example) => {
      also?.(example)
      const before = readFiles(example.root)
      const error = await thrown(
        createTestSecret(placeOf(example), content, { ...callerOf(example), key: keyOf(example) }),
      )
      assert.match(error.message, message)
      assert.is(error.exitCode, exitCode)
      assert.not.match(`${error.message} ${error.hint}`, 'planted-message')
      assert.equal(readFiles(example.root), before)
    }))
}

const selectors: [rule: string, message: RegExp | undefined][] = [
  ['', undefined],
  ['encrypted_regex: ^(nothing)$', undefined],
  ['mac_only_encrypted: true', undefined],
  ['unencrypted_regex: ^(apiVersion|kind|metadata|type)$', undefined],
  [
    'unencrypted_suffix: _plain',
    /by creation rule 1 of .*: its unencrypted_suffix encrypts more than the values/,
  ],
  ['encrypted_suffix: _secret', /by creation rule 1 of .*: its encrypted_suffix leaves values in the clear/],
  ['unencrypted_regex: ^stringData$', /its unencrypted_regex encrypts more/],
  ['encrypted_comment_regex: secret', /its encrypted_comment_regex leaves values/],
]

for (const [selector, message] of selectors) {
  test(`only the values are encrypted, or nothing is written: ${selector || 'a rule that selects nothing'}`, () => {
    const key = makeKey()
    const rule = `creation_rules:\n  - path_regex: .*\n    age: ${key.recipient}\n${selector && `    ${selector}\n`}`
    return withExample({ '.sops.yaml': rule }, async (example) => {
      const creating = createTestSecret(placeOf(example), content, callerOf(example))
      if (message) {
        assert.match((await thrown(creating)).message, message)
        assert.equal(example.changed(), [])
        return
      }
      const { files } = await creating
      const text = readFileSync(join(example.root, files[0]!), 'utf8')
      const { metadata, stringData } = parse(text)
      assert.is(metadata.name, 'sops-test')
      assert.match(stringData.message, /^ENC\[/)
      assert.not.match(text, 'planted-message')
    })
  })
}

test('a key that does not fit: the recipients of both are named, and nothing stays', () =>
  withExample({}, async (example) => {
    const other = makeKey()
    const key = { identities: [{ secret: other.secret, recipient: other.recipient }], source: 'keys.txt' }
    const error = await thrown(createTestSecret(placeOf(example), content, { ...callerOf(example), key }))
    assert.match(error.message, /the age key from keys\.txt can't decrypt/)
    for (const recipient of [other.recipient, example.key.recipient]) assert.match(error.message, recipient)
    assert.not.match(error.message, other.secret)
    assert.equal(example.changed(), [])
  }))

test('a file that somebody else changes meanwhile is not put back, and is named', () =>
  withExample({}, async (example) => {
    const list = `${infrastructure}/kustomization.yaml`
    const edit = `[ "$1" = decrypt ] && echo '# mine' >> '${join(example.root, list)}'`
    const { env } = traceCalls(example.directory, example.env, ['sops'], { sops: edit })
    const notes: string[] = []
    const other = makeKey()
    const key = { identities: [{ secret: other.secret, recipient: other.recipient }], source: 'keys.txt' }
    const error = await thrown(
      createTestSecret(placeOf(example), content, { ...callerOf(example, notes), env, key }),
    )
    assert.match(error.message, /^cannot create .*: the age key from keys\.txt can't decrypt/)
    assert.equal(notes, [`not put back, because it has changed meanwhile: ${list}`])
    assert.match(readFileSync(join(example.root, list), 'utf8'), /- sops-test\n# mine\n$/)
    assert.equal(example.changed(), [` M ${list}`])
  }))

test('already there: unchanged, or it says what is different', () =>
  withExample({}, async (example) => {
    const place = placeOf(example)
    const caller = { ...callerOf(example), key: keyOf(example) }
    await createTestSecret(place, content, caller)
    const before = readFiles(example.root)
    const again = await createTestSecret(place, content, caller)
    assert.is(again.result, 'unchanged')
    assert.equal([again.files, again.recipients], [[], [example.key.recipient]])
    const message = await thrown(createTestSecret(place, { ...content, message: 'second-message' }, caller))
    assert.match(message.message, /holds another message/)
    assert.not.match(message.message, /planted|second/)
    const namespace = await thrown(createTestSecret(place, { ...content, namespace: 'other' }, caller))
    assert.match(namespace.message, /there already, for the namespace default/)
    for (const error of [message, namespace]) {
      assert.is(error.exitCode, 2)
      assert.match(error.hint!, 'sops:test-remove')
    }
    assert.equal(readFiles(example.root), before)
  }))

test('what a kill in the middle leaves is recognised and removed', () =>
  withExample({ [`${infrastructure}/kustomization.yaml`]: 'resources: [ ]\n' }, async (example) => {
    const before = readFiles(example.root)
    const { changes } = await createTestSecret(placeOf(example), content, callerOf(example))
    for (let done = 1; done < changes.length; done++) {
      // as if only the first ones had been written
      const undone = changes
        .slice(done)
        .map(({ path, before, after }) => ({ path, before: after, after: before }))
      replaceFiles(undone.toReversed(), (path) => path)
      assert.is(findTestSecret(placeOf(example))?.ours, true)
      const error = await thrown(
        createTestSecret(placeOf(example), content, { ...callerOf(example), key: keyOf(example) }),
      )
      assert.match(error.message, /not all of it/)
      await removeTestSecret(placeOf(example), callerOf(example))
      assert.equal(readFiles(example.root), before)
      await createTestSecret(placeOf(example), content, callerOf(example)).then(({ changes: next }) =>
        changes.splice(0, changes.length, ...next),
      )
    }
  }))

test('remove touches nothing that is not ours', async () => {
  const cases: Record<string, (example: Example) => void> = {
    'another file beside': ({ root }) => writeFiles(root, { [`${infrastructure}/sops-test/mine.yaml`]: 'x' }),
    'an edited kustomization': ({ root }) =>
      writeFiles(root, {
        [`${infrastructure}/sops-test/kustomization.yaml`]: 'resources: [secret.enc.yaml]\nnamespace: x\n',
      }),
    'a Secret without our label': ({ root }) => {
      const file = `${infrastructure}/sops-test/secret.enc.yaml`
      const text = readFileSync(join(root, file), 'utf8').replace('flux-sops-tasks', 'me')
      writeFiles(root, { [file]: text })
    },
    'a file in its place': ({ root }) => {
      rmSync(join(root, infrastructure, 'sops-test'), { recursive: true })
      writeFiles(root, { [`${infrastructure}/sops-test`]: 'x' })
    },
  }
  for (const [what, edit] of Object.entries(cases)) {
    await withExample({}, async (example) => {
      await createTestSecret(placeOf(example), content, callerOf(example))
      edit(example)
      const before = readFiles(example.root)
      assert.equal(findTestSecret(placeOf(example)), { ours: false }, what)
      const error = await thrown(removeTestSecret(placeOf(example), callerOf(example)))
      assert.match(error.message, /sops:test-create did not make it/, what)
      assert.is(error.exitCode, 2)
      assert.equal(readFiles(example.root), before, what)
    })
  }
})

/** What may happen to the kustomization file that lists the test Secret, and why it is then left alone. */
const unclear: [what: string, spoil: (file: string) => void, reason: string][] = [
  [
    'a second one',
    (file) => writeFileSync(join(file, '..', 'Kustomization'), 'resources: []\n'),
    'there is Kustomization as well',
  ],
  [
    'it becomes a link',
    (file) => {
      renameSync(file, `${file}.real`)
      symlinkSync('kustomization.yaml.real', file)
    },
    'it is no regular file',
  ],
  [
    'it gets text that is not UTF-8',
    (file) => appendFileSync(file, Buffer.from('# \xfc\n', 'latin1')),
    'it is not UTF-8',
  ],
]
for (const [what, spoil, reason] of unclear) {
  test(`remove refuses a kustomization file that cannot be edited with certainty: ${what}`, () =>
    withExample({}, async (example) => {
      await createTestSecret(placeOf(example), content, callerOf(example))
      const file = `${infrastructure}/kustomization.yaml`
      spoil(join(example.root, file))
      const before = readFiles(example.root)
      const error = await thrown(removeTestSecret(placeOf(example), callerOf(example)))
      assert.is(error.message, `cannot edit ${file}: ${reason}`)
      assert.is(error.exitCode, 2)
      assert.equal(readFiles(example.root), before)
    }))
}

test('remove refuses where its directory would vanish from git', () =>
  withExample(
    { [`${infrastructure}/kustomization.yaml`]: undefined, [`${infrastructure}/README.md`]: 'x' },
    async (example) => {
      await createTestSecret(placeOf(example), content, callerOf(example))
      rmSync(join(example.root, infrastructure, 'README.md'))
      const before = readFiles(example.root)
      const error = await thrown(removeTestSecret(placeOf(example), callerOf(example)))
      assert.is(error.exitCode, 1)
      assert.match(error.message, /would vanish/)
      assert.equal(readFiles(example.root), before)
    },
  ))

test('remove puts everything back where the rest can not be built without it', () =>
  withExample(
    {
      [`${infrastructure}/kustomization.yaml`]: 'resources:\n' + '- a.yaml\n',
      [`${infrastructure}/a.yaml`]: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n',
    },
    async (example) => {
      await createTestSecret(placeOf(example), content, callerOf(example))
      writeFiles(example.root, {
        [`${infrastructure}/kustomization.yaml`]:
          'resources:\n- a.yaml\n- sops-test\nreplacements:\n- source: {kind: Secret, name: sops-test}\n  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: [metadata.namespace]\n    options: {create: true}\n',
      })
      const before = readFiles(example.root)
      const error = await thrown(removeTestSecret(placeOf(example), callerOf(example)))
      assert.match(error.message, /cannot remove .*: without it, kustomize build/)
      assert.is(error.exitCode, 2)
      assert.equal(readFiles(example.root), before)
    },
  ))

test('remove works where something else has broken the build, and says so', () =>
  withExample({}, async (example) => {
    await createTestSecret(placeOf(example), content, callerOf(example))
    const broken = 'resources:\n  - sops-test\n  - nothing.yaml\n'
    writeFiles(example.root, { [`${infrastructure}/kustomization.yaml`]: broken })
    const removed = await removeTestSecret(placeOf(example), callerOf(example))
    assert.is(removed.result, 'removed')
    assert.match(removed.problem!, /nothing\.yaml/)
    assert.is(
      readFileSync(join(example.root, infrastructure, 'kustomization.yaml'), 'utf8'),
      'resources:\n  - nothing.yaml\n',
    )
  }))

test('a program that is missing is named', () =>
  withExample({}, async (example) => {
    const env = { ...example.env, PATH: join(example.directory, 'nothing') }
    const error = await thrown(createTestSecret(placeOf(example), content, { ...callerOf(example), env }))
    assert.match(error.message, 'git is not on PATH')
    assert.equal(example.changed(), [])
  }))

test.run()
