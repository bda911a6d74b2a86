import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Sandbox } from '../../scripts/sandbox/sandbox.ts'
import { projectRoot } from '../helpers/documents.ts'
import { writeFiles } from '../helpers/files.ts'
import { encrypt, key, secret } from '../helpers/flux/encrypted-objects.ts'
import { fluxKustomization } from '../helpers/flux/flux-objects.ts'
import { putKeySecret, watched, withFluxOn } from '../helpers/flux/sandbox.ts'
import { makeKey } from '../helpers/keys.ts'
import { until } from '../helpers/processes.ts'
import { compare, type Pair } from './pairs.ts'

const execute = promisify(execFile)

const entry = (name: string) => join(projectRoot, 'tasks', `${name}.ts`)

/** As many Kustomizations, and Secrets in them, as a large cluster has. */
const many = 250

/**
 * `flux:doctor` and `sops:rotate --status` beside what only lists the same, first while all is well and then while all fails; and
 * `sops:verify --existing` as mise starts it, beside `sops decrypt` and `kubectl get` for each Secret.
 * @param PATH with sops and kubectl
 */
export async function benchExisting(
  sandbox: Sandbox,
  PATH: string,
  row: (title: string, pair: Pair, target: string) => void,
): Promise<void> {
  const names = Array.from({ length: many }, (_, index) => `s${index}`)
  const block = '  decryption: {provider: sops, secretRef: {name: sops-age}}\n'
  const kustomizations = names.map((name) => fluxKustomization(name, `./${name}`, block)).join('---\n')
  const text = encrypt(secret('NAME'))
  const files = {
    'kubernetes/flux-system/all.yaml': kustomizations,
    // Flux verifies no MAC, and the name is plain
    ...Object.fromEntries(names.map((name) => [`${name}/s.enc.yaml`, text.replace('NAME', name)])),
    ...Object.fromEntries(names.map((name) => [`others/${name}.enc.yaml`, text.replace('NAME', name)])),
  }
  await withFluxOn(sandbox, files, async ({ clone, env: user, directory }) => {
    const env = { ...user, PATH, SOPS_AGE_KEY: key.secret }
    const call = (...[program = '', ...args]: string[]) =>
      execFileSync(program, args, {
        cwd: clone,
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 64 * 1024 * 1024,
      })
    await putKeySecret(sandbox, { data: { 'age.agekey': key.text }, metadata: watched })
    await until(
      'all are applied',
      async () => call('kubectl', 'get', 'secrets', '-n', 'default', '-o', 'name').split('\n').length > many,
    )
    await until('all have said so', async () => {
      const revisions = '{range .items[*]}{.status.lastAppliedRevision}{"\\n"}{end}'
      const path = `jsonpath=${revisions}`
      const applied = call('kubectl', 'get', 'kustomizations', '-n', 'flux-system', '-o', path)
      return applied.split('\n').filter(Boolean).length > many
    })
    const byHand = () => {
      for (const name of names) {
        const file = `${name}/s.enc.yaml`
        call('sops', 'decrypt', '--ignore-mac', '--extract', '["stringData"]["token"]', file)
        call('kubectl', 'get', 'secret', name, '-n', 'default', '-o', 'jsonpath={.data.token}')
      }
    }
    const title = `sops:verify --existing, ${many} / by hand`
    row(title, await compare(1, () => call(entry('sops/verify'), '--existing'), byHand), '5 s, 0.20')

    const next = makeKey()
    writeFiles(directory, { 'next.txt': `${next.secret}\n` })
    chmodSync(join(directory, 'next.txt'), 0o600)
    call(entry('sops/rotate'), '--new-key', join(directory, 'next.txt'), '--to', 'share')
    // the git server of the sandbox answers in this process
    const status = async () => {
      const withBoth = { ...env, SOPS_AGE_KEY: `${key.secret}\n${next.secret}` }
      const ended = execute(entry('sops/rotate'), ['--status', '--json'], { cwd: clone, env: withBoth })
      const { code } = (await ended.catch((error: { code?: number }) => error)) as { code?: number }
      if (code !== 1) throw new Error(`sops:rotate has ended with ${code}`)
    }
    const get = () => call('kubectl', 'get', 'kustomizations,secrets', '-A', '-o', 'json')
    row(`sops:rotate --status, ${2 * many} files / kubectl get`, await compare(3, status, get), '1 s')
    call('git', 'checkout', '--quiet', '.')
    const doctor = (answer: 0 | 1) => () => {
      const { status } = spawnSync(entry('flux/doctor'), ['--json'], { cwd: clone, env, stdio: 'ignore' })
      if (status !== answer) throw new Error(`flux:doctor has ended with ${status}`)
    }
    row(`flux:doctor, ${many} Kustomizations / kubectl get`, await compare(3, doctor(0), get), '3 s')
    await putKeySecret(sandbox, { data: { 'age.agekey': makeKey().text }, metadata: watched })
    await until('all fail', async () => {
      const path = 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
      const ready = call('kubectl', 'get', 'kustomizations', '-n', 'flux-system', '-o', path)
      return ready.split('\n').filter((one) => one === 'False').length >= many
    })
    row('… all of which fail / kubectl get', await compare(3, doctor(1), get), '3 s')
  })
}
