import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { whatOldOpened } from '../../../../scripts/sops/rotate/state/exposed.ts'
import { exposedMarkdown } from '../../../../scripts/sops/rotate/state/exposed-markdown.ts'
import { writeFiles } from '../../../helpers/files.ts'
import { encryptAs, makeKey } from '../../../helpers/keys.ts'
import { processorTime } from '../../../helpers/processes.ts'
import { withRepository } from '../../../helpers/repository.ts'
import { makeLongHistory } from '../../../helpers/rotate/long-history.ts'
import { commitAll, rotatedTexts } from '../../../helpers/rotate/rotation.ts'

const [old, next] = [makeKey(), makeKey()]
const age = ['--age', old.recipient]

/** All that could be opened, as one line each. */
const shown = (list: Awaited<ReturnType<typeof whatOldOpened>>) =>
  list.map(({ file, key, isSame }) => `${file} ${key}${isSame ? ' same' : ''}`)

test('every format, also what was deleted, re-wrapped, on another branch, or a value in base64', () =>
  withRepository({}, async (repository) => {
    const { root, env, git } = repository
    const { oldOnly, both, reWrapped, setAfterwards, newOnly, neither } = rotatedTexts(old, next)
    const nested = 'db:\n  password: hunter2-yaml\nlist:\n  - hunter2-list\n---\ntoken: hunter2-second\n'
    writeFiles(root, {
      'a.yaml': oldOnly,
      'b.yaml': neither,
      'c.yaml': both,
      'nested.yaml': encryptAs('nested.yaml', nested, ...age),
      'x.json': encryptAs('x.json', '{"one": {"two": "hunter2-json"}}', ...age),
      'x.env': encryptAs('x.env', 'PASSWORD=hunter2-env\n', ...age),
      'x.ini': encryptAs('x.ini', '[part]\npassword=hunter2-ini\n', ...age),
      'x.bin': encryptAs('x.bin', 'hunter2-binary', ...age),
      'anchors.yaml': oldOnly
        .replace('stringData:', 'stringData: &all')
        .replace('sops:', 'same: *all\nsops:'),
      'outer.yaml': `kind: Secret\ndata:\n  x: ${Buffer.from(oldOnly).toString('base64')}\n`,
      'notes.md': `rotate ${old.recipient}, as in ENC[AES256_GCM,data:…]\n`,
    })
    commitAll(repository)
    git('branch', 'kept')
    git('checkout', '--quiet', '-b', 'side')
    writeFiles(root, { 'side |`.yaml': oldOnly })
    const side = commitAll(repository)
    git('checkout', '--quiet', 'main')
    rmSync(join(root, 'x.env'))
    writeFiles(root, { 'a.yaml': reWrapped, 'c.yaml': newOnly })
    commitAll(repository)
    writeFiles(root, { 'a.yaml': setAfterwards })
    const last = commitAll(repository)
    writeFiles(root, { 'a.yaml': newOnly })
    commitAll(repository)
    const found = await whatOldOpened({ root, env }, old.recipient)
    assert.equal(shown(found), [
      'a.yaml stringData.message',
      'anchors.yaml same.message same',
      'anchors.yaml stringData.message same',
      'c.yaml stringData.message same',
      'nested.yaml db.password same',
      'nested.yaml list same',
      'nested.yaml token (document 2) same',
      'outer.yaml stringData.message same',
      'side |`.yaml stringData.message same',
      'x.bin the whole file same',
      'x.env PASSWORD',
      'x.ini part.password same',
      'x.json one.two same',
    ])
    assert.is(found[0]?.commit, last)
    assert.is(found[8]?.commit, side)
    const markdown = exposedMarkdown(found, old.recipient)
    assert.ok(markdown.includes('Nothing that is done to this repository takes these values back.'))
    assert.ok(
      markdown.includes(`| \`\` side \\|\`.yaml \`\` | \`stringData.message\` | ${side.slice(0, 7)} | ✓ |`),
    )
    for (const text of [JSON.stringify(found), markdown]) assert.not.match(text, /hunter2|ENC\[|hello/)
    assert.match(exposedMarkdown([], old.recipient), /No version of any file/)
  }))

test('5,000 commits', () =>
  withRepository({}, async (repository) => {
    const { root, env, git } = repository
    const recipients = [old.recipient, next.recipient, makeKey().recipient]
    const { values, atHead } = makeLongHistory(repository, { commits: 5000, files: 120, recipients })
    const before = processorTime()
    const found = await whatOldOpened({ root, env }, old.recipient)
    const took = processorTime() - before
    const opened = new Set(
      values.filter((one) => one.recipients.includes(old.recipient)).map(({ key }) => key),
    )
    const subjects = new Map(
      git('log', '--all', '--format=%H %s')
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    )
    const expected = new Map<string, string>()
    for (const { file, name, commit, key, ciphertext } of values)
      if (opened.has(key)) expected.set(`${file} stringData.${name}`, `c${commit} ${atHead.has(ciphertext)}`)
    const actual = found.map(({ file, key, commit, isSame }): [string, string] => [
      `${file} ${key}`,
      `${subjects.get(commit)} ${isSame}`,
    ])
    assert.equal(Object.fromEntries(actual), Object.fromEntries([...expected].toSorted()))
    assert.is(actual.length, expected.size)
    assert.ok(expected.size > 200 && [...expected.values()].some((one) => one.endsWith('true')))
    assert.ok(took < 10, `${took} s`)
    console.error(`${took.toFixed(1)} s of a processor for ${values.length} values`)
  }))

test('the real sops says the same of every version', () =>
  withRepository({}, async (repository) => {
    const { root, env, git, directory } = repository
    const { oldOnly, both, newOnly, neither } = rotatedTexts(old, next)
    const steps = [
      { 'a.yaml': oldOnly, 'b.yaml': neither },
      { 'a.yaml': newOnly, 'b.yaml': both },
      { 'c.yaml': newOnly },
    ]
    for (const files of steps) {
      writeFiles(root, files)
      commitAll(repository)
    }
    const opened = new Set<string>()
    const withOld = { PATH: process.env.PATH, HOME: directory, SOPS_AGE_KEY: old.secret }
    const known = new Map<string, boolean>()
    for (const commit of git('rev-list', '--all').split('\n'))
      for (const file of git('ls-tree', '-r', '--name-only', commit).split('\n').filter(Boolean)) {
        const input = git('show', `${commit}:${file}`)
        const decrypts = () => {
          try {
            writeFiles(directory, { 'version.yaml': `${input}\n` })
            execFileSync('sops', ['decrypt', join(directory, 'version.yaml')], {
              env: withOld,
              stdio: 'pipe',
            })
            return true
          } catch {
            return false
          }
        }
        const isOpen = known.get(input) ?? decrypts()
        known.set(input, isOpen)
        if (isOpen) opened.add(`${file} stringData.message`)
      }
    const found = await whatOldOpened({ root, env }, old.recipient)
    assert.equal(
      found.map(({ file, key }) => `${file} ${key}`),
      [...opened].toSorted(),
    )
    assert.equal([...opened].toSorted(), ['a.yaml stringData.message', 'b.yaml stringData.message'])
  }))

test.run()
