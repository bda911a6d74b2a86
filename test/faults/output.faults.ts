import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { projectRoot } from '../helpers/documents.ts'
import { type Place, withPlace } from '../helpers/flux/verify.ts'
import { listProcesses, until } from '../helpers/processes.ts'
import { startProgram } from '../helpers/program.ts'
import { defineCells, type Fault, isWanted } from './cell.ts'
import { before, checkClean } from './check.ts'
import { startWork } from './user-state.ts'

const entry = join(projectRoot, 'tasks', 'sops', 'verify.ts')

/** Where the output goes, as a shell has it, and the exit codes that are right. */
const ways: Record<string, { to: string; args?: string; code: number; isSample?: boolean }> = {
  'stdout on a full device': { to: '>/dev/full', code: 2, isSample: true },
  'the document on a full device': { to: '>/dev/full', args: '--json', code: 2 },
  'all of it on a full device': { to: '>/dev/full 2>&1', code: 2 },
  'stderr on a full device': { to: '2>/dev/full', args: '--json', code: 0 },
  'stdout closed': { to: '>&-', code: 0 },
  'all of it closed': { to: '>&- 2>&-', code: 0 },
  'a pipe that nobody has': { to: '> >(exec <&-)', code: 2 },
  'a reader of one line': { to: '> >(exec head -1 >/dev/null)', code: 0 },
  'a file that may not grow': { to: '>file', args: '--json', code: 2 },
}

for (const [name, { to, args = '', code, isSample = false }] of Object.entries(ways))
  if (isWanted(name, isSample))
    test(name, () =>
      withPlace(async (place) => {
        await startWork(place)
        const was = await before(place)
        const limit = to === '>file' ? 'ulimit -f 1;' : ''
        const script = `${limit} cd ${place.clone}; exec '${process.execPath}' '${entry}' --timeout 120s ${args} ${to.replace('file', join(place.directory, 'file'))}`
        const ended = await startProgram(['bash', '-c', script], { cwd: place.clone, env: place.env }).ended
        place.checkOutput(ended)
        assert.is(ended.code, code, ended.stderr)
        if (code === 2 && !to.includes('2>&1')) assert.match(ended.stderr, 'the output could not be written')
        await checkClean(place, was)
        process.stdout.write(`     ${name}: exit ${ended.code}\n`)
      }),
    )

/** A pipe that takes nothing more, and that nobody reads. */
function fullPipe({ directory }: Place): number {
  const path = join(directory, 'pipe')
  if (!existsSync(path)) execFileSync('mkfifo', [path])
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  try {
    for (;;) writeSync(pipe, Buffer.alloc(1024))
  } catch {
    return pipe
  }
}

for (const [index, stream] of ['stdout', 'stderr'].entries())
  if (isWanted(`a full ${stream} that is never read`, index === 0))
    test(`a full ${stream} that is never read`, () =>
      withPlace(async (place) => {
        await startWork(place)
        const [was, tip] = [await before(place), await place.tip()]
        const pipe = fullPipe(place)
        const out = (one: string) => (one === stream ? pipe : 'ignore')
        const run = spawn(process.execPath, [entry, '--timeout', '120s'], {
          cwd: place.clone,
          env: place.env,
          stdio: ['ignore', out('stdout'), out('stderr')],
        })
        const ended = once(run, 'exit')
        try {
          const isOver = async () =>
            (await place.subjects(tip)).length === 2 &&
            !listProcesses().some(({ parent }) => parent === run.pid)
          if (stream === 'stdout') {
            await until('it has done its work', isOver)
            run.kill('SIGINT')
          }
          assert.equal(await ended, [stream === 'stdout' ? 2 : 0, null])
        } finally {
          run.kill('SIGKILL')
          closeSync(pipe)
        }
        await checkClean(place, was)
        process.stdout.write(`     a full ${stream} that is never read: exit ${run.exitCode}\n`)
      }))

const leaving: Fault = {
  name: 'the reader leaves',
  sample: ['create'],
  strike({ started: { child } }) {
    child.stdout?.destroy()
    child.stderr?.destroy()
    return undefined
  },
  lasts: 0,
  isUnread: true,
  // the document is lost
  codes: () => [2],
}

defineCells([leaving])
