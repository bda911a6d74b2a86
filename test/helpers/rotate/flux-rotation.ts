import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Flux, SandboxAccess } from '../flux/sandbox.ts'
import { withFlux, withFluxOn } from '../flux/sandbox.ts'
import { type Key, makeKey } from '../keys.ts'
import { type Call, type Ended, runTask } from '../task.ts'
import { failuresDuring, secretIn, withCluster } from './clusters.ts'
import { assertUnsaid, keysIn } from './identities.ts'

/** A repository that Flux follows, whose user has the key file `.age-key.txt`. */
export interface FluxRotation extends Flux {
  /** Runs `sops:rotate` and asserts its exit code. What it prints is searched for every identity of the key file. */
  rotate(code: number, args: readonly string[], call?: Partial<Call>): Promise<Ended>
  /** The keys of the key file, in their order: what a rotation makes comes last. */
  keys(): Key[]
  /** What a file of the clone is. */
  text(file: string): string
  /** The first lines of the last commits of HEAD, the newest first. */
  subjects(count: number): Promise<string[]>
  /** Applies manifests as somebody who has nothing to do with a rotation. */
  apply(...manifests: string[]): Promise<void>
  /** Runs `use`. @returns the Kustomizations that were seen with Ready=False meanwhile */
  failures(use: () => Promise<void>): Promise<string[]>
}

/** What a key Secret of the cluster has at a data key. */
export async function heldIn(
  sandbox: SandboxAccess,
  id: string,
  dataKey = 'age.agekey',
): Promise<string | undefined> {
  const [namespace, name = ''] = id.split('/')
  return (await secretIn(sandbox, name, namespace)).data[dataKey]
}

/** What SOPS decrypts a file to, with one key. */
export function openedWith(
  { clone, env }: Pick<Flux, 'clone' | 'env'>,
  { secret }: Key,
  file: string,
): string {
  return execFileSync('sops', ['decrypt', file], {
    cwd: clone,
    env: { ...env, SOPS_AGE_KEY: secret },
    encoding: 'utf8',
    stdio: 'pipe',
  })
}

/** Whether one key opens a file. */
export function opens(place: Pick<Flux, 'clone' | 'env'>, key: Key, file: string): boolean {
  try {
    openedWith(place, key, file)
    return true
  } catch {
    return false
  }
}

/** Runs `use` with `files` on this sandbox, else on a lent one, and a key file of these keys. */
export async function withFluxRotation(
  keys: readonly Key[],
  files: Readonly<Record<string, string>>,
  use: (place: FluxRotation) => Promise<void>,
  sandbox?: SandboxAccess,
): Promise<void> {
  const all = { '.gitignore': '.age-key.txt\n', ...files }
  const run = async (flux: Flux) => {
    const keyFile = join(flux.clone, '.age-key.txt')
    writeFileSync(keyFile, keys.map(({ text }) => text).join(''), { mode: 0o600 })
    await use(rotationOf(flux))
  }
  await (sandbox ? withFluxOn(sandbox, all, run) : withFlux(all, run))
}

/** What tests do with the clone of a user. */
export function rotationOf(flux: Flux): FluxRotation {
  const { sandbox, clone, env, git } = flux
  const text = (file: string) => readFileSync(join(clone, file), 'utf8')
  const keys = () => keysIn(text('.age-key.txt'))
  return {
    ...flux,
    text,
    keys,
    async rotate(code, args, call = {}) {
      const ended = await runTask('sops:rotate', args, { cwd: clone, env, ...call })
      const said = `${ended.stdout}${ended.stderr}`
      assertUnsaid(keys(), said)
      assert.is(ended.code, code, said)
      return ended
    },
    subjects: async (count) => (await git('log', `--max-count=${count}`, '--format=%s')).split('\n'),
    async apply(...manifests) {
      await sandbox.kubectl(['apply', '--server-side', '-f', '-'], manifests.join('---\n'))
    },
    failures: (use) => withCluster(flux, ({ cluster }) => failuresDuring(cluster, use)),
  }
}

/** A key Secret as text, in the clear. @param data in the clear as well */
export function plainKeySecret(
  name: string,
  data: Readonly<Record<string, string>>,
  { namespace = 'flux-system', base64 = false, metadata = {} as object } = {},
): string {
  const values = Object.entries(data).map(([key, value]) => [
    key,
    base64 ? Buffer.from(value).toString('base64') : value,
  ])
  return `${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, ...metadata },
    [base64 ? 'data' : 'stringData']: Object.fromEntries(values),
  })}\n`
}

/** Lines of `spec` that let a Kustomization decrypt, and try again soon where it could not. */
export const decrypting = (secret = 'sops-age') =>
  `  decryption: {provider: sops, secretRef: {name: ${secret}}}\n  retryInterval: 2s\n`

/** A key that goes. */
export const leaving = makeKey()
