import { styleText } from 'node:util'
import { exit, expected } from '../lib/errors.ts'
import { print } from './output.ts'

/**
 * Shows an error: what we expect as it is (`expected`); of any other only where it happened, for its text may hold anything, a secret
 * included. Where DEBUG is set, the trace of the first as well.
 * @param name of the task
 * @param json prints a document with the error on stdout as well
 * @returns the exit code
 */
export function printError(name: string, error: unknown, json: boolean): number {
  const known = expected(error)
  if (json) {
    const { message, hint } = known ?? { message: 'internal error', hint: undefined }
    const document = { task: name, result: 'unknown', error: { message, hint } }
    print(process.stdout, JSON.stringify(document, null, 2))
  }
  const say = (line: string) => print(process.stderr, line)
  if (!known) {
    say(`${red('internal error')} in ${name}: ${error instanceof Error ? error.name : typeof error}`)
    if (error instanceof Error) for (const frame of framesOf(error)) say(frame)
    say('this is a bug of flux-sops-tasks: please report it with these lines')
    return exit.bug
  }
  say(`${red('error:')} ${known.message}`)
  if (known.hint) say(`hint: ${known.hint}`)
  if (process.env.DEBUG) say((known.stack ?? '').split('\n').slice(1).join('\n'))
  return known.exitCode
}

function framesOf({ stack = '', message }: Error): string[] {
  return stack
    .replace(message, '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
}

const red = (text: string) => styleText('red', text, { stream: process.stderr })
