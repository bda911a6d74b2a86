import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Sandbox } from '../../scripts/sandbox/sandbox.ts'
import { projectRoot } from '../helpers/documents.ts'
import { encrypt, key, secret } from '../helpers/flux/encrypted-objects.ts'
import { fluxKustomization } from '../helpers/flux/flux-objects.ts'
import { withFluxOn } from '../helpers/flux/sandbox.ts'
import { until } from '../helpers/processes.ts'
import { compare, type Pair } from './pairs.ts'

const entry = join(projectRoot, 'tasks', 'sops', 'verify.ts')

/** As many Kustomizations, and Secrets in them, as a large cluster has. */
const many = 250

/**
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
  }
  await withFluxOn(sandbox, files, async ({ clone, env: user }) => {
    const env = { ...user, PATH, SOPS_AGE_KEY: key.secret }
    const call = (...[program = '', ...args]: string[]) =>
      execFileSync(program, args, { cwd: clone, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const keySecret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'sops-age',
        namespace: 'flux-system',
        labels: { 'reconcile.fluxcd.io/watch': 'Enabled' },
      },
      stringData: { 'age.agekey': key.text },
    }
    await sandbox.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(keySecret))
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
    row(title, await compare(1, () => call(entry, '--existing'), byHand), '5 s, 0.20')
  })
}
