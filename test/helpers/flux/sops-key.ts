import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readFiles, withDirectory, writeFiles } from '../files.ts'
import { encryptSecret, makeKey, sopsConfig } from '../keys.ts'
import { type Call, type Ended, runTask } from '../task.ts'
import { userEnvironment } from '../user.ts'
import { type SandboxAccess, withSandbox } from './sandbox.ts'

/** What a user runs. */
export const entry = join(import.meta.dirname, '..', '..', '..', 'tasks', 'flux', 'sops-key.ts')

/** The key in `.age-key.txt`, and one to rotate to. */
export const oldKey = makeKey()
export const newKey = makeKey()

export interface Place {
  sandbox: SandboxAccess
  namespace: string
  /** The user's repository: `.age-key.txt` with the old key, `.sops.yaml`, one encrypted file. */
  root: string
  env: NodeJS.ProcessEnv
  sopsKey(args?: string[], call?: Partial<Call>): Promise<Ended>
  secret(): Promise<{
    type: string
    data: Record<string, string>
    metadata: Record<string, Record<string, string>> & { resourceVersion: string; uid: string }
  }>
  kubectl(args: string[], input?: string): Promise<string>
}

/** A namespace of its own and a repository. What every call printed is searched for the private keys. */
export async function withPlace(use: (place: Place) => Promise<void>): Promise<void> {
  await withSandbox((sandbox) =>
    withDirectory(async (directory) => {
      const namespace = `sops-key-${randomBytes(4).toString('hex')}`
      const env = userEnvironment(directory, { KUBECONFIG: sandbox.kubeconfig })
      const root = join(directory, 'repository')
      mkdirSync(root)
      writeFiles(root, {
        '.gitignore': '.age-key.txt\nnew.txt\n',
        '.age-key.txt': oldKey.text,
        '.sops.yaml': sopsConfig(oldKey.recipient),
        'apps/x.enc.yaml': encryptSecret(oldKey.recipient),
      })
      chmodSync(join(root, '.age-key.txt'), 0o600)
      execFileSync('git', ['init', '--quiet', root], { env })
      await sandbox.kubectl(['create', 'namespace', namespace])
      const kubectl = (args: string[], input?: string) => sandbox.kubectl([...args, '-n', namespace], input)
      try {
        await use({
          sandbox,
          namespace,
          root,
          env,
          kubectl,
          async sopsKey(args = [], call = {}) {
            const before = readFiles(root)
            const ended = await runTask('flux:sops-key', ['--namespace', namespace, ...args], {
              cwd: root,
              env,
              ...call,
            })
            assert.equal(readFiles(root), before)
            for (const secret of [
              oldKey.secret,
              newKey.secret,
              Buffer.from(`${oldKey.secret}\n`).toString('base64'),
            ]) {
              assert.not.match(`${ended.stdout}${ended.stderr}`, secret)
            }
            return ended
          },
          secret: async () => JSON.parse(await kubectl(['get', 'secret', 'sops-age', '-o', 'json'])),
        })
      } finally {
        await sandbox.kubectl(['delete', 'secrets', '--all', '--all-namespaces'])
      }
    }),
  )
}

/** A value of a Secret's `data`. */
export const decode = (value: string | undefined) => Buffer.from(value ?? '', 'base64').toString()
