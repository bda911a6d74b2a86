import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { endAbandoned } from '../lib/abandoned-processes.ts'
import { abandonedDirectories, temporaryDirectory } from '../lib/temporary-directory.ts'

/**
 * Reads the process groups that live, the newest line being the whole list. Its stdin is a pipe that only the owner
 * holds, so it ends when the owner ends, however that happens; then nothing of the owner's may live on.
 */
const guard = `
while read -r line; do groups=$line; done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
tries=0
until rm -rf -- "$1" || [ $((tries += 1)) -ge 10 ]; do sleep 1; done
`

/** HOME of the processes, in their environment. No process of a user has that. */
const homeMark = { in: 'environ', before: 'HOME=', after: '/home' } as const

/** A private directory that goes away, with the process groups it was told of, when the process that made it ends. */
export interface StateDirectory {
  readonly path: string
  /** From now on the process group `group` is killed when the owner ends without `remove`. */
  add(group: number): void
  /** The process group has ended. */
  forget(group: number): void
  /** Kills the groups that are left and removes the directory. Can be called again. */
  remove(): Promise<void>
}

/**
 * Makes a fresh directory (mode 0700) below `parent`, and removes those whose owner is gone, with the processes that have their
 * HOME in one.
 *
 * A small `sh` process watches over it: neither `kill -9` of the owner nor a crash leaves processes or files behind.
 * @param parent where to make it: the directory for temporary files
 * @param env for the PATH that `sh` and `rm` are found on
 */
export function makeStateDirectory(parent: string, name: string, env: NodeJS.ProcessEnv): StateDirectory {
  endAbandoned(name, homeMark)
  removeAbandoned(parent, name)
  const path = temporaryDirectory(name, parent)
  mkdirSync(join(path, 'home'))
  mkdirSync(join(path, 'tmp'))
  const groups = new Set<number>()
  const watcher = spawn('sh', ['-c', guard, name, path], {
    cwd: '/',
    env: { PATH: env.PATH },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.stdin.on('error', () => {})
  const gone = ended(watcher)
  const tell = () => watcher.stdin.writable && watcher.stdin.write(`${[...groups].join(' ')}\n`)
  return {
    path,
    add(group) {
      groups.add(group)
      tell()
    },
    forget(group) {
      groups.delete(group)
      tell()
    },
    async remove() {
      watcher.stdin.end()
      await gone
      rmSync(path, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/**
 * Removes the directories of this name below `parent` whose owner is gone: the watcher did not get to it, because it was
 * killed too or the machine was switched off. One that cannot be removed, for something is mounted in it, is in nobody's way.
 */
export function removeAbandoned(parent: string, name: string): void {
  for (const directory of abandonedDirectories(name, parent))
    try {
      // a process that was just ended may still write for a moment
      rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    } catch {}
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    child.once('exit', () => done())
    child.once('error', () => done())
  })
}
