import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { type ServeOptions, type Service, serve } from '../../serve.ts'

/** How many pipes are made at once, for to start a program takes longer than all else. */
const atOnce = 32

/**
 * A pipe is for one reader: another one takes its place before it is written to. So each that opens the path reads the whole text
 * once, also where the one before has ended without having read. The text is in the memory of this shell and of ours only.
 */
const script = `
case $(command -v printf) in printf) ;; *) echo 'this sh has no printf of its own' >&2; exit 126 ;; esac
unset lines text line; IFS= read -r lines
while [ "$lines" -gt 0 ]; do IFS= read -r line; text=$text$line'
'; lines=$((lines - 1)); done
trap '' PIPE; umask 077; pipe=$1
makeSpares() {
  left=0; set --
  while [ "$left" -lt ${atOnce} ]; do left=$((left + 1)); set -- "$@" "$pipe.$left"; done
  mkfifo "$@"
}
mkfifo "$pipe" && makeSpares && echo serving || exit
while exec 3>"$pipe"; do
  echo "$left"; read -r _ || exit
  printf %s "$text" >&3; exec 3>&-
  left=$((left - 1)); [ "$left" -gt 0 ] || makeSpares || exit
done
`

/** Age identities that are served at a path. */
export interface IdentityPipe extends Pick<Service, 'end' | 'hasEnded'> {
  /** Whoever opens it reads the identities, any number of times, one after the other. */
  path: string
}

/**
 * Serves age identities to programs that read them from a file only, by a named pipe.
 * @param identities secret; a shell gets them by stdin and gives them to whoever opens the pipe
 * @param directory private; it is made, and removed when we are gone
 * @throws CommandError where pipes cannot be made, or the shell would show what it writes; MissingProgram; the reason of `signal`
 */
export async function servePipe(
  identities: string,
  directory: string,
  { env, signal }: Pick<ServeOptions, 'env' | 'signal'>,
): Promise<IdentityPipe> {
  mkdirSync(directory, { mode: 0o700 })
  const path = join(directory, 'pipe')
  const lines = identities.split('\n')
  const { end, hasEnded } = await serve(['sh', '-c', script, 'sh', path], {
    ...{ env: { PATH: env?.PATH }, signal, directory, pipe: path },
    input: [lines.length, ...lines, ''].join('\n'),
    // in here, for the shell would start a program for it each time
    answer: (spare) => {
      renameSync(`${path}.${spare}`, path)
      return '\n'
    },
  })
  return { path, end, hasEnded }
}
