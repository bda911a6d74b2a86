import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withDirectory } from './helpers/files.ts'
import { makeKey } from './helpers/keys.ts'
import { startProgram } from './helpers/program.ts'
import { miseOffline } from './helpers/task.ts'
import { userEnvironment } from './helpers/user.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const list = (pattern: string) => globSync(pattern, { cwd: root }).sort()
const isFile = (file: string) => statSync(join(root, file)).isFile()

const groups = ['flux', 'sops']
const entries = list('tasks/*/*').filter(isFile)
const modules = list('scripts/**/*').filter(isFile)
/** Everything that is, or would be, committed. */
const project = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file && existsSync(join(root, file)))

const taskName = (entry: string) => entry.split('/').slice(1).join(':').replace(/\.ts$/, '')

/** The header of an entry: `flags` without dashes, `argument` where it declares one. */
function headerOf(entry: string) {
  const text = read(entry)
  return {
    description: /^\/\/ \[MISE\] description="([^"]+)"$/m.exec(text)?.[1],
    flags: [...text.matchAll(/^\/\/ \[USAGE\] flag "(?:-\w )?--([\w-]+)[ "]/gm)].map((match) => match[1]!),
    argument: /^\/\/ \[USAGE\] arg "\[([\w-]+)\]"/m.exec(text)?.[1],
  }
}

/** What a module imports, relative paths from the root of the project; `dynamic`: by `await import()`. */
function importsOf(file: string) {
  const text = read(file)
  const from = (name: string) =>
    name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name
  const names = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => from(match[1]!))
  return {
    static: names(/^(?:import (?:[^'"();=]*? from )?|export (?:type )?[*{][^'"();=]*? from )'([^']+)'/gm),
    dynamic: names(/\bimport\('([^']+)'\)/g),
    /** Without those that only name types. */
    values: names(/^(?:import (?!type )(?:[^'"();=]*? from )?|export [*{][^'"();=]*? from )'([^']+)'/gm),
  }
}

test('there are the nine tasks, and nothing else in tasks/ but a package.json that names no type', () => {
  assert.equal(list('tasks/**/*').filter(isFile), [...entries, 'tasks/package.json'].sort())
  assert.equal(JSON.parse(read('tasks/package.json')), {})
  assert.equal(entries.map(taskName), [
    'flux:doctor',
    'flux:enable-decryption',
    'flux:sandbox',
    'flux:sops-key',
    'sops:audit',
    'sops:init',
    'sops:rotate',
    'sops:test-create',
    'sops:test-remove',
    'sops:verify',
  ])
})

test('a task, its module and its test have the same name', () => {
  const named = (directory: string, suffix: string) =>
    groups.flatMap((group) =>
      list(`${directory}/${group}/*${suffix}`).map(
        (file) => `${group}/${file.split('/').at(-1)!.slice(0, -suffix.length)}`,
      ),
    )
  const tasks = named('tasks', '.ts')
  assert.equal(named('scripts', '.ts'), tasks)
  assert.equal(named('test', '.test.ts'), tasks)
  // what a module needs more stands in a directory named after it, as it likes
  const parts = groups.flatMap((group) =>
    list(`scripts/${group}/*/`).map((path) => path.replace(/^scripts\/|\/$/g, '')),
  )
  for (const part of parts) {
    const isPart = (file: string) => file.startsWith(`scripts/${part}/`)
    const users = modules.filter((file) => {
      const { static: fixed, dynamic } = importsOf(file)
      return !isPart(file) && [...fixed, ...dynamic].some(isPart)
    })
    assert.ok(users.length > 0, `no module uses scripts/${part}`)
  }
})

for (const entry of entries) {
  test(`${entry} is an entry as mise and we want it`, () => {
    const text = read(entry)
    const lines = text.trimEnd().split('\n')
    assert.is(statSync(join(root, entry)).mode & 0o777, 0o755)
    const staged = execFileSync('git', ['ls-files', '--stage', entry], { cwd: root, encoding: 'utf8' })
    if (staged) assert.match(staged, /^100755 /)
    assert.equal(lines.slice(0, 2), [
      '#!/bin/sh',
      `':' //; f=$0; [ ! -h "$f" ] || f=$(readlink -f "$f"); . "\${f%/*}/../../scripts/task/start.sh"`,
    ])
    // a template would need trust in every mise before 2026.8.9, and tools fail where they cannot be installed
    assert.match(lines[2]!, /^\/\/ \[MISE\] description="[A-Z][^"{]+[^.]"$/)
    const header = lines.findIndex((line, index) => index > 2 && !/^\/\/ \[USAGE\] /.test(line))
    assert.ok(header > 3)
    for (const line of lines.slice(header)) assert.not.match(line, /\[(MISE|USAGE)\]|^\/\/ ?(MISE|USAGE)|^#/)
    const body = lines.length - header
    assert.ok(body <= 25, `${body} lines besides the header`)
    assert.match(text, 'start(__filename, ')
    const { static: fixed, dynamic } = importsOf(entry)
    assert.equal(fixed, [])
    assert.equal(dynamic, ['scripts/task/start.js', entry.replace('tasks/', 'scripts/')])
  })

  test(`${entry} reads each option that it declares, and no other`, () => {
    const { flags, argument } = headerOf(entry)
    const used = [...read(entry).matchAll(/\busage\.(?:text|required|flag|list|path)\('([^']+)'\)/g)].map(
      (match) => match[1]!,
    )
    const declared = [...flags.filter((flag) => flag !== 'json'), ...(argument ? [argument] : [])]
    assert.equal([...new Set(used)].sort(), declared.sort())
    for (const line of read(entry)
      .split('\n')
      .filter((line) => line.startsWith('// [USAGE] ')))
      assert.match(
        line,
        /^\/\/ \[USAGE\] (flag "(-\w )?--[a-z-]+( <[a-z-]+>)?"|arg "\[[a-z-]+\]" var=#true)( \w+=("[^"]*"|#true))* help="[A-Z][^"]*[^.]"$/,
      )
  })
}

test('mise lists exactly these tasks with their descriptions, and shows each flag', () =>
  withDirectory(async (directory) => {
    const env = { ...userEnvironment(directory), ...miseOffline, MISE_TRUSTED_CONFIG_PATHS: root }
    const mise = async (...args: string[]) =>
      (await startProgram(['mise', ...args], { cwd: root, env }).ended).stdout
    const shown = JSON.parse(await mise('tasks', '--json')) as { name: string; description: string }[]
    const expected = entries.map((entry) => ({
      name: taskName(entry),
      description: headerOf(entry).description,
    }))
    assert.equal(
      shown.map(({ name, description }) => ({ name, description })),
      expected,
    )
    for (const entry of entries) {
      const help = await mise('run', taskName(entry), '--help')
      const { flags, argument, description } = headerOf(entry)
      assert.ok(help.replace(/\s+/g, ' ').startsWith(description!), help)
      for (const flag of flags) assert.match(help, new RegExp(`^\\s+(-\\w, )?(  +)?--${flag}\\b`, 'm'))
      if (argument) assert.match(help, new RegExp(`\\[(-- )?${argument}\\]`))
    }
  }))

/** What may import what; each layer only those below it. */
const layers: Record<string, RegExp> = {
  'scripts/task/': /^scripts\/(task\/|lib\/[^/]+$)/,
  'scripts/flux/': /^scripts\/(flux|diagnosis|findings|lib|sandbox)\//,
  'scripts/sops/': /^scripts\/(sops|diagnosis|findings|lib)\//,
  'scripts/diagnosis/': /^scripts\/(diagnosis|findings|lib)\//,
  'scripts/findings/': /^scripts\/(findings|lib)\//,
  'scripts/sandbox/demo.ts': /^scripts\/(task|sandbox|lib)\//,
  'scripts/sandbox/': /^scripts\/(sandbox|lib)\//,
  'scripts/docs/': /^scripts\/(docs|findings|task|lib)\//,
  'scripts/lib/applied/': /^scripts\/lib\/((applied|repository|cluster|kustomize|sops|git|yaml)\/|[^/]+$)/,
  'scripts/lib/repository/': /^scripts\/lib\/((repository|kustomize|sops|git|yaml)\/|[^/]+$)/,
  'scripts/lib/kustomize/': /^scripts\/lib\/((kustomize|sops|git|yaml)\/|[^/]+$)/,
  'scripts/lib/cluster/': /^scripts\/lib\/((cluster|sops)\/|[^/]+$)/,
  'scripts/lib/sops/': /^scripts\/lib\/((sops|git|yaml)\/|[^/]+$)/,
  'scripts/lib/git/': /^scripts\/lib\/(git\/|[^/]+$)/,
  'scripts/lib/yaml/': /^scripts\/lib\/(yaml\/|[^/]+$)/,
  'scripts/lib/': /^scripts\/lib\/[^/]+$/,
}

test('imports go one way', () => {
  for (const file of modules) {
    const [, allowed] = Object.entries(layers).find(([layer]) => file.startsWith(layer)) ?? []
    assert.ok(allowed, `${file} is in no layer`)
    const { static: fixed, dynamic } = importsOf(file)
    for (const name of [...fixed, ...dynamic].filter(
      (name) => name.startsWith('scripts/') || name.includes('..') || name.startsWith('test'),
    ))
      assert.ok(allowed.test(name), `${file} imports ${name}`)
  }
})

test('no module imports itself by way of others, types included', () => {
  const graph = new Map(
    modules.map((file) => {
      const { static: fixed, dynamic } = importsOf(file)
      return [file, [...fixed, ...dynamic].filter((name) => modules.includes(name))]
    }),
  )
  // what was visited once leads to itself by no other way either
  const visited = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    assert.not.ok(path.includes(file), [...path, file].join(' -> '))
    if (visited.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    visited.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
})

test('one place starts processes', () => {
  const allowed = /^scripts\/(lib\/program\.ts$|task\/npm\.ts$|sandbox\/)/
  for (const file of [...entries, ...modules]) {
    const { static: fixed, dynamic } = importsOf(file)
    for (const name of [...fixed, ...dynamic].filter((name) =>
      /^(zx|zx\/.*|node:child_process|child_process)$/.test(name),
    ))
      assert.ok(allowed.test(file), `${file} imports ${name}`)
  }
})

/** All that is loaded with a module, itself included: modules and packages. */
function loadedWith(file: string): Set<string> {
  const seen = new Set<string>()
  const visit = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    if (name.startsWith('scripts/')) for (const imported of importsOf(name).values) visit(imported)
  }
  visit(file)
  return seen
}

test('the task boundary needs no package, for a bare clone has none', () => {
  assert.equal(importsOf('scripts/task/start.js'), {
    static: [],
    dynamic: ['scripts/task/run-task.ts', 'scripts/task/run-task.ts'],
    values: [],
  })
  const loaded = loadedWith('scripts/task/run-task.ts')
  for (const name of loaded) assert.ok(/^(node:|scripts\/(task|lib)\/)/.test(name), name)
  assert.ok(loaded.has('scripts/task/install.ts'))
})

test('a key is put into a cluster without the YAML parser, which takes as long to load as all the rest', () => {
  const parser = 'scripts/lib/yaml/yaml-package.ts'
  const loaded = loadedWith('scripts/flux/sops-key/put-key.ts')
  assert.ok(loaded.has('scripts/flux/sops-key/refusals.ts'))
  for (const name of ['yaml', parser]) assert.not.ok(loaded.has(name))
  assert.ok(loadedWith('scripts/flux/sops-key/consequences.ts').has(parser))
})

test('modules end no process, print nothing and know where they are only from their caller', () => {
  const ending = 'scripts/task/run-task.ts'
  // the boundary reads the process, so that nobody else has to; program.ts is told by default
  const boundary = new Set([
    ending,
    'scripts/task/start.js',
    'scripts/task/print-error.ts',
    'scripts/lib/program.ts',
  ])
  for (const file of [...entries, ...modules]) {
    const text = withoutComments(read(file))
    if (file !== ending) assert.not.match(text, /\bprocess\.exit\(/, file)
    assert.not.match(text, /\bconsole\./, file)
    if (!file.startsWith('scripts/sandbox/') && !boundary.has(file))
      assert.not.match(text, /\bprocess\.(cwd|env)\b/, file)
  }
})

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

test('modules have names in kebab case, no default export, no vague name, and stay short', () => {
  for (const file of modules) {
    assert.match(file, /^([a-z\d/-]+\.ts|scripts\/task\/start\.(js|sh))$/)
    assert.not.match(file, /\b(utils?|common|helpers?|misc)\b/)
    const text = read(file)
    assert.not.match(text, /^export default\b/m, file)
    const lines = text.split('\n').length
    assert.ok(lines <= 300, `${file} has ${lines} lines`)
  }
})

test('all that is exported has a comment, and a name of its own', () => {
  const places = new Map<string, string>()
  for (const file of modules)
    for (const [, above, name] of read(file).matchAll(
      /^(.*)\nexport (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm,
    )) {
      assert.match(above!, /\*\/$/, `${file}: ${name}`)
      assert.is(places.get(name!), undefined, `${name} of ${file}`)
      places.set(name!, file)
    }
  assert.ok(places.size > 2 * modules.length, `${places.size} names were seen`)
})

test('no directory holds more than 20 files', () => {
  const files = Map.groupBy(
    project.filter((file) => /^(scripts|tasks|test|docs)\//.test(file) && !file.startsWith('test/corpus/')),
    (file) => file.slice(0, file.lastIndexOf('/')),
  )
  assert.ok(files.size > 20)
  for (const [directory, inside] of files) assert.ok(inside.length <= 20, `${directory}: ${inside.length}`)
})

test('only tasks and scripts of a shell can be executed', () => {
  const executable = project.filter((file) => (statSync(join(root, file)).mode & 0o111) !== 0)
  const scripts = project.filter((file) => /^(\.ci\/run|test\/.*\.sh)$/.test(file))
  assert.equal(executable.sort(), [...scripts, ...entries].sort())
})

test('no file holds a private key, the address of a registry, or a path of somebody', () => {
  // a private age key is 58 characters of the Bech32 alphabet behind its prefix, a post-quantum one more
  const forbidden = [
    /AGE-SECRET-KEY-(PQ-)?1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{50}/i,
    /-----BEGIN (OPENSSH|RSA|EC) PRIVATE KEY-----\n[A-Za-z0-9+/=]{40}/,
    /\bregistry\s*=\s*https?:/,
    /"resolved":/,
    /\/(?:home|Users)\/[a-z][\w-]+\//,
    /\/root\//,
    new RegExp(`${root}/`),
  ]
  for (const one of [makeKey(), makeKey('-pq')]) assert.match(one.secret, forbidden[0]!)
  for (const file of project.filter((file) => file !== 'test/architecture.test.ts')) {
    for (const pattern of forbidden) assert.not.match(read(file), pattern, `${file} ${pattern}`)
  }
})

test.run()
