import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { blocksOf, projectRoot, readProject } from '../../helpers/documents.ts'
import { writeFiles } from '../../helpers/files.ts'
import { encryptSecret, makeKey } from '../../helpers/keys.ts'
import { type Ended, startProgram } from '../../helpers/program.ts'
import { released } from '../../helpers/released.ts'
import { type TestRepository, withRepository } from '../../helpers/repository.ts'
import { miseOffline } from '../../helpers/task.ts'

const page = readProject('docs/tasks/sops-audit.md')
const [ci, hooks] = ['## In CI', '## In hooks'].map((title) => page.split(title)[1]!.split('\n## ')[0]!)
const intact = encryptSecret(makeKey().recipient)
const conflict = intact.replace('stringData:', '<<<<<<< ours\nstringData:\n=======\nother:\n>>>>>>> theirs')

/** A block of the page. A test is about one finding, and not about what else there is in its files: so only that is looked for. */
function snippet(section: string, language: string, part: string): string {
  const found = blocksOf(section, language).find((block) => block.includes(part))
  assert.ok(found, part)
  return found!.replace(/(sops:audit) --/g, '$1 --only merge-conflict --')
}

interface Hooked extends Omit<TestRepository, 'git'> {
  git(...args: string[]): Promise<Ended>
  run(...command: string[]): Promise<Ended>
}

/** A user who has the tasks of this checkout in the mise of the repository. */
async function withHooks(programs: readonly string[], use: (hooked: Hooked) => Promise<void>): Promise<void> {
  await withRepository({ 'a.enc.yaml': intact }, async (repository) => {
    const { root, directory } = repository
    const PATH = [...programs, repository.env.PATH].join(delimiter)
    const env = { ...repository.env, ...miseOffline, PATH, MISE_TRUSTED_CONFIG_PATHS: root }
    writeFiles(directory, {
      'home/.config/mise/config.toml': `[task_config]\nincludes = [${JSON.stringify(join(projectRoot, 'tasks'))}]\n`,
    })
    const run = async (...command: string[]) => startProgram(command, { cwd: root, env }).ended
    await use({ ...repository, env, run, git: (...args) => run('git', ...args) })
  })
}

/** Commits what is sound, and does not commit what is not: what counts is what is about to be committed. */
async function assertGuarded({ root, git }: Hooked): Promise<void> {
  const commit = async (...args: string[]) => {
    const { code, stdout, stderr } = await git('commit', '--message', 'x', ...args)
    return { code, said: stdout + stderr }
  }
  writeFiles(root, { 'a.enc.yaml': `# changed\n${intact}` })
  await git('add', '--all')
  const sound = await commit()
  assert.is(sound.code, 0, sound.said)
  writeFiles(root, { 'b.enc.yaml': conflict })
  await git('add', '--all')
  const refused = await commit()
  assert.is(refused.code, 1, refused.said)
  assert.match(refused.said, /b\.enc\.yaml\n\s+6:1\s+error\s+holds the marks of an unfinished merge/)
  assert.is((await git('log', '--format=%s')).stdout, 'x\nstart\n')
}

test('plain git: the hook of the page', () =>
  withHooks([], async (hooked) => {
    const { root, git } = hooked
    const hook = join(root, '.git', 'hooks', 'pre-commit')
    mkdirSync(join(hook, '..'), { recursive: true })
    writeFileSync(hook, snippet(hooks!, 'sh', 'sops:audit'))
    chmodSync(hook, 0o755)
    await assertGuarded(hooked)
    // the index of `commit -a` and of `commit FILE` is another file than that of the repository
    await git('rm', '--quiet', '--cached', 'b.enc.yaml')
    writeFiles(root, { 'a.enc.yaml': conflict })
    for (const args of [['--all'], ['a.enc.yaml']])
      assert.is((await git('commit', '--message', 'y', ...args)).code, 1, args.join())
    writeFiles(root, { 'c.txt': 'x\n' })
    await git('add', 'c.txt')
    assert.is((await git('commit', '--message', 'y', 'c.txt')).code, 0)
  }))

test("mise's own: the hook that it makes, and the task of the page", () =>
  withHooks([], async (hooked) => {
    writeFiles(hooked.root, { '.mise.toml': snippet(hooks!, 'toml', 'sops:audit') })
    const { code, stderr } = await hooked.run('mise', 'generate', 'git-pre-commit', '--write')
    assert.is(code, 0, stderr)
    await assertGuarded(hooked)
  }))

test('pre-commit: its configuration on the page, as prek reads it', async () => {
  await withHooks([await released('prek', '0.5.3')], async (hooked) => {
    writeFiles(hooked.root, { '.pre-commit-config.yaml': snippet(hooks!, 'yaml', 'repos:') })
    const { code, stderr } = await hooked.run('prek', 'install')
    assert.is(code, 0, stderr)
    await assertGuarded(hooked)
  })
})

test('lefthook: its configuration on the page', async () => {
  await withHooks([await released('lefthook', '2.2.2')], async (hooked) => {
    writeFiles(hooked.root, { 'lefthook.yml': snippet(hooks!, 'yaml', 'jobs:') })
    const { code, stderr } = await hooked.run('lefthook', 'install')
    assert.is(code, 0, stderr)
    await assertGuarded(hooked)
  })
})

test('GitHub: the step of the page writes the file that the next one uploads, and fails where there is an error', () =>
  withHooks([], async ({ root, run }) => {
    const { steps } = parse(snippet(ci!, 'yaml', 'upload-sarif')).jobs.audit
    const command: string = steps.find((step: { run?: string }) => step.run).run
    const file = steps.find((step: { uses?: string }) => step.uses?.includes('upload-sarif')).with.sarif_file
    const results = () => JSON.parse(readFileSync(join(root, file), 'utf8')).runs[0].results.length
    assert.is((await run('bash', '-e', '-c', command)).code, 0)
    assert.is(results(), 0)
    writeFiles(root, { 'a.enc.yaml': conflict })
    assert.is((await run('bash', '-e', '-c', command)).code, 1)
    assert.is(results(), 1)
  }))

test('the page has a snippet for each that is tested here, and no other', () => {
  assert.is([...hooks!.matchAll(/^```\w+$/gm)].length, 4)
  assert.is([...ci!.matchAll(/^```\w+$/gm)].length, 1)
})

test.run()
