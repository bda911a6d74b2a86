import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from '../helpers/flux/verify.ts'
import { until } from '../helpers/processes.ts'
import type { Started } from '../helpers/program.ts'
import { traceCalls } from '../helpers/trace.ts'
import { pause, type Service } from './services.ts'

/** The stages of a run, in their order. */
export const stages = [
  ...(['checks', 'create', 'source', 'applied'] as const),
  ...(['value', 'remove', 'removal-applied', 'pruned'] as const),
]

/** The name of a stage. */
export type Stage = (typeof stages)[number]

/** Sees to it that a run comes to a stage and stays in it. Made before the run is started. */
export interface Moment {
  /** For the environment of the run. */
  env: NodeJS.ProcessEnv
  /** To be called with the name of each stage whose line appears. */
  passed(stage: string): void
  /** Waits until the run is in the stage. @throws where it has ended before */
  reached(started: Started): Promise<void>
  /** Lets the stage go on. */
  go(): Promise<void>
}

/** The files by which something stands still: it makes `reached`, and waits for `over`. */
interface Hold {
  files: string
  /** Shell code that does so, the first time that it is run. */
  shell: string
  reached(started: Started): Promise<void>
  end(): void
}

/** Makes the moment in which a run is in a stage: real programs take their time there. */
export function momentIn(place: Place, stage: Stage): Moment {
  const lines = new Set<string>()
  const after = (line: Stage, started: Started) =>
    until(`it has passed ${line}`, () => lines.has(line), started)
  return { env: {}, passed: (line) => lines.add(line), ...makers[stage](place, after) }
}

type Maker = (
  place: Place,
  after: (line: Stage, started: Started) => Promise<void>,
) => Pick<Moment, 'reached' | 'go'> & Partial<Moment>

const makers: Record<Stage, Maker> = {
  checks(place) {
    const hold = holdOf(place)
    const { env } = traceCalls(place.directory, place.env, ['sops'], { sops: hold.shell })
    return { env: { PATH: env.PATH }, reached: hold.reached, go: async () => hold.end() }
  },
  create: (place) => inPush(place, 'feat'),
  source: pausing('source-controller', 'feat', 'create'),
  applied: pausing('kustomize-controller', 'feat', 'source'),
  value(place) {
    const hold = holdOf(place)
    const NODE_OPTIONS = `--import=${join(import.meta.dirname, 'hold-line.mjs')}`
    const env = { NODE_OPTIONS, HOLD_LINE: 'applied', HOLD_FILES: hold.files }
    return { env, reached: hold.reached, go: async () => hold.end() }
  },
  remove: (place) => inPush(place, 'chore'),
  'removal-applied': pausing('kustomize-controller', 'chore', 'remove'),
  pruned(place, after) {
    const push = inPush(place, 'chore')
    const setFinalizers = async (finalizers: string[] | null) => {
      const patch = JSON.stringify({ metadata: { finalizers } })
      await place.kubectl(['patch', 'secret', 'sops-test', '-n', 'default', '--type=merge', '-p', patch])
    }
    return {
      async reached(started) {
        await push.reached(started)
        await setFinalizers(['example.com/held'])
        await push.go()
        await after('removal-applied', started)
      },
      // the fault may have stopped who is asked
      go: () => until('the finalizer is gone', () => setFinalizers(null).then(() => true, isGone)),
    }
  },
}

const isGone = (error: Error) => error.message.includes('NotFound')

/** A controller stands still from the push of a commit on. */
function pausing(service: Service, commit: 'feat' | 'chore', line: Stage): Maker {
  return (place, after) => {
    const push = inPush(place, commit)
    let wake = () => {}
    return {
      async reached(started) {
        await push.reached(started)
        wake = pause(place.sandbox, service)
        await push.go()
        await after(line, started)
      },
      go: async () => wake(),
    }
  }
}

/** The server stands still while it takes a commit whose subject begins so. */
function inPush(place: Place, subject: 'feat' | 'chore') {
  const hold = holdOf(place)
  const isIt = `git log -1 --format=%s "$new" | grep -q '^${subject}'`
  place.serverHook('pre-receive', `read -r old new ref; ${isIt} || exit 0; ${hold.shell}`)
  return { reached: hold.reached, go: async () => hold.end() }
}

function holdOf({ directory }: Place): Hold {
  const files = join(directory, 'hold-')
  const [reached, over] = [`${files}reached`, `${files}over`]
  return {
    files,
    shell: `[ -e '${reached}' ] || { touch '${reached}'; until [ -e '${over}' ]; do sleep 0.05; done; }`,
    reached: (started) => until('it stands still', () => existsSync(reached), started),
    end: () => writeFileSync(over, ''),
  }
}
