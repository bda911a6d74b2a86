import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { get, secrets } from '../../../scripts/lib/cluster/kube-api.ts'
import { type Cluster, openCluster } from '../../../scripts/lib/cluster/kubectl.ts'
import { withDirectory } from '../../helpers/files.ts'
import { makeKey } from '../../helpers/keys.ts'
import { writeKubeconfig } from '../../helpers/kubeconfig.ts'
import { listProcesses, until } from '../../helpers/processes.ts'
import { thrown } from '../../helpers/thrown.ts'
import { userEnvironment } from '../../helpers/user.ts'

const object = { namespace: 'a', name: 'b' }
const credential =
  '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"the-token"}}'

interface Place {
  directory: string
  env: NodeJS.ProcessEnv
}

/**
 * Runs `use` where a program of the user gives the credentials.
 * @param script of sh; it runs in `directory` and gives them by `$CREDENTIAL`
 */
const withPlugin = (script: string, use: (place: Place) => Promise<void>, interactiveMode = 'IfAvailable') =>
  withDirectory(async (directory) => {
    const command = join(directory, 'plugin')
    const text = `#!/bin/sh\ncd '${directory}'\nCREDENTIAL='${credential}'\n${script}\n`
    writeFileSync(command, text, { mode: 0o700 })
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode }
    // nobody is there, so that a connection is refused as soon as there are credentials
    const KUBECONFIG = writeKubeconfig(directory, 'https://127.0.0.1:1', { exec })
    await use({ directory, env: userEnvironment(directory, { KUBECONFIG }) })
  })

/** Runs `use` with a connection. */
async function withCluster(
  { env }: Place,
  use: (cluster: Cluster, notes: string[]) => Promise<void>,
): Promise<void> {
  const notes: string[] = []
  const cluster = openCluster(undefined, { env, note: (line) => notes.push(line) })
  try {
    await use(cluster, notes)
  } finally {
    await cluster.close()
  }
}

const read = (cluster: Cluster, name = 'b') =>
  thrown(get(cluster, 'cannot read x', secrets, { ...object, name }))
const waiting = /^waiting for .*\/plugin, which gives the credentials of this context$/

test('one that fails says why', () =>
  withPlugin('echo "token expired, run: example login" >&2; exit 1', (place) =>
    withCluster(place, async (cluster, notes) => {
      const { message, hint } = await read(cluster)
      assert.match(
        message,
        /getting credentials: .*plugin failed with exit code 1; it says: token expired, run: example login$/,
      )
      assert.match(hint!, 'log in again')
      assert.equal(notes, [])
    }),
  ))

test('one that says nothing and takes longer than an answer may is waited for', () =>
  withPlugin('sleep 12; echo "$CREDENTIAL"', (place) =>
    withCluster(place, async (cluster, notes) => {
      const both = await Promise.all([read(cluster), read(cluster, 'c')])
      for (const { message } of both) assert.match(message, /connection refused/)
      assert.is(notes.length, 1)
      assert.match(notes[0]!, waiting)
    }),
  ))

test('one that shows a code and waits: the code is passed on at once, and a key in it is not', () => {
  const { secret } = makeKey()
  const script = `echo "enter the code ABCD at https://login.example.com" >&2; echo "given: ${secret}" >&2
    touch spoken; while [ ! -e logged-in ]; do sleep 0.1; done; echo "$CREDENTIAL"`
  return withPlugin(script, (place) =>
    withCluster(place, async (cluster, notes) => {
      const answer = read(cluster)
      await until('it has spoken', () => existsSync(join(place.directory, 'spoken')))
      const start = performance.now()
      await until('the code is there', () => notes.some((line) => line.includes('ABCD')))
      assert.ok(performance.now() - start < 7_000, 'before an answer would be late')
      writeFileSync(join(place.directory, 'logged-in'), '')
      assert.match((await answer).message, /connection refused/)
      assert.match(notes[0]!, waiting)
      assert.equal(notes.slice(1), ['enter the code ABCD at https://login.example.com', 'given: <redacted>'])
    }),
  )
})

interface OnTerminal {
  /** What it has shown so far. */
  said(): string
  type(text: string): void
  /** Of the process that reads, not of what gives it the terminal. */
  pid(): number
  ended: Promise<unknown>
}

/** Reads an object in a process with a terminal of its own. */
function startOnTerminal({ directory, env }: Place): OnTerminal {
  const module = (name: string) =>
    JSON.stringify(join(import.meta.dirname, '..', '..', '..', 'scripts', 'lib', 'cluster', name))
  writeFileSync(
    join(directory, 'read.mjs'),
    `const { openCluster } = await import(${module('kubectl.ts')})
const { get, secrets } = await import(${module('kube-api.ts')})
const abort = new AbortController()
for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => abort.abort(new Error('interrupted')))
const note = (line) => console.log('note: ' + line)
const cluster = openCluster(undefined, { env: process.env, signal: abort.signal, note })
console.log('pid ' + process.pid)
try {
  await get(cluster, 'cannot read x', secrets, { namespace: 'a', name: 'b' })
} catch ({ message }) {
  console.log('error: ' + message)
} finally {
  await cluster.close()
}
`,
  )
  const command = `'${process.execPath}' read.mjs`
  const child = spawn('script', ['--quiet', '--command', command, '/dev/null'], { cwd: directory, env })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  return {
    said: () => text,
    type: (keys) => child.stdin.write(keys),
    pid: () => Number(/^pid (\d+)/m.exec(text)?.[1]),
    ended: once(child, 'close'),
  }
}

const asking = `[ -t 0 ] || { echo "no terminal" >&2; exit 1; }
printf 'code: ' >&2; echo asked > asked; read -r code; [ "$code" = 123 ] && echo "$CREDENTIAL"`

for (const interactiveMode of ['IfAvailable', 'Always'])
  test(`one that asks reads the terminal: interactiveMode ${interactiveMode}`, () =>
    withPlugin(
      asking,
      async (place) => {
        const { said, type, ended } = startOnTerminal(place)
        await until('the question is shown', () => said().includes('note: code: '))
        type('123\n')
        await ended
        assert.match(said(), /^error: .*connection refused/m)
        assert.not.match(said(), 'no terminal')
      },
      interactiveMode,
    ))

const ends: [title: string, end: (task: OnTerminal) => void][] = [
  ['Ctrl-C', ({ type }) => type('\x03')],
  ['SIGTERM', ({ pid }) => process.kill(pid(), 'SIGTERM')],
]
for (const [title, end] of ends)
  test(`one that asks, and ${title}: nothing of it is left`, () =>
    withPlugin(asking, async (place) => {
      const task = startOnTerminal(place)
      await until('it asks', () => existsSync(join(place.directory, 'asked')))
      end(task)
      await task.ended
      assert.match(task.said(), /^(\^C)?error: interrupted\r$/m, JSON.stringify(task.said()))
      assert.equal(
        listProcesses().filter(({ command }) => command.includes(place.directory)),
        [],
      )
    }))

test.run()
