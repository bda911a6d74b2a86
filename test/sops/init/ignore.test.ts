import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { withInit } from '../../helpers/init.ts'

const cases: [name: string, before: string | undefined, after: string][] = [
  ['none', undefined, '/.age-key.txt*\n'],
  ['empty', '', '/.age-key.txt*\n'],
  ['CRLF', 'a\r\nb\r\n', 'a\r\nb\r\n/.age-key.txt*\r\n'],
  ['CRLF, without a line end', 'a\r\nb', 'a\r\nb\r\n/.age-key.txt*\r\n'],
  ['one line without its end', 'a', 'a\n/.age-key.txt*\n'],
  ['the name alone', '.age-key.txt\n', '.age-key.txt\n/.age-key.txt*\n'],
  ['a negation', '.age-key*\n!.age-key.txt\n', '.age-key*\n!.age-key.txt\n/.age-key.txt*\n'],
  ['already', '.age-key*\n', '.age-key*\n'],
  ['everything', '/*\n!/a\n', '/*\n!/a\n'],
]

for (const [name, before, after] of cases)
  test(`.gitignore, ${name}: one line is inserted where git needs it`, () =>
    withInit(before === undefined ? {} : { '.gitignore': before }, async ({ root, git, init }) => {
      const { code, stderr } = await init()
      assert.is(code, 0, stderr)
      assert.is(readFileSync(join(root, '.gitignore'), 'utf8'), after)
      git('check-ignore', '.age-key.txt', '.age-key.txt.bak')
    }))

test('what only this user has told git to ignore is not ignored for others', () =>
  withInit({}, async ({ root, env, init }) => {
    writeFiles(root, { '.git/info/exclude': '.age-key*\n' })
    writeFiles(env.HOME!, { '.config/git/ignore': '.age-key*\n' })
    assert.is((await init()).code, 0)
    assert.is(readFileSync(join(root, '.gitignore'), 'utf8'), '/.age-key.txt*\n')
  }))

test('a key of which git is not yet told is ignored from now on', () =>
  withInit({}, async ({ root, init }) => {
    await init()
    writeFileSync(join(root, '.gitignore'), 'a\n')
    const checked = await init(['--check'])
    assert.is(checked.code, 1)
    assert.match(checked.stdout, '(key-not-ignored)')
    const { stdout } = await init()
    assert.match(stdout, /^created what was missing\n/)
    assert.is(readFileSync(join(root, '.gitignore'), 'utf8'), 'a\n/.age-key.txt*\n')
  }))

test('where git takes the key in spite of the line, nothing is left', () =>
  withInit({ 'keys/.gitignore': '!*\n' }, async ({ root, git, files, init }) => {
    const { code, stderr } = await init(['--key-file', 'keys/mine.txt'])
    assert.is(code, 1)
    assert.match(
      stderr,
      'error: git does not ignore keys/mine.txt, even with the line /keys/mine.txt* in .gitignore',
    )
    assert.equal(files(), ['keys/.gitignore'])
    // git reads no .gitignore that is a link
    rmSync(join(root, 'keys'), { recursive: true })
    writeFileSync(join(root, 'patterns'), 'a\n')
    symlinkSync('patterns', join(root, '.gitignore'))
    assert.is((await init()).code, 1)
    assert.equal(files(), ['.gitignore', 'patterns'])
    assert.is(readFileSync(join(root, 'patterns'), 'utf8'), 'a\n')
    assert.match(git('status', '--porcelain'), '?? .gitignore')
  }))

test.run()
