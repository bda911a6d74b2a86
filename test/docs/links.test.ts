import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { anchorsOf, documents, projectRoot, readProject, withoutBlocks } from '../helpers/documents.ts'
import { decryptionCases } from '../helpers/flux/decryption-cases.ts'
import { projectFiles } from '../helpers/project.ts'

const all = documents()

/** Why a link leads nowhere. @param from the file that it is in @param target relative to the root, with or without an anchor */
function problemOf(from: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? from : path
  if (!existsSync(join(projectRoot, file))) return `${from}: there is no ${file}`
  if (anchor === undefined || anchorsOf(readProject(file)).includes(anchor)) return undefined
  return `${from}: there is no #${anchor} in ${file}`
}

test('every link between documents leads to a file, and to a heading in it', () => {
  const problems = all.flatMap(({ file, text }) => {
    const links = withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)
    const local = [...links].map(([, target]) => target!).filter((target) => !/^https?:/.test(target))
    return local.map((target) => {
      const path = target.startsWith('#') ? target : posix.join(posix.dirname(file), target)
      return problemOf(file, path)
    })
  })
  assert.ok(problems.length > 30)
  assert.equal(problems.filter(Boolean), [])
})

test('every reference in brackets has its definition, and every definition is used', () => {
  for (const { file, text } of all) {
    const body = withoutBlocks(text).replace(/`[^`\n]*`/g, '')
    const defined = [...body.matchAll(/^\[([^\]]+)\]: /gm)].map(([, name]) => name!)
    const used = [...body.matchAll(/\[([^\]]+)\](?![(:])/g)].map(([, name]) => name!)
    assert.equal([...new Set(used)].sort(), defined.sort(), file)
  }
})

/** The comments of a source file. */
function commentsOf(text: string): string {
  return text
    .split('\n')
    .filter((line) => /^\s*(\/\/|\/?\*|#)|\s\/\/ /.test(line))
    .join('\n')
    .replace(/https?:\/\/\S+/g, '')
}

test('every document that a comment names is here, and so is its heading', () => {
  const sources = projectFiles().filter((file) => /\.(ts|sh)$|^\.ci\//.test(file))
  const cited = sources.flatMap((file) =>
    [...commentsOf(readProject(file)).matchAll(/(?<![\w./])([\w/-]+\.md(?:#[\w-]+)?)/g)].map(([, target]) =>
      problemOf(file, target!),
    ),
  )
  assert.ok(cited.length > 20)
  assert.equal(cited.filter(Boolean), [])
})

test('every test that a document names is here, with its title', () => {
  let count = 0
  for (const { file, text } of all)
    for (const [, path, title] of text.matchAll(/`(test\/[a-z\d/-]+\.test\.ts)`(?: "([^"]+)")?/g)) {
      count++
      assert.ok(existsSync(join(projectRoot, path!)), `${file}: ${path}`)
      if (title)
        assert.ok(readProject(path!).includes(title), `${file}: no test of ${path} is called ${title}`)
    }
  assert.ok(count > 20)
})

test('docs/decryption.md names each case that shows it on a real Flux, and no other', () => {
  const cited = [...readProject('docs/decryption.md').matchAll(/\*test\* "([^"]+)"/g)].map(
    ([, title]) => title,
  )
  assert.equal([...new Set(cited)].sort(), decryptionCases.map(({ title }) => title).sort())
})

test('every module that docs/design.md names is here', () => {
  const named = [
    ...readProject('docs/design.md').matchAll(/`((?:task|flux|sops|sandbox|docs|lib)\/[\w/-]*)`/g),
  ]
  assert.ok(named.length > 20)
  for (const [, path] of named)
    assert.ok(
      [`scripts/${path}`, `scripts/${path}.ts`].some((file) => existsSync(join(projectRoot, file))),
      path,
    )
})

test('docs/troubleshooting.md quotes messages that the tasks have', () => {
  const sources = projectFiles()
    .filter((file) => file.startsWith('scripts/'))
    .map(readProject)
    .join('\n')
  const quoted = [...readProject('docs/troubleshooting.md').matchAll(/^\| `([^`]+)`/gm)].map(
    ([, text]) => text!,
  )
  assert.ok(quoted.length > 10)
  for (const text of quoted)
    for (const part of text
      .split('…')
      .map((part) => part.trim())
      .filter((part) => part.length > 4))
      assert.ok(sources.includes(part), part)
})

test.run()
