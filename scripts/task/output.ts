import type { Spinner } from 'yocto-spinner'
import type { Caller } from '../lib/caller.ts'

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

/** Writes a text and a line end. */
export function print(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${text}\n`)
}
