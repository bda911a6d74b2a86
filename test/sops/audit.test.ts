import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { projectRoot, readProject } from '../helpers/documents.ts'
import { withDirectory, writeFiles } from '../helpers/files.ts'
import { encryptSecret, makeKey, sopsConfig } from '../helpers/keys.ts'
import { type Started, startProgram } from '../helpers/program.ts'
import { type TestRepository, withRepository } from '../helpers/repository.ts'
import { type Ended, miseOffline, runTask, startTask } from '../helpers/task.ts'
import { userEnvironment } from '../helpers/user.ts'

const key = makeKey()
const planted = 'planted-secret-value'
const intact = encryptSecret(key.recipient, planted)
const conflict = intact.replace('stringData:', '<<<<<<< ours\nstringData:\n=======\nother:\n>>>>>>> theirs')
const files = {
  '.sops.yaml': sopsConfig(key.recipient),
  'apps/a.enc.yaml': conflict,
  'apps/b.enc.yaml': intact,
  'README.md': 'Hello\n',
}
/** Only what this test is about: other checks may find more in its files. */
const only = ['--only', 'merge-conflict']

const isDocument = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
  JSON.parse(readProject('docs/findings.schema.json')),
)

/** Writes the URL of each module that Node loads to stderr, those of `require` too. */
const loadedModules = `import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'
registerHooks({ load: (url, context, next) => (writeSync(2, url + '\\n'), next(url, context)) })
`

type Place = Pick<TestRepository, 'root' | 'env'> & { cwd?: string }

async function audit({ root, env, cwd = root }: Place, ...args: string[]): Promise<Ended> {
  const ended = await runTask('sops:audit', args, { cwd, env })
  for (const text of [ended.stdout, ended.stderr])
    for (const secret of [planted, key.secret]) assert.not.ok(text.includes(secret))
  return ended
}

function documentOf({ stdout }: Ended) {
  assert.ok(isDocument(JSON.parse(stdout)), JSON.stringify(isDocument.errors))
  return JSON.parse(stdout)
}

test('without a finding it ends with 0, and says what it has looked at and whether with a key', () =>
  withRepository({ ...files, 'apps/a.enc.yaml': intact }, async (repository) => {
    const { code, stdout } = await audit(repository, ...only)
    assert.is(code, 0)
    assert.is(stdout, 'without a key: no findings in 4 files, 2 of them encrypted\n')
    writeFileSync(join(repository.directory, 'key.txt'), key.text)
    const withKey = await audit(repository, ...only, '--key-file', '../key.txt')
    assert.is(withKey.stdout, 'no findings in 4 files, 2 of them encrypted\n')
  }))

test('a key file outside of the repository is called as the user would call it', () =>
  withRepository({ ...files, 'apps/a.enc.yaml': intact }, async ({ root, env, directory }) => {
    writeFileSync(join(directory, 'key.txt'), key.text, { mode: 0o644 })
    const below = { root, env, cwd: join(root, 'apps') }
    const { stdout } = await audit(below, '--only', 'key-file-readable', '--key-file', '../../key.txt')
    const [, command = ''] = /`(chmod .*)`/.exec(stdout)!
    execFileSync('sh', ['-c', command], { cwd: below.cwd })
    assert.is(statSync(join(directory, 'key.txt')).mode & 0o777, 0o600)
  }))

test('nothing is written, neither to the files nor to what git keeps', () =>
  withRepository(files, async (repository) => {
    const { root, directory, git } = repository
    writeFileSync(join(directory, 'key.txt'), key.text)
    writeFiles(root, { 'new.yaml': 'a: 1\n' })
    git('add', 'new.yaml')
    const state = () =>
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .toSorted()
        .map((path) => [path, statSync(join(root, path), { bigint: true }).mtimeNs])
    const before = state()
    for (const args of [[], ['--staged'], ['--history'], ['--format', 'sarif'], ['--key-file', '../key.txt']])
      await audit(repository, ...args)
    assert.equal(state(), before)
  }))

test('with one it ends with 1, and calls files as the user does', () =>
  withRepository(files, async (repository) => {
    const { code, stdout, stderr } = await audit(repository, ...only)
    assert.is(code, 1)
    assert.match(
      stdout,
      /^apps\/a\.enc\.yaml\n {2}6:1 {2}error {4}holds the marks of an unfinished merge \(merge-conflict\)\n/,
    )
    assert.match(stdout, /\nwithout a key: 1 error in 4 files, 2 of them encrypted\n$/)
    assert.match(stderr, 'hint: `mise run sops:audit --explain CODE`')
    const below = await audit({ ...repository, cwd: join(repository.root, 'apps') }, ...only)
    assert.match(below.stdout, /^a\.enc\.yaml\n/)
  }))

test('outside of a repository it ends with 2', () =>
  withDirectory(async (root) => {
    const { code, stderr } = await audit({ root, env: userEnvironment(root) })
    assert.is(code, 2)
    assert.match(stderr, 'not a git repository')
  }))

test('--json and --format json print the same document, which has the form of the schema', () =>
  withRepository(files, async (repository) => {
    const ended = await audit(repository, ...only, '--json')
    assert.is(ended.code, 1)
    const { fingerprint, ...found } = documentOf(ended).findings[0]
    assert.equal(found, {
      code: 'merge-conflict',
      severity: 'error',
      file: 'apps/a.enc.yaml',
      line: 6,
      column: 1,
      message: 'holds the marks of an unfinished merge',
      fix: 'take the file of one side: `git checkout --ours apps/a.enc.yaml` or `--theirs` while the merge goes on, `git checkout HEAD^1 -- apps/a.enc.yaml` where it is committed; then `sops edit apps/a.enc.yaml` for what the other side changed',
      help: 'docs/findings.md#merge-conflict',
    })
    assert.match(fingerprint, /^[\da-f]{64}$/)
    assert.is((await audit(repository, ...only, '--format', 'json')).stdout, ended.stdout)
    const byVariable = { ...repository, env: { ...repository.env, FLUX_SOPS_FORMAT: 'json' } }
    assert.is((await audit(byVariable, ...only)).stdout, ended.stdout)
    assert.is((await audit(repository, ...only, '--format=json')).stdout, ended.stdout)
    const failed = await audit(repository, 'nothing', '--format', 'json')
    assert.is(documentOf(failed).error.message, 'nothing does not exist')
    documentOf(await audit(repository, '--explain', 'merge-conflict', '--json'))
  }))

test('--format sarif and --format github print nothing else', () =>
  withRepository(files, async (repository) => {
    const sarif = await audit(repository, ...only, '--format', 'sarif')
    assert.is(sarif.code, 1)
    assert.is(JSON.parse(sarif.stdout).runs[0].results.length, 1)
    assert.is(sarif.stderr, '')
    const github = await audit(repository, ...only, '--format', 'github')
    assert.match(
      github.stdout,
      /^::error file=apps\/a\.enc\.yaml,line=6,col=1,title=merge-conflict::[^\n]*\n$/,
    )
    assert.is(github.stderr, '')
    const inActions = { ...repository, env: { ...repository.env, GITHUB_ACTIONS: 'true' } }
    const text = (await audit(inActions, ...only)).stdout
    assert.match(text, /^apps\/a\.enc\.yaml\n/)
    assert.ok(text.endsWith(github.stdout))
  }))

test('what cannot be meant is said with what can, and ends with 2', () =>
  withRepository(files, async (repository) => {
    const cases: [args: string[], message: string, hint: string][] = [
      [['--format', 'xml'], 'xml is no format', 'text, json, sarif, github'],
      [['--only', 'merge-conflit'], 'there is no finding with the code merge-conflit', 'merge-conflict'],
      [['--skip', 'merge'], 'there is no finding with the code merge', 'merge-conflict'],
      [
        ['--explain', 'merge-conflicts'],
        'there is no finding with the code merge-conflicts',
        'merge-conflict',
      ],
      [['--explain', 'merge-conflict', 'apps'], '--explain takes no paths', 'leave them out'],
      [['nothing'], 'nothing does not exist', ''],
      [['..'], '.. is outside of the repository', ''],
      [['--baseline', 'nothing'], 'nothing does not exist', '--write-baseline'],
      [['--baseline', '.sops.yaml'], '.sops.yaml is no baseline', 'another file'],
      [['--baseline', '.sops.yaml', '--write-baseline'], '.sops.yaml is no baseline', 'another file'],
      [['--baseline', 'apps'], 'cannot read apps: it is no regular file', ''],
      [['--write-baseline'], '--write-baseline needs --baseline', 'name the file'],
      [['--baseline', 'x', '--write-baseline', 'apps'], 'a baseline is of the whole repository', 'paths'],
      [
        ['--baseline', 'x', '--write-baseline', ...only],
        '--only and --write-baseline exclude each other',
        '',
      ],
    ]
    for (const [args, message, hint] of cases) {
      const { code, stdout, stderr } = await audit(repository, ...args)
      assert.is(code, 2, args.join(' '))
      assert.is(stdout, '')
      for (const part of [message, hint]) assert.ok(stderr.includes(part), `${args.join(' ')}: ${stderr}`)
    }
    assert.is(repository.git('status', '--porcelain'), '')
  }))

/** Nobody writes to it. */
function makePipe({ directory }: TestRepository): string {
  const path = join(directory, 'pipe')
  execFileSync('mkfifo', [path])
  return path
}

/** How it ends; without an exit code where it does not. */
async function endOf({ child, ended }: Started): Promise<Ended> {
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000)
  return ended.finally(() => clearTimeout(timer))
}

test('what may have no end is refused unread', () =>
  withRepository(files, async (repository) => {
    makePipe(repository)
    for (const [args, message] of [
      [['--baseline', '../pipe'], 'cannot read ../pipe: it is no regular file'],
      [['--baseline', '/dev/full', '--write-baseline'], 'dev/full: it is no regular file'],
      [['--recipients', '../pipe'], '/pipe: it is no regular file'],
      [['--recipients', '/dev/zero'], 'cannot read the recipients in /dev/zero: it is no regular file'],
      [
        ['--key-file', '/dev/zero'],
        'cannot read the age key file /dev/zero: it is neither a file nor a pipe',
      ],
    ] as const) {
      const { code, stdout, stderr } = await endOf(
        startTask('sops:audit', args, { cwd: repository.root, env: repository.env }),
      )
      assert.equal([code, stdout], [2, ''], args.join(' '))
      assert.ok(stderr.endsWith(`${message}\n`), stderr)
    }
  }))

test('a key comes through a pipe as well, whenever it is written', () =>
  withRepository(files, async (repository) => {
    const { root, directory, env } = repository
    writeFileSync(join(directory, 'key.txt'), key.text)
    const pipe = makePipe(repository)
    const entry = join(projectRoot, 'tasks', 'sops', 'audit.ts')
    for (const [before, file] of [
      ['', '<(cat ../key.txt)'],
      ['', '<(sleep 1; cat ../key.txt)'],
      [`(sleep 1; cat ../key.txt >${pipe}) &`, pipe],
    ]) {
      const script = `${before} exec '${process.execPath}' '${entry}' ${only.join(' ')} --key-file ${file}`
      const { code, stdout, stderr } = await endOf(
        startProgram(['bash', '-c', script], { cwd: root, env: { ...env, ...miseOffline } }),
      )
      assert.is(code, 1, stderr)
      assert.match(stdout, /^1 error in 4 files/m)
    }
  }))

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`${signal} ends the wait for a key that nobody writes`, () =>
    withRepository(files, async (repository) => {
      const trace = join(repository.directory, 'trace')
      const env = { ...repository.env, GIT_TRACE: trace }
      const started = startTask('sops:audit', ['--key-file', makePipe(repository)], {
        cwd: repository.root,
        env,
      })
      while (!existsSync(trace)) await sleep(20)
      await sleep(500)
      started.child.kill(signal)
      const error = `error: interrupted (${signal})\n`
      assert.equal(await endOf(started), { code: 2, stdout: '', stderr: error })
    }))

test('--skip leaves out a code, and paths all other files', () =>
  withRepository(files, async (repository) => {
    const codes = async (...args: string[]) =>
      documentOf(await audit(repository, '--json', ...args)).findings.map(
        ({ code, file }: { code: string; file: string }) => `${file} ${code}`,
      )
    const found = 'apps/a.enc.yaml merge-conflict'
    assert.not.ok((await codes('--skip', 'merge-conflict')).includes(found))
    assert.equal(await codes(...only, 'apps'), [found])
    assert.equal(await codes(...only, 'apps/a.enc.yaml', 'README.md'), [found])
    assert.equal(await codes(...only, 'apps/b.enc.yaml'), [])
    assert.equal(await codes(...only, '.'), [found])
    const { files: looked, encrypted } = documentOf(await audit(repository, '--json', ...only, 'apps'))
    assert.equal([looked, encrypted], [2, 2])
  }))

test('--explain needs no repository', () =>
  withDirectory(async (root) => {
    const { code, stdout } = await audit({ root, env: userEnvironment(root) }, '--explain', 'merge-conflict')
    assert.is(code, 0)
    assert.match(stdout, /^merge-conflict\n\nerror: holds the marks of an unfinished merge\n\n/)
  }))

test('a baseline: what is known does not count, wherever its lines move to; what is gone is said', () =>
  withRepository(files, async (repository) => {
    const { root } = repository
    const path = join(root, 'known.json')
    const written = await audit(repository, '--baseline', 'known.json', '--write-baseline')
    assert.is(written.code, 0)
    assert.match(written.stdout, /^known\.json knows \d+ findings?$/m)
    const text = readFileSync(path, 'utf8')
    const { findings } = JSON.parse(text)
    // one line each, and the same bytes a second time
    for (const one of findings)
      assert.ok(text.split('\n').some((line) => line.trim().replace(/,$/, '') === JSON.stringify(one)))
    await audit(repository, '--baseline', 'known.json', '--write-baseline')
    assert.is(readFileSync(path, 'utf8'), text)
    repository.git('add', 'known.json')

    writeFiles(root, { 'apps/a.enc.yaml': `# one line more\n${conflict}` })
    const known = await audit(repository, ...only, '--baseline', 'known.json')
    assert.is(known.code, 0, known.stdout)
    assert.is(
      known.stdout,
      'without a key: no findings in 5 files, 2 of them encrypted\nknown.json knows 1 more\n',
    )
    writeFiles(root, { 'apps/c.enc.yaml': conflict })
    const fresh = await audit(repository, ...only, '--baseline', 'known.json', '--json')
    assert.is(fresh.code, 1)
    const { known: count, gone, findings: left } = documentOf(fresh)
    assert.equal([count, gone, left.map(({ file }: { file: string }) => file)], [1, [], ['apps/c.enc.yaml']])

    writeFiles(root, { 'apps/a.enc.yaml': intact, 'apps/c.enc.yaml': intact })
    const mended = await audit(repository, ...only, '--baseline', 'known.json')
    assert.is(mended.code, 0)
    assert.match(
      mended.stdout,
      /\ngone since known\.json was written:\n {2}apps\/a\.enc\.yaml: holds the marks of an unfinished merge \(merge-conflict\)\n$/,
    )
    documentOf(await audit(repository, '--baseline', 'known.json', '--json'))
    assert.is(readFileSync(path, 'utf8'), text)
  }))

test('what a baseline says cannot move the cursor of a terminal', () =>
  withRepository(files, async (repository) => {
    const gone = { code: 'merge-conflict', file: 'a\u001b[2J', message: 'b\r', fingerprint: 'c' }
    const text = JSON.stringify({ with: [], findings: [gone] })
    writeFileSync(join(repository.directory, 'known.json'), text)
    const { stdout } = await audit(repository, ...only, '--baseline', '../known.json')
    assert.match(stdout, '\n  a\\u001b[2J: b\\u000d (merge-conflict)\n')
  }))

test('of what a baseline knows of a key nothing is gone without one', () =>
  withRepository(files, async (repository) => {
    const keyFile = join(repository.directory, 'key.txt')
    writeFileSync(keyFile, key.text)
    const baseline = ['--baseline', 'known.json']
    await audit(repository, ...baseline, '--write-baseline', '--key-file', keyFile)
    writeFiles(repository.root, { 'apps/a.enc.yaml': intact })
    const gone = async (...args: string[]) =>
      documentOf(await audit(repository, ...only, ...baseline, '--json', ...args)).gone.length
    assert.is(await gone(), 0)
    assert.is(await gone('--key-file', keyFile), 1)
  }))

test('--staged reads what is about to be committed, and not the working tree', () =>
  withRepository({ ...files, 'apps/a.enc.yaml': intact }, async (repository) => {
    const { root, git } = repository
    assert.is((await audit(repository, ...only, '--staged')).code, 0)
    writeFiles(root, { 'apps/b.enc.yaml': conflict })
    assert.is((await audit(repository, ...only, '--staged')).code, 0)
    git('add', 'apps/b.enc.yaml')
    writeFiles(root, { 'apps/b.enc.yaml': intact })
    const { code, stdout } = await audit(repository, ...only, '--staged')
    assert.is(code, 1)
    assert.match(stdout, /without a key: 1 error in 1 file, 1 of them encrypted\n$/)
  }))

test('--staged loads no parser and no age where nothing has to be parsed or decrypted', () =>
  withRepository({ 'README.md': 'Hello\n' }, async ({ root, directory, env, git }) => {
    writeFiles(root, { 'README.md': 'Hello!\n', 'other.yaml': 'a: b\n' })
    git('add', '--all')
    const hook = join(directory, 'hook.mjs')
    writeFileSync(hook, loadedModules)
    const packages = async (...args: string[]) => {
      const traced = { root, env: { ...env, NODE_OPTIONS: `--import ${hook}` } }
      const { code, stderr } = await audit(traced, ...args)
      assert.is(code, 0, stderr)
      return new Set(
        [...stderr.matchAll(/^file:.*\/node_modules\/((?:@[^/]+\/)?[^/\n]+)/gm)].map(([, name]) => name),
      )
    }
    const without = await packages('--staged')
    assert.ok(without.has('zx'))
    for (const name of ['yaml', 're2js', 'age-encryption']) assert.not.ok(without.has(name), name)
    writeFiles(root, { 'other.yaml': intact })
    git('add', '--all')
    assert.ok((await packages('--staged')).has('yaml'))
  }))

test('Ctrl-C ends it with 2 and leaves nothing', () => {
  // more than it can decrypt in seconds
  const many = Array.from({ length: 3000 }, (_, index) => [`apps/${index}.enc.yaml`, intact])
  return withRepository(Object.fromEntries(many), async (repository) => {
    const { root, directory } = repository
    const [keyFile, trace] = ['key.txt', 'trace'].map((name) => join(directory, name))
    writeFileSync(keyFile!, key.text)
    const args = ['--baseline', 'known.json', '--write-baseline', '--key-file', keyFile!]
    const env = { ...repository.env, GIT_TRACE: trace! }
    const { child, ended } = startTask('sops:audit', args, { cwd: root, env })
    while (!existsSync(trace!)) await sleep(20)
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    assert.equal([code, stdout, stderr], [2, '', 'error: interrupted (SIGINT)\n'])
    assert.not.ok(existsSync(join(root, 'known.json')))
    assert.is(repository.git('status', '--porcelain'), '')
  })
})

test.run()
