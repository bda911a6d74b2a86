import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { splitQuoted } from '../../scripts/task/usage.ts'
import { type FixtureTask, withFixtureTask } from '../helpers/task-fixture.ts'

const ways = ['mise', 'node'] as const

const usage = [
  'arg "[file]" var=#true help="Files"',
  'flag "-n --namespace <namespace>" var=#true default="flux-system" help="Namespaces"',
  'flag "--key-file <file>" help="Key file"',
  'flag "--name <name>" default="sops-age" help="Name"',
  'flag "--dry-run" help="Write nothing"',
  'flag "--json" help="One JSON document"',
]
const show = `return { exitCode: 0, json: {}, lines: [JSON.stringify({
  files: usage.list('file'), namespaces: usage.list('namespace'), keyFile: usage.text('key-file'), name: usage.required('name'),
  dryRun: usage.flag('dry-run') })] }`
const defaults = { files: [], namespaces: ['flux-system'], name: 'sops-age', dryRun: false }

/** What a command line means, with mise and without. */
const meanings: [args: string[], options: Record<string, unknown>][] = [
  [[], {}],
  [['a.yaml', 'b/c.yaml'], { files: ['a.yaml', 'b/c.yaml'] }],
  [['--dry-run', 'a'], { files: ['a'], dryRun: true }],
  [['a', '--dry-run'], { files: ['a'], dryRun: true }],
  [['-n', 'x', '--namespace', 'y', '--namespace=z'], { namespaces: ['x', 'y', 'z'] }],
  [['-nx'], { namespaces: ['x'] }],
  [['--name=a', '--name', 'b'], { name: 'b' }],
  [['--name', 'a=b'], { name: 'a=b' }],
  [['--key-file', '-'], { keyFile: '-' }],
  [['--key-file', 'with blank'], { keyFile: 'with blank' }],
  [['--key-file', `it's "quoted"`], { keyFile: `it's "quoted"` }],
  [['--key-file', '$HOME `id` \\ * ~ #'], { keyFile: '$HOME `id` \\ * ~ #' }],
  [['--', 'a', 'b'], { files: ['a', 'b'] }],
  [['-n', 'one two', '-n', "it's", '-n', '"q"'], { namespaces: ['one two', "it's", '"q"'] }],
  [['-n', ' '], { namespaces: [' '] }],
  [
    ['one two', "it's", '"q"', '$HOME', '\\', 'a\nb', 'tab\tx', 'ü\u00a0💥', "''", "'"],
    { files: ['one two', "it's", '"q"', '$HOME', '\\', 'a\nb', 'tab\tx', 'ü\u00a0💥', "''", "'"] },
  ],
]

for (const via of ways) {
  test(`via ${via}: a command line means the same both ways`, () =>
    withFixtureTask(usage, show, async (task) => {
      for (const [args, options] of meanings) {
        const { code, stdout, stderr } = await task.run(args, { via })
        assert.is(code, 0, stderr)
        assert.equal(JSON.parse(stdout), { ...defaults, ...options }, JSON.stringify(args))
      }
    }))

  test(`via ${via}: any values arrive as they were given`, () =>
    withFixtureTask(usage, show, async (task) => {
      const given = Array.from({ length: 100 }, (_, seed) => `x${strangeText(seed)}`)
      const flags = given.flatMap((value) => ['-n', value])
      const { stdout } = await task.run([...flags, ...given], { via })
      const { files, namespaces } = JSON.parse(stdout)
      assert.equal(files, given)
      assert.equal(namespaces, given)
    }))

  test(`via ${via}: a flag that does not exist is exit 2 where arguments may be given`, () =>
    withFixtureTask(usage, show, async (task) => {
      for (const args of [['--nope'], ['-x'], ['a', '--nope'], ['--dryrun']]) {
        const { code, stdout, stderr } = await task.run(args, { via })
        assert.is(code, 2, args.join(' '))
        assert.match(stderr, /^error: unknown (flag|option) .*(--nope|-x|--dryrun)/m)
        assert.match(stderr, /^hint: see --help$/m)
        assert.is(stdout, '')
      }
    }))

  test(`via ${via}: a flag without its value is refused`, () =>
    withFixtureTask(usage, show, async (task) => {
      for (const args of [['--name'], ['--key-file', '--json'], ['a', '-n']]) {
        const { code, stdout } = await task.run(args, { via })
        // mise itself refuses these before the task is started
        assert.is(code, via === 'mise' ? 1 : 2, args.join(' '))
        if (via === 'mise' || !args.includes('--json')) assert.is(stdout, '')
        else assert.match(JSON.parse(stdout).error.message, 'key-file')
      }
    }))

  test(`via ${via}: an empty value is exit 2, for every flag that takes one`, () =>
    withFixtureTask(usage, show, async (task) => {
      for (const [args, name] of [
        [['--name', ''], 'name'],
        [['--key-file='], 'key-file'],
        [['-n', ''], 'namespace'],
        [['-n', 'x', '-n', ''], 'namespace'],
      ] as const) {
        const { code, stderr } = await task.run(args, { via })
        assert.is(code, 2, args.join(' '))
        assert.match(stderr, new RegExp(`^error: --${name} needs a value\nhint: see --help$`, 'm'))
      }
    }))

  test(`via ${via}: --json gives a document where the options are wrong`, () =>
    withFixtureTask(usage, show, async (task) => {
      for (const args of [
        ['--json', '--nope'],
        ['--name', '', '--json'],
      ]) {
        const { code, stdout } = await task.run(args, { via })
        assert.is(code, 2)
        assert.match(JSON.parse(stdout).error.message, /nope|--name needs a value/)
      }
      // to mise, what is behind -- is an option all the same
      if (via !== 'node') return
      const { code, stdout } = await task.run(['--nope', '--', '--json'])
      assert.equal([code, stdout], [2, ''])
    }))

  test(`via ${via}: --help shows every flag with its default`, () =>
    withFixtureTask(usage, show, async (task) => {
      const { code, stdout } = await task.run(['--help'], { via })
      assert.is(code, 0)
      for (const text of [
        'Made for a test',
        '--namespace',
        '-n',
        '--key-file',
        '--name',
        '--dry-run',
        '--json',
      ])
        assert.ok(stdout.includes(text), text)
      assert.match(stdout, /--name <name>\s+Name\s+\(default: sops-age\)/)
    }))

  test(`via ${via}: paths are relative to where the user stands`, () =>
    withFixtureTask(
      usage,
      `return { exitCode: 0, json: {}, lines: [String(usage.path('key-file'))] }`,
      async (task) => {
        const cwd = join(task.directory, 'sub', 'directory')
        mkdirSync(cwd, { recursive: true })
        const path = async (value: string) =>
          (await task.run(['--key-file', value], { via, cwd })).stdout.trim()
        assert.is(await path('../key.txt'), join(task.directory, 'sub', 'key.txt'))
        assert.is(await path('/etc/key.txt'), '/etc/key.txt')
        assert.is(await path('-'), '-')
      },
    ))

  test(`via ${via}: a command of its own stands behind --`, () =>
    withFixtureTask(
      [
        'flag "--path <path>" default="here" help="Path"',
        'arg "[command]" var=#true double_dash="required" help="Command"',
      ],
      `return { exitCode: 0, json: {}, lines: [JSON.stringify([usage.text('path'), usage.list('command')])] }`,
      async (task) => {
        const said = async (...args: string[]) => JSON.parse((await task.run(args, { via })).stdout)
        assert.equal(await said(), ['here', []])
        assert.equal(await said('--', 'ls', '-la'), ['here', ['ls', '-la']])
        assert.equal(await said('--path', 'x', '--', 'sh', '-c', "echo 'a b'", '--path', 'y'), [
          'x',
          ['sh', '-c', "echo 'a b'", '--path', 'y'],
        ])
        const { code, stderr } = await task.run(['ls'], { via })
        assert.is(code, via === 'mise' ? 1 : 2)
        assert.match(
          stderr,
          via === 'mise' ? 'can only be set after a `--`' : 'error: unexpected argument ls',
        )
      },
    ))
}

/** Flags with variables, and flags that exclude each other. */
const presets = [
  'flag "--name <name>" env="MADE_NAME" help="Name"',
  'flag "-n --namespace <namespace>" var=#true env="MADE_NAMESPACE" help="Namespaces"',
  'flag "--count <count>" default="1" help="Count"',
  'flag "--check" help="Checks"',
  'flag "--commit" help="Commits"',
  'flag "--json" help="One JSON document"',
  '[ONE OF] --check --commit --count',
  '[ONE OF] --name --commit',
]
const showPresets = `return { exitCode: 0, json: {}, lines: [JSON.stringify([
  usage.text('name') ?? null, usage.list('namespace'), usage.required('count')])] }`

for (const via of ways) {
  test(`via ${via}: a variable gives what is not given, and an empty one gives nothing`, () =>
    withFixtureTask(presets, showPresets, async (task) => {
      const said = async (env: NodeJS.ProcessEnv, ...args: string[]) => {
        const { code, stdout, stderr } = await task.run(args, { via, env })
        assert.is(code, 0, stderr)
        return JSON.parse(stdout)
      }
      assert.equal(await said({}), [null, [], '1'])
      assert.equal(await said({ MADE_NAME: 'x', MADE_NAMESPACE: 'y' }), ['x', ['y'], '1'])
      assert.equal(await said({ MADE_NAME: '', MADE_NAMESPACE: '' }), [null, [], '1'])
      assert.equal(await said({ MADE_NAME: "it's $HOME", MADE_NAMESPACE: 'y' }, '-n', 'a', '-n', 'b c'), [
        "it's $HOME",
        ['a', 'b c'],
        '1',
      ])
      assert.equal(await said({ MADE_NAMESPACE: 'a' }, '-n', 'a', '-n', 'b'), [null, ['a', 'b'], '1'])
      assert.equal(await said({ MADE_NAMESPACE: 'a b' }), [null, ['a b'], '1'])
      assert.equal(await said({ MADE_NAME: 'x' }, '--name', 'y', '--count=2'), ['y', [], '2'])
      assert.match(
        (await task.run(['--name='], { via, env: { MADE_NAME: 'x' } })).stderr,
        '--name needs a value',
      )
    }))

  test(`via ${via}: the help names the variable`, () =>
    withFixtureTask(presets, showPresets, async (task) => {
      const { stdout } = await task.run(['--help'], { via })
      assert.match(stdout, /--name <name>\s+Name\s+\[env: MADE_NAME\]/)
    }))

  test(`via ${via}: flags that exclude each other are exit 2, a default or a variable is no flag`, () =>
    withFixtureTask(presets, showPresets, async (task) => {
      const env = { MADE_NAME: 'x' }
      for (const [args, said] of [
        [['--check', '--commit'], '--check and --commit'],
        [['--commit', '--check'], '--check and --commit'],
        [['--count', '2', '--commit'], '--commit and --count'],
        [['--commit', '--name', 'y'], '--name and --commit'],
      ] as const) {
        const { code, stdout, stderr } = await task.run(args, { via, env })
        assert.equal([code, stdout], [2, ''])
        assert.match(stderr, `error: ${said} exclude each other\nhint: give one of them\n`)
      }
      const { code, stdout } = await task.run(['--json', '--check', '--commit'], { via })
      assert.is(code, 2)
      assert.match(JSON.parse(stdout).error.message, 'exclude each other')
      for (const args of [['--commit'], ['--check'], ['--check', '--name', 'y']])
        assert.is((await task.run(args, { via, env })).code, 0, args.join(' '))
    }))
}

test('options of another task that runs around this one are not taken', () =>
  withFixtureTask(usage, show, async (task) => {
    const outer = { usage_name: 'outer', usage_dry_run: 'true', MISE_TASK_FILE: '/elsewhere/tasks/x.ts' }
    assert.equal(await options(task, outer), defaults)
    assert.equal(await options(task, { ...outer, MISE_TASK_FILE: '' }), defaults)
    const { code, stdout } = await task.run(['--nope'], { env: { ...outer, usage_json: 'true' } })
    assert.equal([code, stdout], [2, ''])
  }))

async function options(task: FixtureTask, env: NodeJS.ProcessEnv) {
  return JSON.parse((await task.run([], { env })).stdout)
}

test('splitQuoted takes apart what a shell would', () => {
  const cases: [string, string[]][] = [
    ['', []],
    ['a', ['a']],
    [`a 'b c' d`, ['a', 'b c', 'd']],
    [`'it'\\''s'`, ["it's"]],
    [`'' a`, ['', 'a']],
    [`'a\nb'  c`, ['a\nb', 'c']],
    [`a\\ b`, ['a b']],
  ]
  for (const [text, words] of cases) assert.equal(splitQuoted(text), words, text)
})

/** Blanks, quotes and what shells treat in a special way, mixed by a fixed rule. */
function strangeText(seed: number): string {
  const pieces = [
    ' ',
    "'",
    '"',
    '\\',
    '$',
    '`',
    '\n',
    '\t',
    'a',
    '=',
    '-',
    ',',
    '*',
    '~',
    '!',
    '{}',
    ';',
    '&',
    'ä',
    '\u2028',
    '',
  ]
  let state = seed + 1
  const next = () => (state = (state * 1103515245 + 12345) % 2 ** 31)
  return Array.from({ length: next() % 9 }, () => pieces[(next() >> 8) % pieces.length]).join('')
}

test.run()
