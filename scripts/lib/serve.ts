import { failure, outcomeOf, type ProgramOptions, startProgram } from './program.ts'
import { redact } from './redact.ts'

/** A program that runs until it is ended. */
export interface Service {
  /** The first line that it printed. */
  readonly line: string
  /** What it has written to stderr so far, redacted. */
  stderr(): string
  /** Whether a program that it has started runs; `undefined` where the system does not tell. */
  hasChild(): boolean | undefined
  /** Ends it. Can be called again. */
  end(): Promise<void>
}

/**
 * Starts a program that serves, and waits for its first line. It ends with us: should we be killed, a shell that holds the
 * other end of its stdin ends it and removes `directory`.
 * @param args the program and its arguments: never a secret
 * @throws CommandError with the redacted stderr where it ends without a line; MissingProgram; the reason of `signal`
 */
export async function serve(
  args: readonly string[],
  options: Pick<ProgramOptions, 'env' | 'signal' | 'terminal'> & { directory: string },
): Promise<Service> {
  const program = startProgram(args, options)
  let written = ''
  program.process.stderr.on('data', (chunk) => {
    written += chunk
  })
  const ended = (async () => outcomeOf(await program.process, args, options))()
  ended.catch(() => {})
  const end = async () => {
    program.end()
    await program.process
    program.release()
  }
  try {
    const line = await Promise.race([firstLine(program.process.stdout), ended])
    // the shell that watches over it is one as well
    const hasChild = () => {
      const children = program.children()
      return children && children.length > 1
    }
    if (typeof line === 'string') return { line, end, stderr: () => redact(written), hasChild }
    throw failure(args, line)
  } catch (error) {
    await end()
    throw error
  }
}

/** Never resolves for a line that does not end: a question, for example. */
function firstLine(stdout: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const read = (chunk: Buffer) => {
      text += chunk
      const [line, rest] = text.split('\n', 2)
      if (rest === undefined) return
      stdout.off('data', read)
      stdout.resume()
      resolve(line!)
    }
    stdout.on('data', read)
  })
}
