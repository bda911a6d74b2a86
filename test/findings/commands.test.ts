import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Finding, worded } from '../../scripts/findings/finding.ts'
import { gitignoreLine } from '../../scripts/lib/paths.ts'
import { auditIn, conflictIn } from '../helpers/audit.ts'
import { writeFiles } from '../helpers/files.ts'
import { makeKey } from '../helpers/keys.ts'
import { withRepository } from '../helpers/repository.ts'

const oddNames = ["my secret's ü.yaml", '`id`;x$(touch PWNED).yaml', 'key #2 *[b]?.txt', 'back\\slash ']

/** The commands in what is to be done. */
const commandsIn = (fix: string, start: string) => fix.slice(fix.indexOf(start)).split('`')[0]!

test('a name of a file is one word of a shell in a command, whatever it is', () => {
  for (const name of oddNames.filter((one) => !one.includes('`'))) {
    const { fix } = worded({ ...conflictIn(name), facts: { file: name } })
    const command = commandsIn(fix, 'sops edit ').replace('sops edit', 'printf %s')
    assert.is(execFileSync('sh', ['-c', command], { encoding: 'utf8' }), name)
  }
  assert.match(worded(conflictIn('apps/db.enc.yaml')).fix, '`sops edit apps/db.enc.yaml`')
})

test('a name with a command in it is not called', () => {
  const { fix } = worded(conflictIn('`id`;x$(touch PWNED).yaml'))
  assert.match(fix, "`sops edit '`id`;x$(touch PWNED).yaml'`")
})

test('what is to be done names a file as the user calls it', () => {
  const { fix } = worded(conflictIn('apps/a.yaml'), (file) => `../${file}`)
  assert.match(fix, '`sops edit ../apps/a.yaml`')
  assert.match(worded(conflictIn('apps/a.yaml')).fix, '`sops edit apps/a.yaml`')
})

test('the command for a key that git does not ignore makes git ignore it, from wherever it is called', () =>
  withRepository({ '.gitignore': 'no end of line' }, async ({ root, env, git }) => {
    const names = oddNames.filter((one) => !one.includes('`'))
    const inside = join(root, 'apps')
    mkdirSync(inside)
    writeFiles(inside, Object.fromEntries(names.map((name) => [name, makeKey().text])))
    const { findings } = await auditIn({ root, env })
    const open = findings.filter(({ code }: Finding) => code === 'key-not-ignored')
    assert.is(open.length, names.length)
    for (const found of open) execFileSync('sh', ['-c', worded(found).fix.slice(1, -1)], { cwd: inside, env })
    const ignored = git('-c', 'core.quotePath=false', 'check-ignore', ...names.map((name) => `apps/${name}`))
    assert.is(ignored.split('\n').length, names.length)
  }))

test('a line of a .gitignore means one path', () => {
  assert.is(gitignoreLine('a/b.txt'), '/a/b.txt')
  assert.is(gitignoreLine('a[1]*?\\ '), '/a\\[1]\\*\\?\\\\\\ ')
})

test.run()
