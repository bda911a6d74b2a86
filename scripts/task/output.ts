import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Spinner } from 'yocto-spinner'
import type { Caller } from '../lib/caller.ts'
import { exit } from '../lib/errors.ts'

/** Who called the task, as the task gets to see them. @param json keeps stdout for the document */
export function callerOf(cwd: string, env: NodeJS.ProcessEnv, json: boolean, signal: AbortSignal): Caller {
  let loading: Promise<typeof import('yocto-spinner')> | undefined
  let spinner: Spinner | undefined
  let wanted: string | undefined
  const above = (stream: NodeJS.WriteStream, line: string) => {
    spinner?.stop()
    print(stream, line)
    if (wanted !== undefined) spinner?.start(wanted)
  }
  return {
    cwd,
    env,
    signal,
    say: (line) => above(json ? process.stderr : process.stdout, line),
    note: (line) => above(process.stderr, line),
    status(text) {
      if (!process.stderr.isTTY) return
      wanted = text
      loading ??= import('yocto-spinner')
      loading.then(({ default: make }) => {
        spinner ??= make({ stream: process.stderr, handleSignals: false })
        if (wanted === undefined) spinner.stop()
        else spinner.start(wanted)
      })
    },
  }
}

/** The streams that have taken a text, and those that take no more. */
const [taken, broken] = [new WeakSet<NodeJS.WriteStream>(), new WeakSet<NodeJS.WriteStream>()]

/** Writes a text and a line end. Where stdout does not take it, the task ends with `exit.notDone`, whatever its answer is. */
export function print(stream: NodeJS.WriteStream, text: string): void {
  if (broken.has(stream)) return
  const bytes = Buffer.from(`${text}\n`)
  const fd = stream === process.stdout ? 1 : 2
  if (stream instanceof Socket) {
    stream.write(bytes, (error) => {
      if (!error) taken.add(stream)
    })
    return
  }
  try {
    // a disk that gets full takes a part, and Node's own stream calls that written
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
  } catch (error) {
    lose(stream, error as NodeJS.ErrnoException)
  }
}

/** Makes lost output known; until then it would end the task, or not be noticed. */
export function watchOutput(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => lose(stream, error))
}

/** Whoever has read some of it may stop reading (`| head`). Where stderr is lost, nobody can be told. */
function lose(stream: NodeJS.WriteStream, { code }: NodeJS.ErrnoException): void {
  if (broken.has(stream)) return
  broken.add(stream)
  if (stream !== process.stdout || (code === 'EPIPE' && taken.has(stream))) return
  print(process.stderr, `error: the output could not be written (${code})`)
  process.once('exit', () => {
    if (!process.exitCode || process.exitCode === exit.no) process.exitCode = exit.notDone
  })
}
