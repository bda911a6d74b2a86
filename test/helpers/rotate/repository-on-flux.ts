import { putKeySecret, watched, withNamespaces } from '../flux/sandbox.ts'
import { type Key, makeKey } from '../keys.ts'
import { until } from '../processes.ts'
import { decryptedBySops } from '../sops/with-key.ts'
import { secretIn } from './clusters.ts'
import { type FluxRotation, withFluxRotation } from './flux-rotation.ts'
import { keysIn } from './identities.ts'
import { type KeyRepository, openKeyRepository } from './key-repository.ts'

/** What of an object the tests read. */
export interface FoundObject {
  metadata: { name: string; resourceVersion: string }
  /** Of a Secret. */
  data?: Record<string, string>
  /** Of a Kustomization. */
  status?: { lastAppliedRevision?: string; conditions?: { type: string; status: string }[] }
}

/** A repository on Flux whose age key is rotated. */
export interface RotatedRepository extends Omit<FluxRotation, 'rotate'>, KeyRepository {
  /** Pushes the branch as somebody does whom `sops:rotate` tells to. @returns the commit */
  pushHead(): Promise<string>
  /** The objects that `kubectl get` finds. */
  get(...args: string[]): Promise<FoundObject[]>
  /** Waits until a Kustomization says that it is ready at this commit. */
  readyAt(name: string, commit: string, namespace?: string): Promise<void>
  /** Which of these files of HEAD the real sops opens with this key and no other. */
  openedAtHead(files: readonly string[], key: Key): Promise<string[]>
  /** Whether the key Secret holds these keys, the old one first, and no others. */
  holds(keys: readonly Key[], namespace?: string): Promise<boolean>
}

/** How the repository is set up. */
export interface RotationSetUp {
  /** The files that are committed first. @param recipient of the key that goes */
  files(recipient: string): Readonly<Record<string, string>>
  /** The namespaces with a key Secret `sops-age`. */
  namespaces?: readonly string[]
  /** Kustomizations that are ready before `use` begins. */
  users: readonly (readonly [name: string, namespace?: string])[]
}

/** Runs `use` with a repository that Flux has applied. */
export async function withRotation(
  { files, namespaces = ['flux-system'], users }: RotationSetUp,
  use: (repository: RotatedRepository) => Promise<void>,
): Promise<void> {
  const old = makeKey()
  await withFluxRotation(
    [old],
    {
      'kubernetes/flux-system/kustomization.yaml': 'resources: []\n',
      ...files(old.recipient),
    },
    async (flux) => {
      const others = namespaces.filter((name) => name !== 'flux-system')
      await withNamespaces(flux.sandbox, others, async () => {
        for (const namespace of namespaces)
          await putKeySecret(flux.sandbox, { namespace, data: { 'age.agekey': old.text }, metadata: watched })
        const repository = openRepository(flux, old)
        const commit = await flux.git('rev-parse', 'HEAD')
        for (const [name, namespace] of users) await repository.readyAt(name, commit, namespace)
        await use(repository)
      })
    },
  )
}

/** Whether a Kustomization says that it is ready. */
export function readyOf({ status }: FoundObject): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status
}

function openRepository(flux: FluxRotation, old: Key): RotatedRepository {
  const { git, sandbox } = flux
  const get = async (...args: string[]): Promise<FoundObject[]> =>
    JSON.parse(await sandbox.kubectl(['get', ...args, '-o', 'json'])).items
  return {
    ...flux,
    ...openKeyRepository({ root: flux.clone, env: flux.env }, old),
    get,
    async pushHead() {
      await git('pull', '--quiet', '--rebase')
      await git('push', '--quiet')
      return git('rev-parse', 'HEAD')
    },
    async readyAt(name, commit, namespace = 'flux-system') {
      await until(`${namespace}/${name} is ready at ${commit}`, async () => {
        const field = `metadata.name=${name}`
        const [found] = await get('kustomizations', '-n', namespace, '--field-selector', field)
        return found?.status?.lastAppliedRevision?.endsWith(commit) && readyOf(found) === 'True'
      })
    },
    async openedAtHead(files, key) {
      const texts = files.map(async (file) => [file, `${await git('show', `HEAD:${file}`)}\n`])
      return decryptedBySops(Object.fromEntries(await Promise.all(texts)), [key])
    },
    async holds(keys, namespace) {
      const { data } = await secretIn(sandbox, 'sops-age', namespace)
      const held = keysIn(Object.values(data).join('\n'))
      return (
        JSON.stringify(held.map(({ secret }) => secret)) === JSON.stringify(keys.map(({ secret }) => secret))
      )
    },
  }
}
