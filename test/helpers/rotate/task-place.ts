import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { writeFiles } from '../files.ts'
import { encryptAs, type Key, makeKey } from '../keys.ts'
import { assertNoLeak } from '../leak.ts'
import type { Started } from '../program.ts'
import { type TestRepository, withRepository } from '../repository.ts'
import { type Call, type Ended, startTask } from '../task.ts'

/** Where `sops:rotate` runs: a repository of a user who has an identity that git ignores. */
export interface RotatePlace extends TestRepository {
  old: Key
  /** Somebody else, to whom one file is encrypted as well. */
  friend: Key
  /** The bare repository that is `origin`. */
  bare: string
  /** TMPDIR of the runs. */
  temporary: string
  start(args?: readonly string[], call?: Partial<Call>): Started
  /** Runs it to its end without a cluster, and searches what it shows for identities. */
  rotate(args?: readonly string[], call?: Partial<Call>): Promise<Ended>
  /** As `rotate`, which has to end like this. */
  ended(code: number, args?: readonly string[], call?: Partial<Call>): Promise<Ended>
  read(file: string): string
  write(file: string, text: string): void
  /** The recipients of the identities in the key file, as it is. */
  atHand(): string[]
}

/** The value that every encrypted file holds. */
export const plantedValue = 'planted-value-of-a-secret'

const manifest = (name: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n    name: ${name}\n    namespace: default\nstringData:\n    token: ${plantedValue}\n`

/** Rules and files of several formats that list the old recipient, one of them the friend's as well. */
export function rotatingFiles(old: string, friend: string): Record<string, string> {
  const values = ['--encrypted-regex', '^(data|stringData)$']
  return {
    '.gitignore': '*.key*\n',
    '.sops.yaml': `# who reads what\ncreation_rules:\n  - path_regex: \\.shared\\.\n    age: ${old},${friend}\n  - age: >-\n      ${old}\n`,
    'README.md': 'x\n',
    'apps/a.sops.yaml': encryptAs('a.yaml', manifest('a'), '--age', old, ...values),
    'apps/b.shared.sops.yaml': encryptAs('b.yaml', manifest('b'), '--age', `${old},${friend}`, ...values),
    'apps/c.sops.json': encryptAs('c.json', `{"token": "${plantedValue}"}`, '--age', old),
    'apps/d.sops.env': encryptAs('d.env', `TOKEN=${plantedValue}\n`, '--age', old),
  }
}

/** Runs `use` in a repository with `files` (else `rotatingFiles`), which is pushed to an `origin`. */
export async function withRotatePlace(
  use: (place: RotatePlace) => Promise<void>,
  { old = makeKey(), friend = makeKey(), files = rotatingFiles(old.recipient, friend.recipient) } = {},
): Promise<void> {
  await withRepository(files, async (repository) => {
    const { root, directory, git } = repository
    const [temporary, bare] = [join(directory, 'temporary'), join(directory, 'origin.git')]
    mkdirSync(temporary)
    git('clone', '--quiet', '--bare', root, bare)
    git('remote', 'add', 'origin', bare)
    git('fetch', '--quiet', 'origin')
    git('branch', '--quiet', '--set-upstream-to=origin/main')
    await use(
      placeIn({ ...repository, env: { ...repository.env, TMPDIR: temporary } }, old, friend, {
        bare,
        temporary,
      }),
    )
  })
}

function placeIn(
  repository: TestRepository,
  old: Key,
  friend: Key,
  { bare, temporary }: { bare: string; temporary: string },
): RotatePlace {
  const { root, env } = repository
  const keyFile = join(root, 'age.key')
  writeFiles(root, { 'age.key': old.text })
  execFileSync('chmod', ['600', keyFile])
  const start: RotatePlace['start'] = (args = [], call = {}) =>
    startTask('sops:rotate', ['--no-cluster', ...args], { cwd: root, ...call, env: { ...env, ...call.env } })
  const rotate: RotatePlace['rotate'] = async (args, call) => {
    const ended = await start(args, call).ended
    assertNoLeak(
      [...(readIfThere(keyFile).match(/AGE-SECRET-KEY-\S+/g) ?? []), plantedValue],
      { stdout: ended.stdout, stderr: ended.stderr },
      temporary,
    )
    return ended
  }
  return {
    ...{ ...repository, old, friend, bare, temporary, start, rotate },
    async ended(code, args, call) {
      const ended = await rotate(args, call)
      assert.is(ended.code, code, `${args?.join(' ')}\n${ended.stdout}${ended.stderr}`)
      return ended
    },
    read: (file) => readFileSync(join(root, file), 'utf8'),
    write: (file, text) => writeFiles(root, { [file]: text }),
    atHand: () => execFileSync('age-keygen', ['-y', keyFile], { encoding: 'utf8' }).trim().split('\n'),
  }
}

/** What lies in the temporary directory of the runs. */
export function leftIn({ temporary }: Pick<RotatePlace, 'temporary'>): string[] {
  return readdirSync(temporary, { recursive: true, encoding: 'utf8' })
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
