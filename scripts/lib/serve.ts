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
  /** Whether it has ended by itself, or somebody else has ended it. */
  hasEnded(): boolean
  /** Ends it, and nothing of it writes or removes any more. Can be called again. */
  end(): Promise<void>
}

/** How a program is started that serves. */
export interface ServeOptions extends Pick<ProgramOptions, 'env' | 'signal' | 'terminal' | 'input' | 'pipe'> {
  directory: string
  /** What it gets on stdin for each line that it prints behind the first one; without this, stdin is closed. */
  answer?: (line: string) => string
}

/**
 * Starts a program that serves, and waits for its first line. It ends with us: should we be killed, a shell that holds the
 * other end of a pipe ends it and removes `directory`.
 * @param args the program and its arguments: never a secret
 * @throws CommandError with the redacted stderr where it ends without a line; MissingProgram; the reason of `signal`
 */
export async function serve(args: readonly string[], { answer, ...others }: ServeOptions): Promise<Service> {
  const options: ProgramOptions = { ...others, isFed: answer !== undefined }
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
    await program.guardEnded
  }
  try {
    const first = new Promise<string>((resolve) => {
      let use = (line: string) => {
        resolve(line)
        use = (next) => answer && program.process.stdin.write(answer(next))
      }
      eachLine(program.process.stdout, (line) => use(line))
    })
    const line = await Promise.race([first, ended])
    // the shell that watches over it is one as well
    const hasChild = () => {
      const children = program.children()
      return children && children.length > 1
    }
    const hasEnded = () =>
      program.process.child?.exitCode !== null || program.process.child.signalCode !== null
    if (typeof line === 'string') return { line, end, stderr: () => redact(written), hasChild, hasEnded }
    throw failure(args, line)
  } catch (error) {
    await end()
    throw error
  }
}

function eachLine(stdout: NodeJS.ReadableStream, use: (line: string) => void): void {
  let text = ''
  stdout.on('data', (chunk) => {
    const lines = `${text}${chunk}`.split('\n')
    // what does not end yet: a question, for example
    text = lines.pop() ?? ''
    for (const line of lines) use(line)
  })
}
