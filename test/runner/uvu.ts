import * as uvu from 'uvu'

/**
 * What test files get when they import `uvu` (worker.ts sees to that): uvu's own functions, and what uvu lets pass
 * unseen is written down in `record`: a throwing hook, `.only`, `.skip`, tests that are never run, a test without end.
 */
type Tests = uvu.Test
type Handler = Parameters<Tests>[1]
type Hook = Tests['before']

/** What happened in the file that runs. */
export const record = {
  defined: 0,
  problems: [] as string[],
  limit: 180,
  running: '',
  onTest: (_name: string) => {},
}

export const suite = (name?: string): Tests => watched(uvu.suite(name))
export const test = watched(uvu.test)

function watched(real: Tests): Tests {
  const define = (name: string, handler: Handler) => {
    record.defined++
    real(name, limited(name, handler))
  }
  const only = (name: string, handler: Handler) => {
    record.problems.push(`left-over .only: ${name}`)
    define(name, handler)
  }
  const skip = (name = 'a test') => {
    record.problems.push(`skipped: ${name}`)
  }
  return Object.assign(define, {
    only,
    skip,
    before: hooks('before', real.before),
    after: hooks('after', real.after),
    run: () => real.run(),
  }) as Tests
}

function hooks(name: string, real: Hook): Hook {
  const reported =
    (kind: string, hook: Handler): Handler =>
    async (context) => {
      try {
        await hook(context)
      } catch (error) {
        record.problems.push(`the ${kind} hook failed: ${describe(error)}`)
        throw error
      }
    }
  const add = (hook: Handler) => real(reported(name, hook))
  return Object.assign(add, { each: (hook: Handler) => real.each(reported(`${name}.each`, hook)) })
}

function limited(name: string, handler: Handler): Handler {
  return async (context) => {
    record.running = name
    record.onTest(name)
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<never>((_, fail) => {
      timer = setTimeout(() => fail(new Error(`it took longer than ${record.limit} s`)), record.limit * 1000)
    })
    try {
      await Promise.race([handler(context), limit])
    } finally {
      clearTimeout(timer)
      record.running = ''
    }
  }
}

export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
