import type { Caller } from '../../scripts/lib/caller.ts'

/** Someone who calls a task in a directory, and hears nothing of it. */
export function silentCaller(cwd: string, env: NodeJS.ProcessEnv): Caller {
  const nothing = () => {}
  return { cwd, env, signal: new AbortController().signal, say: nothing, note: nothing, status: nothing }
}
