import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { exampleCluster } from '../files.ts'
import { encryptSecret, type Key, makeKey, sopsConfig } from '../keys.ts'
import { type Ended, runTask } from '../task.ts'
import { fluxKustomization, kustomizationOf } from './flux-objects.ts'
import { type Flux, type MadeSecret, putKeySecret, withFlux } from './sandbox.ts'

/** The key that the cluster has, and one to rotate to. */
export const old = makeKey()
export const fresh = makeKey()

/** The encrypted file that the Kustomization `apps` builds. */
export const secretFile = 'kubernetes/apps/x.enc.yaml'

/** Lines of `spec` that let a Kustomization decrypt. */
export const block = '  decryption: {provider: sops, secretRef: {name: sops-age}}\n'

export interface Applied extends Flux {
  /** Runs `flux:sops-key`, with a key file of these texts where there are some. */
  sopsKey(keys: string[], args?: string[], more?: Partial<Parameters<typeof runTask>[2]>): Promise<Ended>
  /** Makes the key Secret as somebody else would. */
  putSecret(made?: Partial<MadeSecret>): Promise<void>
  /** What the key Secret holds, by data key; `undefined` where there is none. */
  held(namespace?: string): Promise<Record<string, string> | undefined>
  /** Applies manifests. */
  apply(manifests: string): Promise<void>
}

/**
 * A repository whose Kustomization `apps` builds a file for the old key, applied with it. What the task prints is searched
 * for the private keys.
 * @param more files
 * @param keys what the cluster has
 */
export async function withApplied(
  more: Record<string, string>,
  use: (place: Applied) => Promise<void>,
  keys: readonly Key[] = [old],
): Promise<void> {
  const files = exampleCluster()
  files['.gitignore'] = 'keys/\n.age-key.txt\n'
  files['.sops.yaml'] = sopsConfig(old.recipient)
  files['kubernetes/flux-system/apps.yaml'] = fluxKustomization('apps', './kubernetes/apps', block)
  files['kubernetes/apps/kustomization.yaml'] = kustomizationOf('x.enc.yaml')
  files[secretFile] = encryptSecret(old.recipient)
  await withFlux({ ...files, ...more }, async (flux) => {
    const place = placeOf(flux)
    await place.putSecret({ data: { 'age.agekey': keys.map(({ secret }) => `${secret}\n`).join('') } })
    await flux.applied('apps', await flux.git('rev-parse', 'HEAD'))
    await use(place)
  })
}

/** What tests do in a repository that Flux follows. */
export function placeOf(flux: Flux): Applied {
  const { sandbox, clone, env, directory } = flux
  return {
    ...flux,
    async sopsKey(keys, args = [], more = {}) {
      const keyFile = join(directory, 'key.txt')
      writeFileSync(keyFile, `${keys.join('\n')}\n`, { mode: 0o600 })
      const named = keys.length > 0 ? ['--key-file', keyFile] : []
      const ended = await runTask('flux:sops-key', [...named, ...args], { cwd: clone, env, ...more })
      for (const { secret } of [old, fresh])
        for (const text of [secret, Buffer.from(`${secret}\n`).toString('base64')])
          assert.not.match(ended.stdout + ended.stderr, text)
      return ended
    },
    putSecret: (made) => putKeySecret(sandbox, { data: { 'age.agekey': `${old.secret}\n` }, ...made }),
    async held(namespace = 'flux-system') {
      const args = ['get', 'secret', 'sops-age', '-n', namespace, '-o', 'json', '--ignore-not-found']
      const text = await sandbox.kubectl(args)
      if (text.trim() === '') return undefined
      const entries = Object.entries<string>(JSON.parse(text).data ?? {})
      return Object.fromEntries(
        entries.map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]),
      )
    },
    async apply(manifests) {
      await sandbox.kubectl(['apply', '--server-side', '-f', '-'], manifests)
    },
  }
}
