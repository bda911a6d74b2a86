import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../errors.ts'
import { oneLine } from '../redact.ts'
import { run } from '../run.ts'
import type { Service } from '../serve.ts'

/** How long a credential plugin may take where the system does not tell whether it lives, in ms: a person may have to log in. */
export const pluginLimit = 120_000

/** How long what a plugin has said may be on its way, in ms. */
const lag = 500

/** How often it is looked whether a plugin has said something, in ms. */
const interval = 250

/** The credential plugin of a context, which kubectl runs when it first needs credentials. */
export interface CredentialPlugin {
  /**
   * To be called where an answer is late. From then on what the plugin says, to log in for example, is passed on.
   * @returns its command; `undefined` where the context has none, so that there is nothing to wait for
   */
  waitedFor(): Promise<string | undefined>
  /** Whether it runs; `undefined` where the system does not tell. */
  lives(): boolean | undefined
  /** What it has said so far, redacted, without the log lines of kubectl; empty: nothing. */
  words(): string
  /** As `words`, once it has ended: what it said may arrive behind the answer of kubectl. */
  lastWords(): Promise<string>
  /** Passes nothing on any more. */
  close(): void
}

/** Who opens a connection to a cluster. */
export interface ClusterCaller {
  env: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
  /** Gets what a credential plugin says where it takes long. */
  note?: ((line: string) => void) | undefined
}

/** @param kubectl what there is of it so far */
export function credentialPlugin(
  context: string | undefined,
  kubectl: () => Pick<Service, 'stderr' | 'hasChild'> | undefined,
  { env, signal, note }: ClusterCaller,
): CredentialPlugin {
  let asked: Promise<string | undefined> | undefined
  let timer: NodeJS.Timeout | undefined
  const lines = () =>
    (kubectl()?.stderr() ?? '').split('\n').filter((line) => line.trim() && !/^[EWI]\d{4} /.test(line))

  const find = async () => {
    const path = 'jsonpath={.users[0].user.exec.command}'
    const args = ['kubectl', 'config', 'view', '--minify', '-o', path]
    if (context !== undefined) args.push(`--context=${context}`)
    try {
      const command = (await run(args, { env, signal, timeout: 10_000 })).trim()
      if (command) passOn(command)
      return command || undefined
    } catch (error) {
      if (error instanceof CommandError) return undefined
      throw error
    }
  }
  const passOn = (command: string) => {
    note?.(`waiting for ${command}, which gives the credentials of this context`)
    let passed = 0
    const pass = () => {
      const all = lines()
      for (const line of all.slice(passed)) note?.(line)
      passed = all.length
    }
    pass()
    timer = setInterval(pass, interval)
    timer.unref()
  }
  const words = () => oneLine(lines().join('\n'))
  return {
    words,
    lives: () => kubectl()?.hasChild(),
    async lastWords() {
      for (let left = lag; words() === '' && left > 0; left -= 50) await sleep(50)
      return words()
    },
    waitedFor() {
      asked ??= find()
      return asked
    },
    close: () => clearInterval(timer),
  }
}
