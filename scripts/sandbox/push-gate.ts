import { setTimeout as sleep } from 'node:timers/promises'

/** How long git may take between what it asks before a push and the push itself, in ms: a hook of the user may run in between. */
const announced = 3000

/** Keeps pushes to a git server and what changes its branches from the inside apart: git refuses a push whose branch moves. */
export interface PushGate {
  /**
   * Lets a request in, when nothing changes the branches.
   * @param url of the request: pushes are told by it
   * @returns to be called when it is answered
   */
  enter(url: string): Promise<() => void>
  /** Works when no push is under way, and lets none in meanwhile. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

/** @returns a gate that is open */
export function makePushGate(): PushGate {
  const pushes = new Set<object>()
  let working: Promise<unknown> = Promise.resolve()
  return {
    async enter(url) {
      const isPush = url.includes('git-receive-pack')
      if (!isPush) return () => {}
      await working.catch(() => {})
      const push = {}
      pushes.add(push)
      const leave = () => {
        pushes.delete(push)
      }
      // what a push asks first is answered long before it comes
      const isAsked = url.includes('info/refs')
      return isAsked ? () => setTimeout(leave, announced).unref() : leave
    },
    async alone(work) {
      while (pushes.size > 0) await sleep(20)
      const done = work()
      working = done
      return done
    },
  }
}
