import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import * as assert from 'uvu/assert'
import { leftovers } from '../../runner/leftovers.ts'
import { exampleCluster } from '../files.ts'
import { type Key, makeKey, sopsConfig } from '../keys.ts'
import type { Ended, Started } from '../program.ts'
import { type Call, startTask } from '../task.ts'
import { type Flux, withFlux } from './sandbox.ts'

const execute = promisify(execFile)

export const infrastructure = 'kubernetes/flux-system/infrastructure.yaml'
export const createMessage = 'feat(flux): add sops-test encrypted secret'
export const removeMessage = 'chore(flux): remove sops-test after verification'
/** What gives a Kustomization its key. */
export const block = '  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n'

/** What `sops:verify` encrypts begins so, in the clear and in base64: neither may be seen anywhere. */
const plaintexts = ['SOPS decryption works', Buffer.from('SOPS decryption works').toString('base64')]

/** `cleanedUp` of a run that leaves nothing. */
export const clean = { branch: true, cluster: true }

export interface VerifyCall extends Partial<Call> {
  /** What to do when the line of a stage appears. */
  at?: Readonly<Record<string, (pid: number) => unknown>>
}

export interface Verified extends Ended {
  /** Of a run with `--json`. */
  json: {
    task: string
    result: string
    context: string
    kustomization: string
    revision?: string
    secret?: string
    stages: { name: string; status: string; seconds: number; detail: string }[]
    findings: { code: string; object: string; message: string; fix: string }[]
    doctor: { code: string; object?: string; file?: string; line?: number; message: string; fix: string }[]
    cleanedUp: { branch: boolean | 'unknown'; cluster: boolean | 'unknown' }
  }
}

/** A repository like examples/cluster with decryption, applied by the shared Flux, whose key is in the cluster. */
export interface Place extends Flux {
  key: Key
  /** The temporary directory of the user's programs. */
  temporary: string
  /** Starts `sops:verify`. `leftovers`: do not look for what it left. */
  start(args?: readonly string[], call?: VerifyCall): Started
  /** Runs it to its end with `--json`, searches what it printed for secrets, and the machine for what it left. */
  verify(args?: readonly string[], call?: VerifyCall): Promise<Verified>
  /** Throws where the run printed a secret. */
  checkOutput(ended: Ended): void
  /** Throws where a process, a temporary file or a worktree of the user is left. */
  checkLeftovers(): Promise<void>
  /** The commit that the branch on the server is at. */
  tip(): Promise<string>
  /** The subjects on the server's branch since a commit, oldest first. */
  subjects(since: string): Promise<string[]>
  /** Git in the bare repository. */
  server(...args: string[]): Promise<string>
  putKey(data: Readonly<Record<string, string>>): Promise<void>
  kubectl(args: readonly string[], input?: string): Promise<string>
  /** Merges something into an object of flux-system, as a controller or a user would. */
  patch(object: string, patch: unknown): Promise<void>
  /** Makes a hook of the clone. `$DIRECTORY` is a directory for its notes. */
  hook(name: string, script: string): void
  /** Makes a hook of the server. */
  serverHook(name: string, script: string): void
}

/** @param files are added to those of examples/cluster; `on`: a sandbox of one's own in place of a lent one */
export async function withPlace<T>(
  use: (place: Place) => Promise<T>,
  files: (cluster: Record<string, string>) => Record<string, string> = () => ({}),
  on: (files: Readonly<Record<string, string>>, use: (flux: Flux) => Promise<T>) => Promise<T> = withFlux,
): Promise<T> {
  const key = makeKey()
  const cluster = exampleCluster()
  cluster['.sops.yaml'] = sopsConfig(key.recipient)
  cluster[infrastructure] += block
  return on({ ...cluster, ...files(cluster) }, async (flux) => {
    const place = makePlace(flux, key)
    writeFileSync(join(flux.clone, '.age-key.txt'), key.text)
    await place.putKey({ 'age.agekey': key.secret })
    await waitForInfrastructure(place)
    return use(place)
  })
}

/** Waits for Flux to have applied everything. The requeue of a dependency, which takes 2 s, is not waited for. */
async function waitForInfrastructure({ kubectl, tip }: Place): Promise<void> {
  const wait = (name: string, condition: string) =>
    kubectl(['wait', '-n', 'flux-system', `kustomization/${name}`, `--for=${condition}`, '--timeout=120s'])
  await wait('flux-system', 'condition=Ready')
  const now = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`
  await kubectl(['annotate', '-n', 'flux-system', 'kustomization/infrastructure', now])
  await wait('infrastructure', `jsonpath={.status.lastAppliedRevision}=main@sha1:${await tip()}`)
}

function makePlace(flux: Flux, key: Key): Place {
  const { sandbox, directory, clone, bare } = flux
  const temporary = join(directory, 'tmp')
  mkdirSync(temporary)
  const env = { ...flux.env, TMPDIR: temporary }
  const { kubectl } = sandbox
  const server = async (...args: string[]) =>
    (await execute('git', args, { cwd: bare, env })).stdout.replace(/\n$/, '')
  const writeHook = (file: string, script: string) => {
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, `#!/bin/sh\nDIRECTORY='${directory}'\n${script}\n`)
    chmodSync(file, 0o755)
  }
  const place: Place = {
    ...flux,
    env,
    key,
    temporary,
    kubectl,
    server,
    start(args = [], { at = {}, ...call } = {}) {
      const timeout = args.includes('--timeout') ? [] : ['--timeout', '120s']
      const started = startTask('sops:verify', [...timeout, ...args], { cwd: clone, env, ...call })
      for (const input of [started.child.stdout!, started.child.stderr!]) {
        createInterface({ input }).on('line', (line) => {
          const [, stage] = /^[✓✗] (\S+)/u.exec(line) ?? []
          if (stage) at[stage]?.(started.child.pid!)
        })
      }
      return started
    },
    async verify(args = [], call) {
      const ended = await place.start(['--json', ...args], call).ended
      place.checkOutput(ended)
      await place.checkLeftovers()
      return { ...ended, json: JSON.parse(ended.stdout) }
    },
    checkOutput({ stdout, stderr }) {
      const output = stdout + stderr
      for (const secret of [key.secret, Buffer.from(key.secret).toString('base64'), ...plaintexts])
        assert.not(output.includes(secret), `a secret was printed:\n${output}`)
      assert.not.match(output, 'internal error')
    },
    async checkLeftovers() {
      assert.equal(
        leftovers(-1, directory).map(({ command }) => command),
        [],
      )
      const files = readdirSync(temporary).filter((name) => name !== 'node-compile-cache')
      assert.equal(files, [])
      assert.is((await flux.git('worktree', 'list')).split('\n').length, 1)
    },
    tip: () => server('rev-parse', 'main'),
    subjects: async (since) =>
      (await server('log', '--reverse', '--format=%s', `${since}..main`)).split('\n').filter(Boolean),
    async putKey(data) {
      const metadata = { name: 'sops-age', namespace: 'flux-system' }
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: data }
      await kubectl(['replace', '--force', '-f', '-'], JSON.stringify(secret))
    },
    async patch(object, patch) {
      await kubectl(['patch', '-n', 'flux-system', object, '--type=merge', '-p', JSON.stringify(patch)])
    },
    hook: (name, script) => writeHook(join(clone, '.git', 'hooks', name), script),
    serverHook: (name, script) => writeHook(join(bare, 'hooks', name), script),
  }
  return place
}
