import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assertNotIn } from '../leak.ts'

/** What a program and all that it started have shown to others, or put on a disk. */
export interface Shown {
  /** Each program that was started with its arguments and its environment, and the names of the files that were made or opened. */
  calls: string
  /** What was written into files, by path, with all that was there meanwhile. What goes through pipes and sockets is in no file. */
  written: Record<string, string>
  /** The files whose content was copied by the kernel, which does not show it. */
  copied: string[]
  /** The paths of the named pipes that were made. */
  pipes: string[]
}

/** What `strace` sees of programs. */
export interface Tracer {
  /** What stands before a program and its arguments so that it is traced. To be called for each run. */
  before(): string[]
  /** What was shown in all runs so far, which have ended. */
  shown(): Shown
}

const writing = ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2']
const copying = ['sendfile', 'copy_file_range', 'splice']
const naming = [
  ...['execve', 'execveat', 'open', 'openat', 'openat2', 'creat', 'mkdir', 'mkdirat', 'mknod', 'mknodat'],
  ...['rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat', 'memfd_create'],
]

/** More than any text that is written at once here, in bytes: strace cuts off what is longer. */
const longest = 2 ** 22

/** @param directory for its files, which hold what went through pipes as well */
export function makeTracer(directory: string): Tracer {
  const runs: string[] = []
  return {
    before() {
      const run = join(directory, `${runs.length}`)
      mkdirSync(run)
      runs.push(run)
      const calls = `trace=${[...naming, ...writing, ...copying].join()}`
      // a file for each process, the whole environment, and the path of each descriptor
      const how = ['--follow-forks', '--output-separately', '--no-abbrev', '--decode-fds=path']
      const which = [
        '--quiet=all',
        '--signal=none',
        '--seccomp-bpf',
        `--string-limit=${longest}`,
        '-e',
        calls,
      ]
      return ['strace', ...how, ...which, '-o', join(run, 'process'), '--']
    },
    shown() {
      const files = runs.flatMap((run) => readdirSync(run).map((name) => join(run, name)))
      return shownIn(files.map((file) => readFileSync(file, 'latin1').split('\n')))
    },
  }
}

/**
 * Searches what was shown for these secrets and for any identity of age.
 * @param mayHold the files that are the place of an identity
 * @throws where one is found, with the place and without the secret
 */
export function assertNotShown(
  { calls, written, copied }: Shown,
  secrets: readonly string[],
  mayHold: (path: string) => boolean,
): void {
  const files = Object.entries(written).filter(([path]) => !mayHold(path))
  const texts: Record<string, string> = { ...Object.fromEntries(files), calls }
  assertNotIn(secrets, texts)
  const identity = /AGE-SECRET-KEY-(PQ-)?1[A-Z\d]{20}/
  const places = Object.keys(texts).filter((place) => identity.test(texts[place] ?? ''))
  if (places.length > 0) throw new Error(`an identity leaks into ${places.join(', ')}`)
  const sources = copied.filter(mayHold)
  if (sources.length > 0) throw new Error(`there is a copy of ${sources.join(', ')}`)
}

/** @param processes the lines of each */
function shownIn(processes: readonly (readonly string[])[]): Shown {
  const all = processes.flat()
  const callOf = (line: string) => /^\w+(?=\()/.exec(line)?.[0] ?? ''
  const pipes = all.flatMap((line) => {
    const [, path] = /^mknod(?:at)?\(.*"(.*)", S_IFIFO/.exec(line) ?? []
    return path === undefined ? [] : [unescaped(path)]
  })
  const isFile = (path: string) => /^\/(?!(dev|proc)\/)/.test(path) && !pipes.includes(path)
  const written: Record<string, string> = {}
  // what one process writes into a file in several calls is one text
  for (const lines of processes)
    for (const line of lines.filter((one) => writing.includes(callOf(one)))) {
      const [, path = ''] = /^\w+\(\d+<((?:\\.|[^>\\])*)>/.exec(line) ?? []
      const file = unescaped(path)
      const texts = [...line.matchAll(/(?:, |iov_base=)"((?:\\.|[^"\\])*)"/g)].map(([, text]) => text)
      if (isFile(file)) written[file] = `${written[file] ?? ''}${unescaped(texts.join(''))}`
    }
  const isNaming = (line: string) => naming.includes(callOf(line))
  return {
    calls: unescaped(all.filter(isNaming).join('\n')),
    written,
    copied: all.flatMap((line) =>
      copying.includes(callOf(line)) ? [...line.matchAll(/\d<(\/.*?)>/g)].map(([, path = '']) => path) : [],
    ),
    pipes,
  }
}

const letters: Record<string, string> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v' }

/** Strings as strace prints them, in latin1 (strace(1): "Strings are … escaped"). */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{1,3}|x[\da-f]{2}|.)/g, (_, code: string) =>
    /^\d/.test(code)
      ? String.fromCharCode(Number.parseInt(code, 8))
      : code.length > 1
        ? String.fromCharCode(Number.parseInt(code.slice(1), 16))
        : (letters[code] ?? code),
  )
}
