import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Key } from '../keys.ts'
import type { Ended } from '../program.ts'
import { runTask } from '../task.ts'
import { assertUnsaid, keysIn } from './identities.ts'

/** A run of `sops:rotate --json`. */
export interface RotateRun extends Ended {
  json: {
    result: string
    old: string
    new: string
    stage: string
    stages: { name: string; status: string; evidence: string }[]
    files: { file: string; workingTree?: string; head?: string; branch?: string }[]
    next: { text: string; lines: string[] }[]
  }
}

/** A repository whose age key is rotated. */
export interface KeyRepository {
  /** The key that everything is encrypted to at first, which is in `.age-key.txt`. */
  old: Key
  /** Runs it to exit code 0, and searches what it printed for the private keys of `.age-key.txt`. */
  rotate(...args: string[]): Promise<RotateRun['json']>
  /** As `rotate`, to this exit code. */
  refused(code: 1 | 2, ...args: string[]): Promise<RotateRun>
  /** The key in `.age-key.txt` that has this recipient. */
  keyOf(recipient: string): Key
}

/** Puts the old key into `.age-key.txt` of a repository, and runs `sops:rotate` there. */
export function openKeyRepository(
  { root, env }: { root: string; env: NodeJS.ProcessEnv },
  old: Key,
): KeyRepository {
  const keyFile = join(root, '.age-key.txt')
  writeFileSync(keyFile, old.text)
  chmodSync(keyFile, 0o600)
  const keys = () => keysIn(readFileSync(keyFile, 'utf8'))
  const run = async (code: number, args: readonly string[]): Promise<RotateRun> => {
    const ended = await runTask('sops:rotate', ['--json', '--timeout', '60s', ...args], { cwd: root, env })
    const said = `${ended.stdout}${ended.stderr}`
    assert.is(ended.code, code, said)
    assertUnsaid(keys(), said)
    return { ...ended, json: ended.stdout === '' ? undefined : JSON.parse(ended.stdout) }
  }
  return {
    old,
    rotate: async (...args) => (await run(0, args)).json,
    refused: (code, ...args) => run(code, args),
    keyOf(recipient) {
      const found = keys().find((key) => key.recipient === recipient)
      assert.ok(found, `no key of ${recipient}`)
      return found
    },
  }
}

/** The stages that a run has done. */
export function stagesDone({ stages }: RotateRun['json']): string[] {
  return stages.flatMap(({ name, status }) => (status === 'done' ? name : []))
}
