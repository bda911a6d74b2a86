import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { causes } from '../../scripts/diagnosis/condition/causes.ts'
import { documentedTasks, outdatedDocuments } from '../../scripts/docs/documents.ts'
import { documents, projectRoot, readProject, transcriptsOf } from '../helpers/documents.ts'
import { withDirectory } from '../helpers/files.ts'

test('the tables of the documents are what `npm run docs` makes of the headers', () => {
  const outdated = outdatedDocuments(projectRoot).map(({ path }) => path)
  assert.equal(outdated, [], 'npm run docs')
})

test('a header that changes makes its page and the README outdated', () =>
  withDirectory(async (root) => {
    for (const path of ['tasks', 'docs', 'README.md'])
      cpSync(join(projectRoot, path), join(root, path), { recursive: true })
    const entry = join('tasks', 'flux', 'sandbox.ts')
    const header = readProject(entry)
      .replace('description="Run', 'description="Start')
      .replace('--path <path>', '--at <path>')
    writeFileSync(join(root, entry), header)
    const changes = outdatedDocuments(root)
    assert.equal(
      changes.map(({ path }) => path),
      [join(root, 'README.md'), join(root, 'docs/tasks/flux-sandbox.md')],
    )
    assert.match(changes[0]!.after ?? '', '| Start a real Flux')
    assert.match(changes[1]!.after ?? '', '| `--at PATH` |')
  }))

test('every task has a page: what for, a transcript, and the sections that users look for', () => {
  const tasks = documentedTasks(projectRoot)
  assert.is(tasks.length, 10)
  for (const { name, page } of tasks) {
    const text = readProject(page)
    assert.is(text.split('\n')[0], `# ${name}`)
    assert.match(transcriptsOf(text)[0]?.command ?? '', `mise run ${name}`)
    const sections = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title!)
    for (const title of ['Flags', 'What it does', 'What it refuses', 'Exit codes', 'JSON', 'Rights'])
      assert.ok(sections.includes(title), `${page}: ${title}`)
  }
})

test('a command in a document has the flags of its task, and no two that exclude each other', () => {
  const headers = new Map(documentedTasks(projectRoot).map(({ name, header }) => [name, header]))
  const commands = documents().flatMap(({ file, text }) =>
    [...text.matchAll(/mise run ([a-z]+:[a-z-]+)([^`\n|;&)]*)/g)].map(([command, name, rest]) => ({
      where: `${file}: ${command}`,
      header: headers.get(`${name}`),
      given: [...`${rest}`.matchAll(/(?<= )--([a-z][a-z-]*)/g)].map(([, flag]) => `${flag}`),
    })),
  )
  assert.ok(commands.length > 100, `${commands.length}`)
  for (const { where, header, given } of commands) {
    assert.ok(header, where)
    const flags = header.flags.map(({ name }) => name)
    for (const flag of given) assert.ok([...flags, 'help'].includes(flag), `--${flag} in ${where}`)
    for (const group of header.exclusive)
      assert.ok(given.filter((flag) => group.includes(flag)).length < 2, where)
  }
})

test('the README has 900 words at most', () => {
  const words = readProject('README.md').split(/\s+/).filter(Boolean).length
  assert.ok(words <= 900, `${words} words`)
})

test('the codes of docs/decryption.md are those of sops:verify, in their order', () => {
  const documented = [...readProject('docs/decryption.md').matchAll(/^\| `([\w-]+)` \|/gm)]
  assert.equal(
    documented.map(([, code]) => code),
    [...new Set(causes.map(({ code }) => code))],
  )
})

test.run()
