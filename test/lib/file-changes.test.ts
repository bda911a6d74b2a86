import fs, {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UserError } from '../../scripts/lib/errors.ts'
import {
  type FileChange,
  keepIf,
  nameBeside,
  replaceFiles,
  takeBack,
  writeFlushed,
} from '../../scripts/lib/file-changes.ts'
import { readFiles, withDirectory, writeFiles } from '../helpers/files.ts'

const files = { 'a.yaml': 'a\n', 'b/b.yaml': 'b\n' }

const asItIs = (path: string) => path
const change = (changes: FileChange[]) => replaceFiles(changes, asItIs)

const withFiles = (use: (directory: string) => void) =>
  withDirectory(async (directory) => {
    writeFiles(directory, files)
    use(directory)
  })

function thrown(act: () => void): UserError {
  try {
    act()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Lets the `count`-th call of `fs[name]` from now on fail as a full disk does, for the time of `act`. */
function withFailing(name: 'renameSync' | 'fsyncSync' | 'rmSync', count: number, act: () => void): void {
  const real = fs[name] as (...args: unknown[]) => void
  let calls = 0
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      if (++calls === count) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      return real(...args)
    },
  })
  syncBuiltinESMExports()
  try {
    act()
  } finally {
    Object.assign(fs, { [name]: real })
    syncBuiltinESMExports()
  }
}

test('replaceFiles: changes, makes and deletes, and leaves nothing else behind', () =>
  withFiles((directory) => {
    change([
      { path: join(directory, 'a.yaml'), before: 'a\n', after: 'A\n' },
      { path: join(directory, 'b/b.yaml'), before: 'b\n', after: undefined },
      { path: join(directory, 'c/d/e.yaml'), before: undefined, after: 'e\n' },
    ])
    assert.equal(readFiles(directory), { 'a.yaml': 'A\n', 'c/d/e.yaml': 'e\n' })
    assert.equal(readdirSync(directory).sort(), ['a.yaml', 'c'])
  }))

test('replaceFiles: keeps the mode of a file', () =>
  withFiles((directory) => {
    const path = join(directory, 'a.yaml')
    chmodSync(path, 0o640)
    change([{ path, before: 'a\n', after: 'A\n' }])
    assert.is(readFileSync(path, 'utf8'), 'A\n')
    assert.is(statSync(path).mode & 0o777, 0o640)
  }))

test('replaceFiles: changes the file behind a symbolic link, and the link stays', () =>
  withFiles((directory) => {
    symlinkSync('b/b.yaml', join(directory, 'link.yaml'))
    change([{ path: join(directory, 'link.yaml'), before: 'b\n', after: 'B\n' }])
    assert.ok(lstatSync(join(directory, 'link.yaml')).isSymbolicLink())
    assert.is(readFileSync(join(directory, 'b/b.yaml'), 'utf8'), 'B\n')
    assert.equal(readdirSync(join(directory, 'b')), ['b.yaml'])
  }))

/** Changes of which the last one goes wrong. */
const attempts: Record<
  string,
  [last: { path: string; before: string | undefined; after: string | undefined }, why: RegExp]
> = {
  'a file that has changed meanwhile': [
    { path: 'b/b.yaml', before: 'x\n', after: 'y\n' },
    /b\.yaml: it has changed/,
  ],
  'a file to delete that has changed': [
    { path: 'b/b.yaml', before: 'x\n', after: undefined },
    /b\.yaml: it has changed/,
  ],
  'a file that is gone': [{ path: 'c.yaml', before: 'c\n', after: 'C\n' }, /c\.yaml: ENOENT/],
  'a new file that is there already': [
    { path: 'a.yaml', before: undefined, after: 'A\n' },
    /a\.yaml: it is there already/,
  ],
  'a directory that can not be made': [
    { path: 'a.yaml/x', before: undefined, after: 'x\n' },
    /x: (EEXIST|ENOTDIR)/,
  ],
}

for (const [name, [last, why]] of Object.entries(attempts)) {
  test(`replaceFiles: ${name} leaves everything as it was`, () =>
    withFiles((directory) => {
      const error = thrown(() =>
        change([
          { path: join(directory, 'a.yaml'), before: 'a\n', after: 'A\n' },
          { path: join(directory, 'new/n.yaml'), before: undefined, after: 'n\n' },
          { ...last, path: join(directory, last.path) },
        ]),
      )
      assert.match(error.message, why)
      assert.equal(readFiles(directory), files)
      assert.equal(readdirSync(directory).sort(), ['a.yaml', 'b'])
    }))
}

for (const [name, count] of [
  ['fsyncSync', 2],
  ['renameSync', 1],
  ['renameSync', 3],
  ['rmSync', 1],
] as const) {
  test(`replaceFiles: failure ${count} of ${name} leaves everything as it was`, () =>
    withFiles((directory) => {
      withFailing(name, count, () => {
        const error = thrown(() =>
          replaceFiles(
            [
              { path: join(directory, 'a.yaml'), before: 'a\n', after: 'A\n' },
              { path: join(directory, 'new/n.yaml'), before: undefined, after: 'n\n' },
              { path: join(directory, 'new/m.yaml'), before: undefined, after: 'm\n' },
              { path: join(directory, 'b/b.yaml'), before: 'b\n', after: undefined },
            ],
            () => 'NAME',
          ),
        )
        assert.is(error.message, 'cannot write NAME: ENOSPC')
      })
      assert.equal(readFiles(directory), files)
      assert.equal(readdirSync(directory).sort(), ['a.yaml', 'b'])
    }))
}

test('keepIf: what is decided stays, with the answer', () =>
  withDirectory(async (directory) => {
    writeFiles(directory, files)
    const changes = [{ path: join(directory, 'a.yaml'), before: 'a\n', after: 'A\n' }]
    change(changes)
    const witness = { nameOf: asItIs, note: assert.unreachable }
    assert.is(await keepIf(changes, witness, async () => 'kept'), 'kept')
    assert.equal(readFiles(directory), { ...files, 'a.yaml': 'A\n' })
  }))

test('keepIf: takes back what was done, and names what somebody else has changed since', () =>
  withDirectory(async (directory) => {
    writeFiles(directory, files)
    const changes = [
      { path: join(directory, 'a.yaml'), before: 'a\n', after: 'A\n' },
      { path: join(directory, 'b/b.yaml'), before: 'b\n', after: undefined },
      { path: join(directory, 'c/c.yaml'), before: undefined, after: 'c\n' },
    ]
    const reason = new Error('why')
    const takeBack = async (first = () => {}) => {
      const notes: string[] = []
      change(changes)
      first()
      const decide = () => Promise.reject(reason)
      const witness = { nameOf: () => 'NAME', note: (line: string) => notes.push(line) }
      const error = await keepIf(changes, witness, decide).catch((caught) => caught)
      assert.is(error, reason)
      return notes
    }
    assert.equal(await takeBack(), [])
    assert.equal(readFiles(directory), files)
    assert.equal(readdirSync(directory).sort(), ['a.yaml', 'b'])

    const notes = await takeBack(() => {
      writeFileSync(join(directory, 'a.yaml'), 'by somebody else\n')
      mkdirSync(join(directory, 'c/d'))
    })
    assert.equal(notes, ['not put back, because it has changed meanwhile: NAME'])
    assert.equal(readFiles(directory), { ...files, 'a.yaml': 'by somebody else\n' })
  }))

test('writeFlushed: a file gets its rights whatever the umask says, and never takes the place of one', () =>
  withDirectory(async (directory) => {
    const file = join(directory, 'a')
    const before = process.umask(0o277)
    try {
      writeFlushed(file, 'text', { mode: 0o640 })
    } finally {
      process.umask(before)
    }
    assert.is(statSync(file).mode & 0o777, 0o640)
    assert.throws(() => writeFlushed(file, 'other'), /EEXIST/)
    assert.is(readFileSync(file, 'utf8'), 'text')
  }))

test('writeFlushed: nothing is left of what could not be written', () =>
  withDirectory(async (directory) => {
    assert.throws(() => writeFlushed(join(directory, 'a'), 'text', { mode: Number.NaN }))
    assert.equal(readdirSync(directory), [])
  }))

test('nameBeside: a name beside a file is hidden, and another one each time', () =>
  withDirectory(async (directory) => {
    const file = join(directory, 'a')
    const names = [nameBeside(file), nameBeside(file)]
    assert.is(new Set(names).size, 2)
    for (const name of names) writeFileSync(name, '')
    assert.ok(readdirSync(directory).every((name) => /^\.a\.[0-9a-f]{12}\.tmp$/.test(name)))
  }))

test('replaceFiles: with a directory for it, no text is ever beside its file, and a new one only the user can read', () =>
  withFiles((directory) => {
    const staging = join(directory, 'staging')
    mkdirSync(staging)
    chmodSync(join(directory, 'a.yaml'), 0o440)
    const changes = [
      { path: join(directory, 'a.yaml'), before: 'a\n', after: 'new a\n', staging },
      { path: join(directory, 'c.yaml'), before: undefined, after: 'c\n', staging },
    ]
    const real = fs.renameSync
    const moved: string[] = []
    fs.renameSync = (from, to) => {
      moved.push(dirname(`${from}`))
      assert.is(statSync(from).mode & 0o777, `${to}`.endsWith('a.yaml') ? 0o440 : 0o600)
      real(from, to)
    }
    syncBuiltinESMExports()
    try {
      change(changes)
      takeBack(changes, { nameOf: asItIs, note: () => {} })
    } finally {
      fs.renameSync = real
      syncBuiltinESMExports()
    }
    assert.equal([...new Set(moved)], [staging])
    assert.equal(readFiles(directory), files)
    assert.is(statSync(join(directory, 'a.yaml')).mode & 0o777, 0o440)
    assert.equal(readdirSync(staging), [])
  }))

test.run()
